"""Ports: no two servers, of this run or another, are ever promised the same one."""

from __future__ import annotations

import concurrent.futures
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import pytest

from harness.client.client import LOOPBACK
from harness.errors import EnvironmentFailedError
from harness.execution import ports
from harness.execution.ports import RANGE, Lease, Ports

if TYPE_CHECKING:
    from collections.abc import Iterator


def is_free(port: int) -> bool:
    """Whether nothing listens there now."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) != 0


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> range:
    """Four free ports above the range, another place for each process that runs tests, as the whole range."""
    first = RANGE.stop + os.getpid() % 600 * 4
    candidates = (range(start, start + 4) for start in range(first, 32_764, 4))
    found = next(four for four in candidates if all(map(is_free, four)))
    monkeypatch.setattr(ports, "RANGE", found)
    return found


@pytest.fixture
def leases() -> Iterator[list[Lease]]:
    """What a test leased, released in the end."""
    taken: list[Lease] = []
    yield taken
    for lease in taken:
        lease.release()


def test_no_port_twice_for_many_threads_and_runs(tmp_path: Path, leases: list[Lease]) -> None:
    """Three runs with four threads each, on one folder."""
    runs = [Ports(tmp_path) for _ in range(3)]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        leases += pool.map(lambda run: run.lease(), runs * 10)
    numbers = [lease.port for lease in leases]
    assert len(set(numbers)) == 30
    assert all(number in RANGE for number in numbers)


def test_released_port_is_not_the_next_one(tmp_path: Path, leases: list[Lease]) -> None:
    """A connection that lingers from one server does not meet the next."""
    run = Ports(tmp_path)
    numbers = []
    for _ in range(5):
        lease = run.lease()
        lease.release()
        numbers.append(lease.port)
    assert len(set(numbers)) == 5
    assert not leases


def test_busy_port_is_skipped(tmp_path: Path, small: range, leases: list[Lease]) -> None:
    """What another program listens on is left to it, and its lock is let go of."""
    with socket.socket() as busy:
        busy.bind((LOOPBACK, small[1]))
        busy.listen()
        run = Ports(tmp_path)
        leases += [run.lease() for _ in range(3)]
        assert sorted(lease.port for lease in leases) == [small[0], small[2], small[3]]


def test_port_that_is_busy_by_ipv6_alone_is_skipped(tmp_path: Path, small: range, leases: list[Lease]) -> None:
    """A server may be told to listen on either address."""
    with socket.socket(socket.AF_INET6) as busy:
        try:
            busy.bind(("::1", small[1]))
        except OSError:
            pytest.skip("this machine has no IPv6")
        busy.listen()
        run = Ports(tmp_path)
        leases += [run.lease() for _ in range(3)]
        assert sorted(lease.port for lease in leases) == [small[0], small[2], small[3]]


def test_leased_port_is_skipped_by_another_run(tmp_path: Path, small: range, leases: list[Lease]) -> None:
    """Also while its server does not listen yet; once released it can be had again."""
    first, second = Ports(tmp_path), Ports(tmp_path)
    mine = [first.lease(), first.lease()]
    leases += [second.lease(), second.lease()]
    assert len({lease.port for lease in (*mine, *leases)}) == 4
    with pytest.raises(EnvironmentFailedError, match=f"no free port on {LOOPBACK} from {small.start} to"):
        second.lease()
    for lease in mine:
        lease.release()
    leases.append(second.lease())
    assert leases[-1].port in {lease.port for lease in mine}


def test_lock_file_of_another_user_is_passed_over(
    tmp_path: Path, small: range, leases: list[Lease], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a run by 'sudo', which leaves files of root in the user's cache."""
    really = filelock.FileLock.acquire

    def acquire(lock: filelock.BaseFileLock, *, blocking: bool) -> object:
        if Path(lock.lock_file).stem == str(small[0]):
            raise PermissionError
        return really(lock, blocking=blocking)

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    run = Ports(tmp_path)
    leases += [run.lease() for _ in range(3)]
    assert sorted(lease.port for lease in leases) == [small[1], small[2], small[3]]


def test_port_is_let_go_of_whatever_happens(
    tmp_path: Path, small: range, leases: list[Lease], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is looked at, and while it is used."""

    def interrupted(_: int) -> bool:
        raise KeyboardInterrupt

    run = Ports(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(ports, "_is_free", interrupted)
        for _ in small:
            with pytest.raises(KeyboardInterrupt):
                run.lease()
    with pytest.raises(RuntimeError, match="used"), run.lease():
        raise RuntimeError("used")
    leases += [Ports(tmp_path).lease() for _ in small]


@pytest.mark.skipif(sys.platform != "linux", reason="the range of outgoing ports is read as Linux states it")
def test_range_lies_below_the_ports_of_outgoing_connections() -> None:
    """No client's connection takes a port that a server was promised."""
    assert RANGE.stop <= 32_768
    assert RANGE.start > 1024
