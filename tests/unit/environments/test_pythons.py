"""The Pythons of a platform where nobody names one: newest first, and never none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.environments import interpreters, pythons, runtimes
from harness.environments.container import ContainerEnvironments
from harness.environments.interpreters import Interpreter
from harness.environments.store import Store
from harness.environments.uv import Uv
from harness.errors import EnvironmentFailedError
from harness.processes.marks import new_mark
from harness.processes.process import Completed
from tests.place import Fixed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.containers.engine import Engine

HERE = {"3.8": "3.8.18", "3.11": "3.11.7", "3.27": "3.27.0"}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[str]]:
    """Ask for the Pythons of a platform of a machine that has three."""
    found = {one: Interpreter(python=one, full=full, path="/p", source="uv") for one, full in HERE.items()}
    monkeypatch.setattr(interpreters, "installed", lambda: found)
    monkeypatch.setattr(interpreters, "is_here", lambda python: python in found)
    monkeypatch.delenv("HARNESS_WINDOWS_PYTHON_3_12", raising=False)

    def ask(platform: str, of_image: Callable[[str], str] = lambda _name: "3.9") -> list[str]:
        return list(pythons.here(platform, cache=tmp_path, of_image=of_image))

    return ask


def test_this_machine_has_its_own_in_full(here: Callable[..., list[str]]) -> None:
    """To the patch: a release may not allow every one."""
    assert here("linux") == ["3.27.0", "3.11.7", "3.8.18"]


def test_wine_has_those_that_can_be_made_or_are_the_users_own(
    here: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A runtime's library comes from a Python of this machine."""
    assert here("windows-wine") == ["3.11", "3.8"]
    monkeypatch.setenv("HARNESS_WINDOWS_PYTHON_3_12", str(tmp_path))
    assert here("windows-wine") == ["3.12", "3.11", "3.8"]


def test_a_platform_that_lacks_something_still_has_a_python(
    here: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the cell is there, and its environment says what is lacking; other platforms of the call go on."""

    def unreachable(_name: str) -> str:
        raise EnvironmentFailedError("no container engine")

    assert here("docker:x") == ["3.9"]
    assert here("docker:x", unreachable) == ["3.27.0", "3.11.7", "3.8.18"]
    monkeypatch.setattr(interpreters, "is_here", lambda _python: False)
    assert here("windows-wine") == list(runtimes.PYTHONS[::-1])


def test_an_image_is_asked_once_for_its_own_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the names that it may have there; one that has none says so."""
    asked: list[tuple[str, ...]] = []

    class Docker:
        def image(self, name: str) -> dict[str, str]:
            return {"Id": f"sha256:{name}" + "0" * 20}

        def run(self, _run: object, name: str, argv: tuple[str, ...], **_: Any) -> Completed:  # noqa: ANN401
            asked.append(argv)
            good = name == "good" and argv[0] == "python"
            return Completed(exit_status=0 if good else 127, output="/usr/bin/python cpython 3.27.1\n" if good else "")

    made: Engine = Docker()  # type: ignore[assignment]
    environments = ContainerEnvironments(Store(tmp_path, uv=Uv(lambda: Fixed(new_mark(), tmp_path))))
    monkeypatch.setattr(environments, "_engine", lambda: made)
    assert [environments.python_of("good"), environments.python_of("good")] == ["3.27"] * 2
    assert [argv[0] for argv in asked] == ["python3", "python"]
    with pytest.raises(EnvironmentFailedError, match="image bad has no CPython that works"):
        environments.python_of("bad")
