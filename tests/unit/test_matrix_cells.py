"""From a matrix and a selection to cells: each once, in the matrix's order, on the axes that the call names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import UsageError
from harness.model.matrix import Selection, Server, cells_of, parse
from harness.model.scenario import Claim, Scenario, Variant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.cell import Cell
    from harness.model.release import Release

TEXT = """
[[cells]]
scenarios = ["second", "first"]
releases = ["==2.0", "latest"]
pythons = ["3.12", "3.8"]
platforms = ["linux"]

[[cells]]
scenarios = ["first"]
releases = ["==2.0"]
pythons = ["3.12"]
platforms = ["linux", "macos"]
variants = ["b"]
"""


@pytest.fixture(scope="session")
def scenarios(make_scenario: Callable[..., Scenario]) -> Mapping[str, Scenario]:
    """Three scenarios of two subjects; the third is not in the matrix."""
    claim = Claim(document="d", issue="i", fixed="2.0")
    return {
        "first": make_scenario(id="first", variants=(Variant(name="a"), Variant(name="b"))),
        "second": make_scenario(id="second", subject="gunicorn"),
        "third": make_scenario(id="third", claim=claim),
        "fourth": make_scenario(id="fourth"),
    }


@pytest.fixture(scope="session")
def cells(scenarios: Mapping[str, Scenario], make_release: Callable[..., Release]) -> Callable[..., tuple[Cell, ...]]:
    """Select cells of the matrix above; keywords are the selection's fields."""
    listed = tuple(make_release(version) for version in ("1.0", "2.0", "3.0"))

    def select(text: str = TEXT, **fields: Any) -> tuple[Cell, ...]:  # noqa: ANN401 - the fields of a selection
        return cells_of(
            parse(text, name="m.toml"),
            Selection(**fields),
            scenarios=scenarios,
            releases_of=lambda _subject, _spec: listed,
            own_python="3.11",
            own_platform="linux",
        )

    return select


def short(cells: tuple[Cell, ...]) -> list[str]:
    """Return the ids without what all of them share."""
    return [f"{one.scenario}/{one.variant} {one.release.version} {one.python} {one.platform}" for one in cells]


def test_every_cell_once_in_the_order_of_the_matrix(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """Scenario, platform, Python, release, variant; a cell that two entries name keeps its first place."""
    assert short(cells()) == [
        "second/default 2.0 3.12 linux",
        "second/default 3.0 3.12 linux",
        "second/default 2.0 3.8 linux",
        "second/default 3.0 3.8 linux",
        "first/a 2.0 3.12 linux",
        "first/b 2.0 3.12 linux",
        "first/a 3.0 3.12 linux",
        "first/b 3.0 3.12 linux",
        "first/a 2.0 3.8 linux",
        "first/b 2.0 3.8 linux",
        "first/a 3.0 3.8 linux",
        "first/b 3.0 3.8 linux",
        "first/b 2.0 3.12 macos",
    ]


def test_ids_are_unique(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """No cell runs twice, also where a release is named in two ways."""
    found = [cell.id for cell in cells(servers=(Server(subject="uvicorn", spec=">=1"),) * 2)]
    assert len(set(found)) == len(found)


def test_call_replaces_axes(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """``--server``, ``--python`` and ``--platform`` stand in for the matrix's; scenarios of other subjects go."""
    found = cells(servers=(Server(subject="uvicorn", spec="==1.0"),), pythons=("3.9",), platforms=("docker:x",))
    assert short(found) == ["first/a 1.0 3.9 docker:x", "first/b 1.0 3.9 docker:x"]


def test_names_narrow(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """Only the scenario that is asked for."""
    assert {cell.scenario for cell in cells(scenarios=("second",))} == {"second"}


def test_globs_narrow(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """Any glob that matches the whole id keeps a cell; case counts."""
    found = cells(cells=("first_a_*_py3.8_*", "*macos"))
    assert short(found) == ["first/a 2.0 3.8 linux", "first/a 3.0 3.8 linux", "first/b 2.0 3.12 macos"]
    with pytest.raises(UsageError):
        cells(cells=("FIRST_*",))


def test_exact_id_selects_one(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """An id that was printed can be pasted."""
    for cell in cells():
        assert cells(cells=(cell.id,)) == (cell,)


def test_unlisted_scenario_gets_a_row_of_its_own(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """Around its claim and the latest, on this machine."""
    assert short(cells(scenarios=("third",))) == [
        "third/default 1.0 3.11 linux",
        "third/default 2.0 3.11 linux",
        "third/default 3.0 3.11 linux",
    ]


def test_unlisted_scenario_without_a_claim_runs_the_latest(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """There is nothing else to go by."""
    assert short(cells(scenarios=("fourth",))) == ["fourth/default 3.0 3.11 linux"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cells": ("first_a_uvicorn-9*",)}, ["leaves no cell of m.toml", "did you mean first_a_uvicorn"]),
        ({"scenarios": ("frist",)}, ["unknown scenario 'frist'", "did you mean first"]),
        ({"servers": (Server(subject="h11", spec="latest"),)}, ["leaves no cell of m.toml"]),
        ({"servers": (Server(subject="uvicorn", spec="==9"),)}, ["--server: no release of uvicorn matches", "3.0"]),
    ],
)
def test_selection_that_leaves_nothing_is_an_error(
    fields: dict[str, Any], words: list[str], cells: Callable[..., tuple[Cell, ...]]
) -> None:
    """Nothing selected is a mistake of the call, never a green run."""
    with pytest.raises(UsageError) as error:
        cells(**fields)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('["first"]', '["frist"]', ["number 2: scenarios: unknown scenario 'frist'", "did you mean first"]),
        ('["b"]', '["c"]', ["number 2: variants: unknown variant 'c'", "valid: a, b"]),
        ('"==2.0", "latest"', '"==2.1"', ["number 1: releases: no release of gunicorn matches", "2.0 and 3.0"]),
        ('"==2.0", "latest"', '"claimed"', ["number 1: releases", "needs a scenario with a claim"]),
    ],
)
def test_unknown_name_in_the_matrix_is_an_error(
    old: str, new: str, words: list[str], cells: Callable[..., tuple[Cell, ...]]
) -> None:
    """The message has the file, the entry and the nearest name."""
    with pytest.raises(UsageError) as error:
        cells(TEXT.replace(old, new))
    assert str(error.value).startswith("m.toml: [[cells]] ")
    for word in words:
        assert word in str(error.value)


def test_only_what_is_in_play_is_asked_of_the_index(scenarios: Mapping[str, Scenario]) -> None:
    """A run of one scenario does not need the releases of every other subject."""
    asked: list[str] = []

    def releases_of(subject: str, _spec: str) -> tuple[Release, ...]:
        asked.append(subject)
        return ()

    with pytest.raises(UsageError):
        cells_of(
            parse(TEXT, name="m.toml"),
            Selection(scenarios=("first",)),
            scenarios=scenarios,
            releases_of=releases_of,
            own_python="3.11",
            own_platform="linux",
        )
    assert set(asked) == {"uvicorn"}


IMAGES = """
[pythons]
"3.8" = "python:3.8-slim"
"3.12" = "own/python:3.12"

[[cells]]
scenarios = ["second"]
releases = ["==2.0"]
pythons = ["3.8", "3.12", "3.13"]
platforms = ["docker", "docker:debian:12"]
"""


def test_docker_is_the_image_of_each_python(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """The table gives the image; one that is named stays the one that is named."""
    found = cells(IMAGES, pythons=("3.8", "3.12"))
    assert [(cell.python, cell.platform) for cell in found] == [
        ("3.8", "docker:python:3.8-slim"),
        ("3.12", "docker:own/python:3.12"),
        ("3.8", "docker:debian:12"),
        ("3.12", "docker:debian:12"),
    ]


def test_python_without_an_image_is_told(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """With those that have one."""
    with pytest.raises(UsageError, match=r"m\.toml: \[pythons\] has no image of Python 3\.13.*it has 3\.8, 3\.12"):
        cells(IMAGES)
    with pytest.raises(UsageError, match=r"no image of Python 3\.12 for the platform 'docker'; it has none"):
        cells(platforms=("docker",))
