"""Ports on loopback, each leased to one trial at a time across all runs of a user.

A lease is a lock on a file that is named by the port. The system releases the lock when its holder dies. So no run
takes a port that another run has leased, whatever caches the two use. The range lies below the ephemeral ports of Linux
(32768) and Windows (49152), from which outgoing connections take theirs. Each lease tries the next port of the range.
"""

from __future__ import annotations

import errno
import itertools
import random
import socket
import threading
from typing import TYPE_CHECKING, Self

import filelock
import platformdirs

from harness.client.client import LOOPBACK
from harness.errors import EnvironmentFailedError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

LEASES = platformdirs.user_cache_path("harness", appauthor=False) / "ports"
LOOPBACK_6 = "::1"
RANGE = range(20_000, 30_000)


class Ports:
    """Leases ports; one instance a run."""

    def __init__(self, folder: Path) -> None:
        """Keep the lock files in this folder, the same for all runs of a user."""
        self._folder = folder
        start = random.SystemRandom().randrange(len(RANGE))
        self._next = itertools.count(start)
        self._lock = threading.Lock()

    def lease(self) -> Lease:
        """Lease a port on which no program listens, by IPv4 or IPv6, and which no run has leased.

        Raises:
            EnvironmentFailedError: every port of the range is taken.

        """
        self._folder.mkdir(parents=True, exist_ok=True)
        for _ in RANGE:
            with self._lock:
                port = RANGE[next(self._next) % len(RANGE)]
            lock = filelock.FileLock(self._folder / f"{port}.lock", thread_local=False)
            try:
                lock.acquire(blocking=False)
            except (filelock.Timeout, PermissionError):  # another run has the port, or another user the file
                continue
            lease = Lease(port, lock)
            try:
                if _is_free(port):
                    return lease
            except BaseException:
                lease.release()
                raise
            lease.release()
        message = f"no free port on {LOOPBACK} from {RANGE.start} to {RANGE.stop - 1}; end what holds them"
        raise EnvironmentFailedError(message)


class Lease:
    """One leased port, until `release` is called or the context is left."""

    def __init__(self, port: int, lock: filelock.BaseFileLock) -> None:
        """Hold the lock of the port."""
        self.port = port
        self._lock = lock

    def __enter__(self) -> Self:
        """Use as a context."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release."""
        self.release()

    def release(self) -> None:
        """Let others have the port."""
        self._lock.release()


def _is_free(port: int) -> bool:
    """Whether nothing listens on the port of either loopback address; an address that is not there is free."""
    return all(map(_can_bind, (LOOPBACK, LOOPBACK_6), (port, port)))


def _can_bind(host: str, port: int) -> bool:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.bind((host, port))
    except OSError as error:
        return host == LOOPBACK_6 and error.errno != errno.EADDRINUSE
    return True
