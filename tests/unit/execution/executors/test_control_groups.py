"""What control groups say, by the texts of real machines and by what no machine should say."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.execution.executors import control_groups

# Debian 12, a session of a user; the second is a container of it with a namespace of its own.
SESSION = "0::/user.slice/user-1000.slice/session-3.scope\n"
CONTAINER = "0::/\n"
UNIFIED = (
    "22 27 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw\n"
    "29 22 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
)
# CentOS 7, a container of Docker, which shows the container its own group as the root of each mount.
DOCKER_1 = "11:cpuset:/docker/0a1b\n5:memory:/docker/0a1b\n4:cpuacct,cpu:/docker/0a1b\n1:name=systemd:/docker/0a1b\n"
MOUNTED_1 = (
    "812 811 0:24 /docker/0a1b /sys/fs/cgroup/cpuacct,cpu ro,nosuid master:13 - cgroup cgroup rw,cpuacct,cpu\n"
    "815 811 0:27 /docker/0a1b /sys/fs/cgroup/memory ro,nosuid master:16 - cgroup cgroup rw,memory\n"
    "816 811 0:28 /docker/0a1b /sys/fs/cgroup/systemd ro,nosuid master:17 - cgroup cgroup rw,name=systemd\n"
)
ROOT = Path("/sys/fs/cgroup")
NO_LIMIT_1 = "9223372036854771712\n"


@pytest.mark.parametrize(
    ("cgroup", "mountinfo", "controller", "expected"),
    [
        (
            SESSION,
            UNIFIED,
            "",
            [
                ROOT / "user.slice/user-1000.slice/session-3.scope",
                ROOT / "user.slice/user-1000.slice",
                ROOT / "user.slice",
                ROOT,
            ],
        ),
        (CONTAINER, UNIFIED, "", [ROOT]),
        (SESSION, UNIFIED, "cpu", []),
        (DOCKER_1, MOUNTED_1, "cpu", [ROOT / "cpuacct,cpu"]),
        (DOCKER_1, MOUNTED_1, "memory", [ROOT / "memory"]),
        (DOCKER_1, MOUNTED_1, "", []),
        (
            "4:memory:/jobs/7\n",
            MOUNTED_1.replace("/docker/0a1b", "/"),
            "memory",
            [ROOT / "memory/jobs/7", ROOT / "memory/jobs", ROOT / "memory"],
        ),
        ("4:memory:/other\n", MOUNTED_1, "memory", [ROOT / "memory"]),
        ("0::/../sibling\n", UNIFIED, "", [ROOT]),
        (
            "0::/a b\n",
            UNIFIED.replace("/sys/fs/cgroup", "/sys/fs/my\\040groups"),
            "",
            [Path("/sys/fs/my groups/a b"), Path("/sys/fs/my groups")],
        ),
        ("", "", "", []),
        ("0::\nnonsense\n:::::\n7:memory\n", "a b c\n - cgroup2\n", "", []),
    ],
)
def test_groups_lie_where_they_are_mounted(cgroup: str, mountinfo: str, controller: str, expected: list[Path]) -> None:
    """With all that are above them, as far as this process is shown any."""
    assert list(control_groups.folders(cgroup, mountinfo, controller)) == expected


@pytest.mark.parametrize(
    ("quota", "period", "expected"),
    [
        ("150000 100000\n", "", 1.5),
        ("max 100000\n", "", None),
        ("50000\n", "100000\n", 0.5),
        ("-1\n", "100000\n", None),
        ("", "", None),
        ("50000\n", "", None),
        ("0 100000\n", "", None),
        ("100000 0\n", "", None),
        ("٣ ٣\n", "", None),
        ("1e5 1e5\n", "", None),
    ],
)
def test_processors_of_a_group(quota: str, period: str, expected: float | None) -> None:
    """Of both versions; what is no number limits nothing."""
    assert control_groups.processors(quota, period) == expected


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("2147483648\n", 1 << 31), ("max\n", None), (NO_LIMIT_1, None), ("0\n", None), ("", None), ("-5\n", None)],
)
def test_memory_of_a_group(limit: str, expected: int | None) -> None:
    """Version 1 says by a number that there is no limit."""
    assert control_groups.memory(limit) == expected


def test_pages_of_files_that_can_be_had_back_are_not_used() -> None:
    """Else a group that has read many files would be full for ever."""
    assert control_groups.memory_used("1000\n", "anon 300\nfile 700\ninactive_file 600\n") == 400
    assert control_groups.memory_used("1000\n", "inactive_file 1\ntotal_inactive_file 600\n") == 400
    assert control_groups.memory_used("1000\n", "") == 1000
    assert control_groups.memory_used("1000\n", "inactive_file 4000\n") == 0
    assert control_groups.memory_used("", "inactive_file 1\n") is None


def test_time_of_a_group() -> None:
    """Version 2 has microseconds, version 1 nanoseconds, and its ``cpu.stat`` says something else."""
    assert control_groups.processor_s("usage_usec 2500000\nuser_usec 1\nsystem_usec 1\n") == 2.5
    assert control_groups.processor_s("nr_periods 9\nnr_throttled 3\nthrottled_time 12\n", "2500000000\n") == 2.5
    assert control_groups.processor_s("", "") is None


@given(first=st.text(), second=st.text())
def test_no_text_is_too_odd(first: str, second: str) -> None:
    """Whatever a system of tomorrow writes, nothing is raised, and a limit is more than nothing."""
    for controller in ("", "cpu", "memory"):
        control_groups.folders(first, second, controller)
    assert (control_groups.processors(first, second) or 1) > 0
    assert (control_groups.memory(first) or 1) > 0
    assert (control_groups.memory_used(first, second) or 0) >= 0
    assert (control_groups.processor_s(first, second) or 0) >= 0
