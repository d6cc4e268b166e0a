"""What a server is started with, as a value: the trial makes it, and each kind of environment carries it out.

The placeholders are filled where the server runs: a socket's path in a container is the container's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import msgspec

from harness.model.addresses import Address, Tcp, Unix

PORT, SOCKET, DESCRIPTOR = "{port}", "{socket}", "{fd}"
INHERITED = 3  # the number of the descriptor that a program on Linux inherits, as systemd hands it over


def with_port(address: Address, port: int) -> Address:
    """Return an address, with this port where the address is a TCP port that is not named."""
    if isinstance(address, Tcp) and address.port is None:
        return msgspec.structs.replace(address, port=port)
    return address


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """How one server is started.

    Attributes:
        program: ``python`` or a console script such as ``uvicorn``.
        arguments: the program's arguments; ``{port}``, ``{socket}`` and ``{fd}`` stand for what is filled in.
        folder: the trial's folder, where the applications lie; what the server needs is made below it.
        mark: the mark that all processes of the server carry.
        port: the port that was leased for the server.
        at: where the client reaches the server.
        variables: environment variables beside those of the environment; placeholders are filled in here too.
        stdin: what the program reads from its standard input until the end of the file; None: from the null device.
        console: give the program a terminal as standard input.

    """

    program: str
    arguments: tuple[str, ...]
    folder: Path
    mark: str
    port: int
    at: Address = Tcp()
    variables: dict[str, str] = {}
    stdin: bytes | None = None
    console: bool = False

    @property
    def address(self) -> Address:
        """Where the client reaches the server, with the leased port where no other one is named."""
        return with_port(self.at, self.port)

    @property
    def socket(self) -> Unix:
        """The Unix socket that ``{socket}`` stands for."""
        return Unix() if isinstance(self.at, Tcp) else self.at

    @property
    def inherits(self) -> bool:
        """Whether the program inherits a descriptor that listens where the client reaches the server."""
        return self._says(DESCRIPTOR)

    @property
    def has_socket(self) -> bool:
        """Whether a Unix socket is used."""
        return not isinstance(self.at, Tcp) or self._says(SOCKET)

    def _says(self, placeholder: str) -> bool:
        return any(placeholder in text for text in (*self.arguments, *self.variables.values()))

    def on(self, port: int) -> Self:
        """Return the launch on a port that was leased for it, which the mark of its processes names too."""
        return msgspec.structs.replace(self, port=port, mark=f"{self.mark}/{port}")

    def filled(self, *, socket: str, descriptor: int | None) -> Self:
        """Return the launch without placeholders.

        Args:
            socket: the path of the Unix socket, where the server runs.
            descriptor: the number of the descriptor that the program inherits.

        """
        values = {PORT: str(self.port), SOCKET: socket, DESCRIPTOR: str(descriptor)}

        def fill(text: str) -> str:
            for placeholder, value in values.items():
                text = text.replace(placeholder, value)
            return text

        return msgspec.structs.replace(
            self,
            arguments=tuple(map(fill, self.arguments)),
            variables={name: fill(value) for name, value in self.variables.items()},
        )
