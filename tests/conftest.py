"""What holds for all tests, and the table of faults.

A test that brings a fault about says so by ``@pytest.mark.fault(kind, "what happens")``; the kind is a number, or
``machine``. At the end of a session these are printed as one table; ``HARNESS_FAULTS_TABLE=FILE`` writes it as
Markdown. What the program does is what the test says that it saw, or else the first line of its docstring.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite("tests.lives")
_TABLE = "HARNESS_FAULTS_TABLE"
_HEAD = {
    "kind": "kind",
    "what": "fault",
    "result": "what the program does",
    "status": "status",
    "peak_mib": "peak, MiB",
}
_rows: dict[tuple[str, str], dict[str, Any]] = {}
_draws: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark."""
    config.addinivalue_line("markers", "fault(kind, what): the fault that a test brings about, for the table")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a worker of pytest-xdist tell which fault a test is about."""
    if mark := item.get_closest_marker("fault"):
        docstring = (getattr(getattr(item, "function", None), "__doc__", None) or "").strip()
        told = {"kind": str(mark.args[0]), "what": mark.args[1], "result": docstring.partition("\n")[0]}
        item.user_properties.append(("fault", told))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect the rows, a fault that several tests bring about as one."""
    told = dict(report.user_properties)
    if report.when == "call" and "draw" in told:
        _draws.append(str(told["draw"]))
    if report.when == "call" and isinstance(fault := told.get("fault"), dict):
        seen = told.get("seen")
        row = {**fault, **(seen if isinstance(seen, dict) else {})}
        row["result"] = row["result"] if report.passed else f"**{report.outcome}**"
        _rows[row["kind"], row["what"]] = row


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was drawn, then the table of faults, and write the table where a file is named."""
    for draw in _draws:
        terminalreporter.line(draw)
    if not _rows or hasattr(terminalreporter.config, "workerinput"):
        return
    rows = [_HEAD, dict.fromkeys(_HEAD, "---"), *(row for _, row in sorted(_rows.items()))]
    lines = [f"| {' | '.join(str(row.get(name, '')).replace('|', '/') for name in _HEAD)} |" for row in rows]
    if path := os.environ.get(_TABLE):
        Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    terminalreporter.section("faults")
    for line in lines:
        terminalreporter.line(line)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to run side by side what is to run one by one: not every pytest lets xdist group tests."""
    grouped = any(item.get_closest_marker("xdist_group") and "@" not in item.nodeid for item in session.items)
    if getattr(session.config.option, "loadgroup", False) and grouped:
        message = "this pytest-xdist does not group tests under this pytest; install what the group 'tests' says"
        raise pytest.UsageError(message)


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Undo what a shell does to programs in the background: what we start would ignore Ctrl-C as well."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
