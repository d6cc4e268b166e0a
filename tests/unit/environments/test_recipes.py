"""Recipes carried out: what each of them asks of a platform's backend."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING

import pytest

from harness.environments.backend import MakesItsOwn, Request, Resolution
from harness.environments.recipes import request_for, resolved
from harness.environments.store import Store
from harness.environments.uv import Uv
from harness.environments.venv import VirtualEnvironments
from harness.errors import EnvironmentFailedError, ExcludedError, UnsatisfiableError
from harness.model.recipe import Copy, DependenciesOf, InPlace, NamedMoment, Pins, With
from harness.model.release import minor_of
from harness.model.task import DatedRequirement
from tests.place import Fixed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.environments.backend import Environment
    from harness.model.cell import Cell
    from harness.model.release import Release

BESIDE = (DatedRequirement(requirement="httptools"),)
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
HERE = minor_of(sys.version.split()[0])


class Index(MakesItsOwn):
    """A backend that has whatever is asked of it, and of each release a dependency of its own version.

    Another version of the dependency may be asked for, or be a constraint. The release 0.20.0 excludes h11 0.9.0, and
    nothing has h11 0.0.0.
    """

    def resolve(self, request: Request) -> Resolution:
        """See `harness.environments.backend.Backend`."""
        subject, *others = request.requirements
        named = [one for one in (*others, *request.constraints) if one.startswith("h11==")]
        pin = named[0] if named else f"h11=={subject.split('==')[1]}"
        if "h11==0.0.0" in pin or (subject, pin) == ("uvicorn==0.20.0", "h11==0.9.0"):
            raise UnsatisfiableError(f"{subject} excludes {pin}", " (do something)")
        pins = (subject, pin, *(one for one in others if not one.startswith("h11")))
        return Resolution(request=request, interpreter="/i", python_full="3.12.1", pins=pins)

    def build(self, resolution: Resolution) -> Environment:
        """Build nothing."""
        raise NotImplementedError


def test_the_usual_recipe_is_of_the_upload_and_a_day(make_cell: Callable[..., Cell]) -> None:
    """With what the scenario needs beside it."""
    found = resolved(Index(), make_cell(), BESIDE)
    assert found.request.requirements == ("uvicorn==0.27.0", "httptools")
    assert found.request.as_of == make_cell().release.uploaded + dt.timedelta(days=1)
    assert found.request == request_for(make_cell(), make_cell().release, BESIDE)


def test_a_named_moment_is_that_one(make_cell: Callable[..., Cell]) -> None:
    """Of the same requirements."""
    found = resolved(Index(), make_cell(recipe=NamedMoment(at=NOW)), ())
    assert (found.request.as_of, found.request.requirements) == (NOW, ("uvicorn==0.27.0",))


def test_dependencies_are_another_release_s(
    make_cell: Callable[..., Cell], make_release: Callable[..., Release]
) -> None:
    """And the subject stays."""
    found = resolved(Index(), make_cell(recipe=DependenciesOf(release=make_release("0.28.0"))), ())
    assert found.pinned == {"uvicorn": "0.27.0", "h11": "0.28.0"}


def test_a_companion_has_a_moment_of_its_own(make_cell: Callable[..., Cell]) -> None:
    """The rest has the moment of the cell."""
    companions = (DatedRequirement(requirement="HTTP_tools[x]>=1", as_of=NOW), DatedRequirement(requirement="click"))
    request = request_for(make_cell(), make_cell().release, companions)
    assert request.moments == (("http-tools", NOW),)
    assert request.as_of == make_cell().release.uploaded + dt.timedelta(days=1)


def test_one_release_of_a_package_moves_no_other(
    make_cell: Callable[..., Cell], make_release: Callable[..., Release]
) -> None:
    """As of the later upload and a day; a moment that the scenario gave that package does not count."""
    later = make_release("0.9.0", uploaded=NOW)
    companions = (DatedRequirement(requirement="h11", as_of=NOW), DatedRequirement(requirement="click==8.0.0"))
    found = resolved(Index(), make_cell(recipe=With(package="h11", release=later)), companions)
    assert found.request.requirements == ("uvicorn==0.27.0", "h11", "click==8.0.0", "h11==0.9.0")
    assert found.request.as_of == NOW + dt.timedelta(days=1)
    assert (found.request.moments, found.request.constraints) == ((), ("click==8.0.0",))
    named = With(package="h11", release=later, at=NOW)
    assert resolved(Index(), make_cell(recipe=named), ()).request.as_of == NOW


def test_a_release_that_the_subject_excludes_makes_no_cell(
    make_cell: Callable[..., Cell], make_release: Callable[..., Release]
) -> None:
    """With the resolver's reason, and no remedy; where the subject cannot be had at all, its own reason stands."""
    recipe = With(package="h11", release=make_release("0.9.0"))
    with pytest.raises(ExcludedError, match=r"^uvicorn 0\.20\.0 cannot have h11 0\.9\.0: .* excludes h11==0\.9\.0$"):
        resolved(Index(), make_cell(version="0.20.0", recipe=recipe), ())
    with pytest.raises(UnsatisfiableError, match=r"excludes h11==0\.0\.0 \(do something\)"):
        resolved(Index(), make_cell(version="0.0.0", recipe=recipe), ())


def test_a_copy_is_an_environment_of_its_own(make_cell: Callable[..., Cell]) -> None:
    """With the same pins."""
    usual, copy = resolved(Index(), make_cell(), ()), resolved(Index(), make_cell(recipe=Copy(number=1)), ())
    assert copy.pins == usual.pins
    assert copy.digest != usual.digest


def test_pins_are_asked_for_as_they_are(make_cell: Callable[..., Cell]) -> None:
    """What a scenario would want beside them is not added."""
    pins = ("uvicorn==0.27.0", "h11==0.9.0")
    found = resolved(Index(), make_cell(recipe=Pins(pins=pins, at=NOW)), BESIDE)
    assert (found.request.requirements, found.request.as_of) == (pins, NOW)


def test_an_environment_in_place_is_one_of_this_machine(make_cell: Callable[..., Cell]) -> None:
    """A platform that makes its own environments says so in one line."""
    cell = make_cell(platform="windows-wine", recipe=InPlace(interpreter="/srv/app/bin/python"))
    with pytest.raises(EnvironmentFailedError, match=r"/srv/app/bin/python: .* not of windows-wine"):
        resolved(Index(), cell, ())


@pytest.fixture
def own(tmp_path: Path) -> VirtualEnvironments:
    """This machine's own environments."""
    return VirtualEnvironments(Store(tmp_path / "cache", uv=Uv(lambda: Fixed("0" * 32, tmp_path))))


@pytest.mark.skipif(sys.platform == "win32", reason="no uv is installed where the unit tests run under Wine")
def test_an_environment_in_place_is_taken_as_it_stands(
    own: VirtualEnvironments, make_cell: Callable[..., Cell]
) -> None:
    """Its pins are what is installed there; a program of it is the one that lies beside its interpreter."""
    cell = make_cell(python=HERE, recipe=InPlace(interpreter=sys.executable))
    found = resolved(own, cell, ())
    assert found.in_place
    assert found.pinned["pytest"] == pytest.__version__
    assert own.build(found).python.samefile(sys.executable)


@pytest.mark.parametrize(
    ("interpreter", "python", "words"),
    [
        ("/nowhere/bin/python", HERE, "/nowhere/bin/python is not an interpreter of a released CPython that works"),
        (sys.executable, "3.6", "is CPython .*, not 3.6"),
    ],
)
def test_an_environment_that_is_none_is_told(
    interpreter: str, python: str, words: str, own: VirtualEnvironments, make_cell: Callable[..., Cell]
) -> None:
    """In one line."""
    with pytest.raises(EnvironmentFailedError, match=words):
        resolved(own, make_cell(python=python, recipe=InPlace(interpreter=interpreter)), ())
