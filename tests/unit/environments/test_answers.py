"""What programs say of themselves is remembered as long as their files are the very same."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from harness.environments import answers

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the program of this test is a shell script")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that counts how often it was started, and a cache."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "program"
    write(path, "one")
    return path


def write(path: Path, says: str, *, status: int = 0) -> None:
    """Write the program anew."""
    path.write_text(f'#!/bin/sh\necho started >> "{path}.log"\necho {says} "$@"\nexit {status}\n')
    path.chmod(0o755)


def said(path: Path, *arguments: str) -> str:
    """Return what it answers."""
    return answers.ask([str(path), *arguments], deadline_s=30).output.strip()


def times(path: Path) -> int:
    """Count how often it was started."""
    return len(path.with_name(f"{path.name}.log").read_text().splitlines())


def test_a_program_is_asked_once(program: Path) -> None:
    """For each question."""
    assert [said(program), said(program), said(program, "other"), said(program)] == ["one", "one", "one other", "one"]
    assert times(program) == 2


def test_another_file_is_asked_anew(program: Path) -> None:
    """Whatever its size and the time that it claims to be written at."""
    assert said(program) == "one"
    before = program.stat()
    write(program, "two")
    os.utime(program, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert program.stat().st_size == before.st_size
    assert said(program) == "two"


def test_another_environment_is_asked_anew(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which a program sees what a tool does."""
    said(program)
    monkeypatch.setenv("LANG", "xx_XX.UTF-8")
    said(program)
    assert times(program) == 2


def test_a_failure_is_never_remembered(program: Path) -> None:
    """It may be over the next time."""
    write(program, "no", status=1)
    assert answers.ask([str(program)], deadline_s=30).exit_status == 1
    write(program, "yes")
    assert said(program) == "yes"


def test_forgetting_asks_all_anew(program: Path) -> None:
    """As whoever looks at the machine does."""
    said(program)
    answers.forget()
    said(program)
    assert times(program) == 2
