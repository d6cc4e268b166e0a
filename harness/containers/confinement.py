"""How a server's container is confined, and what of its network and its files this machine shares with it."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.addresses import Tcp
from harness.processes import sockets

if TYPE_CHECKING:
    from harness.model.addresses import Address, SocketAddress
    from harness.processes.launch import Launch

PUBLISHED = 31_999  # the port in the container; outside the leased ports and the system's ephemeral ports
SPARES = (31_996, 31_997, 31_998)  # likewise, for further addresses of the server
SOCKETS = Path("/tmp")  # noqa: S108 - the container's own
_NOBODY = "65534:65534"
_TMPFS = {str(SOCKETS): "rw,nosuid,nodev,size=256m,mode=1777"}


@functools.cache
def first_program() -> str:
    """Return the text of the program that is the first process of a container."""
    return Path(__file__).with_name("init.py").read_text(encoding="utf-8")


def address_in(address: Address) -> SocketAddress:
    """Return an address of the server inside of the container, where Unix sockets lie in the temporary folder."""
    return sockets.checked(address) if isinstance(address, Tcp) else sockets.path_in(SOCKETS, address)


def settings_of(launch: Launch) -> dict[str, object]:
    """Return the settings that confine a server's container.

    Packets live for one hop: they reach this machine and nothing beyond, whatever the engine forwards. Engines switch
    IPv6 off in containers; it is switched on for the container's loopback alone, where the server is reached by it, or
    by ``localhost``, which names both loopbacks: a server that listens there listens on both, or ends.
    """
    from docker.types import Mount  # noqa: PLC0415 - see `harness.containers.engine.connect`

    own, folder = f"{os.getuid()}:{os.getgid()}", str(launch.folder)
    has_ipv6 = isinstance(launch.at, Tcp) and (":" in launch.at.host or launch.at.host == "localhost")
    return {
        "user": _NOBODY if os.getuid() == 0 else own,
        "stdin_open": True,
        "ports": [PUBLISHED, *SPARES],
        "port_bindings": {PUBLISHED: ("127.0.0.1", launch.port), **dict.fromkeys(SPARES, ("127.0.0.1", None))},
        "mounts": [Mount(target=folder, source=folder, type="bind", read_only=True)],
        "read_only": True,
        "tmpfs": _TMPFS,
        "cap_drop": ["ALL"],
        "sysctls": {"net.ipv4.ip_default_ttl": "1", **({"net.ipv6.conf.lo.disable_ipv6": "0"} if has_ipv6 else {})},
    }
