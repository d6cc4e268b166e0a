"""The sockets of a server on this machine: where a client reaches them, and one that a program inherits.

A trial talks to this machine's loopback and to Unix sockets in its own folder, and to nothing else.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.model.addresses import Tcp, Unix

if TYPE_CHECKING:
    from harness.model.addresses import Address, SocketAddress

LOOPBACK = "127.0.0.1"
MOST_OF_PATH = 103 if sys.platform == "darwin" else 107  # bytes, https://man7.org/linux/man-pages/man7/unix.7.html
_ACCEPTED_S = 2.0
_BACKLOG = 128


def on_machine(address: Address, folder: Path) -> SocketAddress:
    """Return where a client reaches an address; Unix sockets lie in the folder.

    Raises:
        HarnessError: the address is not on this machine's loopback, or a Unix socket cannot have that name or path.

    """
    if isinstance(address, Tcp):
        return checked(address)
    path = path_in(folder, address)
    if len(os.fsencode(path)) > MOST_OF_PATH:
        raise HarnessError(f"the path of a Unix socket has at most {MOST_OF_PATH} bytes, {path} has more")
    return path


def path_in(folder: Path, address: Unix) -> str:
    """Return the path of a Unix socket in a folder; raises `HarnessError` for a name that leads elsewhere."""
    if address.name in {"", ".", ".."} or not {"/", "\\", "\0"}.isdisjoint(address.name):
        raise HarnessError(f"{address.name!r} is no name of a Unix socket, which lies in the trial's folder")
    return str(folder / address.name)


def checked(address: Tcp) -> tuple[str, int]:
    """Return host and port of an address on loopback; raises `HarnessError` for any other host."""
    is_loopback = address.host == "localhost"
    with contextlib.suppress(ValueError):
        is_loopback = is_loopback or ipaddress.ip_address(address.host).is_loopback
    if not is_loopback or address.port is None:
        raise HarnessError(f"{address} is no address on loopback; a trial reaches nothing else")
    return address.host, address.port


def family_of(address: SocketAddress) -> socket.AddressFamily:
    """Return the family of the sockets that connect to an address."""
    if isinstance(address, str):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def accepts(address: SocketAddress) -> bool:
    """Whether a connection is accepted; the connection ends at once."""
    with socket.socket(family_of(address)) as knocking:
        knocking.settimeout(_ACCEPTED_S)
        try:
            knocking.connect(address)
        except OSError:
            return False
    return True


def listener(address: SocketAddress) -> socket.socket:
    """Return a listening socket; a Unix socket that an earlier server has left at the path makes room for it.

    Raises:
        HarnessError: nobody can listen there.

    """
    made = socket.socket(family_of(address))
    try:
        if sys.platform != "win32":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if isinstance(address, str) and (path := Path(address)).is_socket():
            path.unlink()
        made.bind(address)
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        raise HarnessError(f"no descriptor can be made that listens on {address}: {error.strerror}") from None
    return made
