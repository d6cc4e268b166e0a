"""A local project folder or wheel in the place of a release, as its developers run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .packages import module, project, wheel

if TYPE_CHECKING:
    from pathlib import Path

    from .driving import User


def files(folder: Path) -> list[str]:
    """Return the names of all files but byte code, which importing its build backend writes."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix not in {"", ".pyc"})


def test_a_working_copy_is_judged_as_it_lies_there(user: User) -> None:
    """An edit that brings the failure back is 1; taking it back is 0, and finds the first result again."""
    folder = project(user.folder / "work", "3.0")
    before = files(folder)
    good = user.run("--server", "./work")
    (folder / "toyserver.py").write_text(module("1.0"))
    bad = user.run("--server", "./work")
    (folder / "toyserver.py").write_text(module("3.0"))
    again = user.run("--server", "./work")
    assert (good.status, list(good.verdicts.values())) == (0, ["absent"])
    assert (bad.status, list(bad.verdicts.values())) == (1, ["reproduced"])
    assert (again.status, [cell["cached"] for cell in again.cells.values()]) == (0, [True])
    assert next(iter(good.cells)).startswith("3.0+local.")
    assert set(good.cells) == set(again.cells) != set(bad.cells)
    assert files(folder) == before


def test_a_wheel_has_the_failure_or_not(user: User) -> None:
    """Whatever was measured of the release that it says it is: who tries a file asks whether that has the failure."""
    (user.folder / "toyserver-1.0-py3-none-any.whl").write_bytes(wheel("1.0"))
    called = user.run("--server", "./toyserver-1.0-py3-none-any.whl")
    assert called.status == 1
    assert called.last_line == (
        "1 cells: 1 reproduced, 1 contradicting the expectation; 1 cell contradicts what is expected (exit status 1)"
    )
    assert [(cell["verdict"], cell["expected"]) for cell in called.cells.values()] == [("reproduced", "absent")]
    (pin,) = [cell["environment"]["pins"]["toyserver"] for cell in called.cells.values()]
    assert pin.endswith("toyserver-1.0-py3-none-any.whl")


def test_a_wheel_for_another_python_is_unsupported(user: User) -> None:
    """The requirement is read from the wheel before anything is built."""
    (user.folder / "toyserver-1.0-py3-none-any.whl").write_bytes(wheel("1.0", ">=3.99"))
    called = user.run("--server", "./toyserver-1.0-py3-none-any.whl")
    assert (called.status, list(called.verdicts.values())) == (3, ["unsupported"])


def test_a_working_copy_that_does_not_build_is_2_in_one_line(user: User) -> None:
    """The line tells what its own build said."""
    folder = project(user.folder / "work", "3.0")
    (folder / "setup.py").write_text("raise RuntimeError('half an edit')\n")
    called = user.run("--server", "./work")
    assert (called.status, called.stdout, len(called.stderr.splitlines())) == (2, "", 1)
    assert "half an edit" in called.stderr


def test_nothing_is_left_of_a_local_build(user: User) -> None:
    """Neither of one that goes well nor of one that does not."""
    folder = project(user.folder / "work", "3.0")
    assert user.run("--server", "./work").status == 0
    (folder / "setup.py").write_text("raise RuntimeError('half an edit')\n")
    assert user.run("--server", "./work").status == 2
    assert user.left() == []


@pytest.mark.parametrize("name", ["toyserver-1.0-py3-none-any.whl", "toyserver.whl", "toyserver-1.0.tar.gz"])
def test_a_broken_archive_is_2_in_one_line(user: User, name: str) -> None:
    """A download that was cut off, or a file that was given another name: the line names it."""
    (user.folder / name).write_bytes(wheel("1.0")[:200] + name.encode())
    called = user.run("--server", f"./{name}")
    assert (called.status, called.stdout, len(called.stderr.splitlines())) == (2, "", 1), called.stderr
    assert name in called.stderr


def test_a_wheel_that_was_torn_in_the_cache_is_copied_again(newcomer: User) -> None:
    """A run that was killed while it copied does not spoil the wheel for good."""
    (newcomer.folder / "toyserver-1.0-py3-none-any.whl").write_bytes(wheel("1.0"))
    newcomer.run("--server", "./toyserver-1.0-py3-none-any.whl")
    (copy,) = (newcomer.cache / "local").rglob("*.whl")
    copy.write_bytes(copy.read_bytes()[:300])
    called = newcomer.run("--server", "./toyserver-1.0-py3-none-any.whl")
    assert (called.status, list(called.verdicts.values())) == (1, ["reproduced"]), called.stderr
