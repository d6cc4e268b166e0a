"""The TCP ports on which processes of this machine listen."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable


def ports_of(pids: Iterable[int]) -> tuple[int, ...]:
    """Return the ports on which any of the processes listens now, in order; a process that has ended has none."""
    found = set[int]()
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            connections = psutil.Process(pid).net_connections("tcp")
            found.update(one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN)
    return tuple(sorted(found))
