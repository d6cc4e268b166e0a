"""Where a server listens, as a scenario names the place; the trial turns the place into what a client can reach.

A server in a container listens at the same place inside of the container.
"""

from __future__ import annotations

import msgspec


class Tcp(msgspec.Struct, frozen=True, kw_only=True):
    """A TCP port on a loopback address; ``port`` is None for the port that the trial has leased for the server."""

    host: str = "127.0.0.1"
    port: int | None = None

    def __str__(self) -> str:
        """Return the address as a server's log has it, ``{port}`` standing for the leased port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{'{port}' if self.port is None else self.port}"


class Unix(msgspec.Struct, frozen=True, kw_only=True):
    """A Unix socket; ``{socket}`` in the arguments of a server stands for the path of the one called ``socket``."""

    name: str = "socket"

    def __str__(self) -> str:
        """Return the socket's name."""
        return f"unix:{self.name}"


Address = Tcp | Unix
SocketAddress = tuple[str, int] | str
"""Where a client connects to: a host and a port, or the path of a Unix socket."""


class Log(msgspec.Struct, frozen=True):
    """Readiness by a line of the log that holds ``text``."""

    text: str
