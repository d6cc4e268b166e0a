"""Processes: whatever they print, however they hide, they end when they are told, and see nothing of the caller's."""

from __future__ import annotations

import functools
import os
import signal
import sys
import time
import uuid
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.processes import marks, process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="fork, setsid and signals are POSIX")
# A child that leaves the session, loses its parent, and then says who it is.
DAEMON = """
import os, sys, time
heard, says = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        os.write(says, b".")
        time.sleep(60)
    os._exit(0)
os.wait()
os.read(heard, 1)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def mark() -> str:
    """A mark that nothing else carries."""
    return uuid.uuid4().hex


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a server."""
    return process.server_environment(tmp_path, [])


def has_printed(started: process.Process) -> bool:
    """Whether anything has come yet."""
    return bool(started.capture.text)


def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds, or fail."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)


def test_run_returns_status_and_output(tmp_path: Path, environment: dict[str, str], mark: str) -> None:
    """Both streams, and bytes that are not text as escapes."""
    code = r"import os, sys; os.write(1, b'out\xff\n'); os.write(2, b'err\n'); sys.exit(7)"
    argv = [sys.executable, "-c", code]
    done = process.run(argv, env=environment, cwd=tmp_path, mark=mark, deadline_s=30)
    assert done.exit_status == 7
    assert done.output.splitlines() == ["out\\xff", "err"]
    assert done.last_lines(1) == "err"


def test_run_ends_at_its_deadline(tmp_path: Path, environment: dict[str, str], mark: str) -> None:
    """No status, what it had printed, and nothing of it left."""
    code = "import time; print('began', flush=True); time.sleep(60)"
    began = time.monotonic()
    argv = [sys.executable, "-I", "-S", "-c", code]
    done = process.run(argv, env=environment, cwd=tmp_path, mark=mark, deadline_s=1)
    assert time.monotonic() - began < 20
    assert done.exit_status is None
    assert done.output.strip() == "began"
    assert not marks.marked(mark)


@POSIX
def test_run_leaves_nothing_behind(tmp_path: Path, environment: dict[str, str], mark: str) -> None:
    """Not even what left the session and lost its parent."""
    argv = [sys.executable, "-c", DAEMON]
    done = process.run(argv, env=environment, cwd=tmp_path, mark=mark, deadline_s=30)
    assert done.exit_status == 0
    daemon = int(done.output)
    assert not psutil.pid_exists(daemon) or psutil.Process(daemon).status() == psutil.STATUS_ZOMBIE


@POSIX
def test_marked_descendants_are_found_and_ended(tmp_path: Path, environment: dict[str, str], mark: str) -> None:
    """By the mark or one above it, and no other process is touched."""
    mine = process.Process([sys.executable, "-c", DAEMON], env=environment, cwd=tmp_path, mark=f"{mark}/cell/1")
    other = process.Process([sys.executable, "-c", STUBBORN], env=environment, cwd=tmp_path, mark=f"{mark}x")
    try:
        assert mine.wait(20) == 0
        until(functools.partial(has_printed, other))
        until(functools.partial(has_printed, mine))
        assert marks.end_marked(f"{mark}/cell/2") == 0
        assert marks.end_marked(mark) == 1
        assert not marks.marked(mark)
        assert other.exit_status is None
    finally:
        for one in (mine, other):
            one.stop(grace_s=0)
            one.close()


@POSIX
def test_stop_asks_first_and_then_insists(tmp_path: Path, environment: dict[str, str], mark: str) -> None:
    """The record says what it took."""
    ends = []
    for code in ("print('ready', flush=True); import time; time.sleep(60)", STUBBORN, "print('ready')"):
        started = process.Process([sys.executable, "-c", code], env=environment, cwd=tmp_path, mark=mark)
        until(functools.partial(has_printed, started))
        if code.endswith("('ready')"):
            started.wait(20)
        ends.append((started.stop(grace_s=0.3 if code is STUBBORN else 20), started.exit_status))
        started.close()
    assert ends == [("SIGTERM", -signal.SIGTERM), ("SIGKILL", -signal.SIGKILL), ("itself", 0)]


def test_program_that_does_not_exist_is_an_os_error(tmp_path: Path, mark: str) -> None:
    """Whoever starts it can say so."""
    with pytest.raises(OSError, match="WinError 2" if sys.platform == "win32" else "no-such-program"):
        process.Process([str(tmp_path / "no-such-program")], env={}, cwd=tmp_path, mark=mark)


def test_server_sees_nothing_of_the_caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mark: str) -> None:
    """No setting, no secret, no proxy; its home and temporary folder are its own."""
    for name in ("PYTHONPATH", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY", "UVICORN_PORT", "HTTP_PROXY", "SOME_TOKEN"):
        monkeypatch.setenv(name, "poison")
    env = process.server_environment(tmp_path, [tmp_path / "bin"])
    code = "import os, json; print(json.dumps(dict(os.environ)))"
    done = process.run([sys.executable, "-c", code], env=env, cwd=tmp_path, mark=mark, deadline_s=30)
    assert "poison" not in done.output
    assert env["PATH"].split(os.pathsep)[0] == str(tmp_path / "bin")
    assert {env[name] for name in ("HOME", "TMPDIR", "TEMP")} == {str(tmp_path)}
    assert "HARNESS_MARK" in done.output


def test_build_tool_keeps_what_it_needs_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index, proxies, certificates, a compiler; another Python's settings are poison, and a token is nobody's."""
    poison = ("PYTHONPATH", "VIRTUAL_ENV", "PIP_TARGET", "CONDA_PREFIX", "UV_PUBLISH_TOKEN", "UV_PROJECT")
    secrets = ("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "TWINE_PASSWORD", "DATABASE_URL", "SSH_AUTH_SOCK", "PWD")
    needed = ("HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "PIP_CERT", "UV_INDEX_PRIVATE_PASSWORD", "UV_CACHE_DIR", "CC")
    for name in (*poison, *secrets):
        monkeypatch.setenv(name, "poison")
    for name in (*needed, "UV_DEFAULT_INDEX", "LC_ALL"):
        monkeypatch.setenv(name, "kept")
    env = process.tool_environment(EXTRA="given")
    assert "poison" not in env.values()
    assert {name: env.get(name) for name in (*needed, "UV_DEFAULT_INDEX", "LC_ALL")} == dict.fromkeys(
        (*needed, "UV_DEFAULT_INDEX", "LC_ALL"), "kept"
    )
    assert env["EXTRA"] == "given"
    assert env["PATH"] == os.environ["PATH"]


@POSIX
def test_what_was_written_before_the_stop_is_before_it(tmp_path: Path, environment: dict[str, str], mark: str) -> None:
    """However much lay in the pipe unread, and however slow the reader: here it reads nothing by itself."""
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit()))\n"
        "print('x' * 50000 + ' last words before', flush=True)\n"
        "open('written', 'w').close()\n"
        "time.sleep(60)\n"
    )
    started = process.Process([sys.executable, "-c", code], env=environment, cwd=tmp_path, mark=mark)
    with started._taking:  # the reader waits for its turn
        until((tmp_path / "written").exists)
    started.stop(grace_s=10)
    started.end()
    started.close()
    assert started.capture.before.endswith(" last words before\n")
    assert started.capture.after == "bye\n"
