"""What servers have in common on Windows and under Wine: error 87 in a log, and Ctrl-C events for reloaders."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

from harness.model.checks import logged
from harness.subjects import uvicorn
from harness.subjects.windows import ERROR_87

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOG = """\
  File "C:\\lib\\asyncio\\windows_events.py", line 703, in _register_with_iocp
    _overlapped.CreateIoCompletionPort(obj.fileno(), self._iocp, 0, 0)
OSError: [WinError 87] Falscher Parameter
"""


class FakeTrial:
    """Takes what a subject does with a trial, and starts nothing."""

    def __init__(self, folder: Path, *, version: str, platform: str) -> None:
        """Stand for a trial of one release of uvicorn."""
        self.folder, self.version, self.platform = folder, Version(version), platform
        self.facts: dict[str, object] = {}
        self.how: dict[str, object] = {}

    def release(self, package: str) -> Version | None:
        """Return the release of uvicorn."""
        return self.version if package == "uvicorn" else None

    def record(self, name: str, value: object) -> None:
        """Keep a fact."""
        self.facts[name] = value

    @contextlib.contextmanager
    def server(self, name: str, *words: str, **how: object) -> Iterator[str]:
        """Keep how the server was to be started."""
        self.how = how
        yield f"{name} {words}"


def started(folder: Path, version: str, platform: str, **given: Any) -> FakeTrial:  # noqa: ANN401 - any option
    """Start a release, as it were, and return what was done with the trial."""
    trial = FakeTrial(folder, version=version, platform=platform)
    as_any: Any = trial
    with uvicorn.cli(as_any, "ready", **given):
        return trial


@pytest.mark.parametrize(
    ("version", "platform", "console", "delivered"),
    [
        ("0.22.0", "windows-wine", True, True),
        ("0.54.0", "windows", True, False),
        ("0.21.1", "windows-wine", None, False),
        ("0.54.0", "linux", None, False),
    ],
)
def test_reloader_that_sends_ctrl_c_is_given_a_console(
    tmp_path: Path, version: str, platform: str, *, console: bool | None, delivered: bool
) -> None:
    """Windows delivers the event by itself, Wine does not; the evidence says where the harness helped."""
    trial = started(tmp_path, version, platform, reload=True)
    assert trial.how.get("console") is console
    assert (tmp_path / "sitecustomize.py").exists() is delivered
    assert ("Ctrl-C events" in trial.facts) is delivered


def test_server_without_a_reloader_is_given_no_console(tmp_path: Path) -> None:
    """Its console would be another way to meet a failure."""
    trial = started(tmp_path, "0.54.0", "windows-wine", workers=2)
    assert (trial.how, trial.facts, list(tmp_path.iterdir())) == ({}, {}, [])


def test_error_87_is_known_by_its_number_and_its_frames() -> None:
    """Not by its words, which differ by language."""
    assert logged(ERROR_87, LOG) == "OSError: [WinError 87] Falscher Parameter"
    assert logged(ERROR_87, LOG.replace("[WinError 87]", "[WinError 870]")) is None
    assert logged(ERROR_87, LOG.replace("CreateIoCompletionPort", "CloseHandle")) is None
