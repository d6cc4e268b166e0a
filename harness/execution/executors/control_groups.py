"""What Linux says of control groups, read from the text of its files: where a process's groups lie, and their limits.

Pure: texts go in, values come out. The text of a missing file is empty. A limit is None where the file says that there
is none, or where it is zero, damaged or larger than any machine. ``Documentation/admin-guide/cgroup-v2.rst`` and
``cgroup-v1/`` of the kernel's sources describe the files.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

_UNIFIED = ""  # stands for all controllers of version 2
_NO_LIMIT = 1 << 60  # bytes: version 1 says "no limit" by the largest number of whole pages
_ESCAPED = re.compile(r"\\([0-7]{3})")
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)


def folders(cgroup: str, mountinfo: str, controller: str) -> tuple[Path, ...]:
    """Return the folders of a process's group and its ancestors, the innermost first; none where there is no group.

    Args:
        cgroup: the text of ``/proc/self/cgroup``.
        mountinfo: the text of ``/proc/self/mountinfo``.
        controller: ``cpu`` or ``memory`` of version 1, or empty for version 2.

    """
    path = _paths(cgroup).get(controller)
    mounted = _mounts(mountinfo).get(controller)
    if path is None or mounted is None:
        return ()
    root, place = mounted
    below = path.relative_to(root) if path.is_relative_to(root) else PurePosixPath()
    if ".." in below.parts:  # the group lies outside of what is mounted here
        below = PurePosixPath()
    return tuple(Path(place, *below.parts[:depth]) for depth in range(len(below.parts), -1, -1))


def _paths(cgroup: str) -> dict[str, PurePosixPath]:
    """Return the path of the process's group, by controller."""
    found = {}
    for line in cgroup.splitlines():
        number, _, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        if colon and path.startswith("/") and (controllers or number == "0"):
            found.update(dict.fromkeys(controllers.split(","), PurePosixPath(path)))
    return found


def _mounts(mountinfo: str) -> dict[str, tuple[PurePosixPath, str]]:
    """Return which group is mounted and where, by controller; the first of several mounts counts."""
    found: dict[str, tuple[PurePosixPath, str]] = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        mount, system = before.split(" "), after.split(" ")
        if len(mount) < 5 or len(system) < 3 or system[0] not in ("cgroup", "cgroup2"):  # noqa: PLR2004 - its fields
            continue
        for controller in system[2].split(",") if system[0] == "cgroup" else [_UNIFIED]:
            found.setdefault(controller, (PurePosixPath(_plain(mount[3])), _plain(mount[4])))
    return found


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)


def processors(quota: str, period: str = "") -> float | None:
    """Return how many processors a group may use, None where it has no limit.

    Args:
        quota: the text of ``cpu.max``, which has the period too, or of ``cpu.cfs_quota_us``.
        period: the text of ``cpu.cfs_period_us``.

    """
    words = (quota.split() + period.split())[:2]
    numbers = [_number(word) for word in words]
    if len(numbers) < 2 or not numbers[0] or not numbers[1]:  # noqa: PLR2004 - quota and period
        return None
    return numbers[0] / numbers[1]


def memory(limit: str) -> int | None:
    """Return how many bytes a group may use, by ``memory.max`` or ``memory.limit_in_bytes``; None without a limit."""
    found = _number(limit)
    return found if found and found < _NO_LIMIT else None


def memory_used(current: str, stat: str) -> int | None:
    """Return how many bytes a group uses without the file pages that the system would take back first.

    Args:
        current: the text of ``memory.current`` or ``memory.usage_in_bytes``.
        stat: the text of ``memory.stat``; in version 1, the ``total_`` lines include the groups below this one.

    """
    used, named = _number(current), _named(stat)
    if used is None:
        return None
    return max(0, used - named.get("total_inactive_file", named.get("inactive_file", 0)))


def processor_s(stat: str, usage: str = "") -> float | None:
    """Return the processor seconds that a group has used, by the text of ``cpu.stat``, or of ``cpuacct.usage``."""
    if (microseconds := _named(stat).get("usage_usec")) is not None:
        return microseconds / 1e6
    nanoseconds = _number(usage)
    return None if nanoseconds is None else nanoseconds / 1e9


def _named(text: str) -> dict[str, int]:
    """Return the numbers of lines that hold a name and a number."""
    lines = (line.split() for line in text.splitlines())
    pairs = ((words[0], _number(words[1])) for words in lines if len(words) == 2)  # noqa: PLR2004 - name and number
    return {name: number for name, number in pairs if number is not None}


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if _NUMBER.fullmatch(text) else None
