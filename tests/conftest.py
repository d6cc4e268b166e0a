"""What holds for all tests."""

from __future__ import annotations

import signal

import pytest


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
