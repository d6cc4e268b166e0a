"""From a matrix and a selection to cells: each once, in the matrix's order, on the axes that the call names."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import UsageError
from harness.model.claim import Claim, ClaimedRange
from harness.model.scenario import Scenario, Variant
from harness.selection.matrix import Known, Selection, ServerOption, cells_of, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.cell import Cell
    from harness.model.release import Release

TODAY = dt.date(2026, 11, 25)
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
    claim = Claim(document="d", references=("i",), fixed="2.0")
    return {
        "first": make_scenario(id="first", variants=(Variant(name="a"), Variant(name="b"))),
        "second": make_scenario(id="second", subject="gunicorn"),
        "third": make_scenario(id="third", claims=(claim,)),
        "fourth": make_scenario(id="fourth"),
    }


@pytest.fixture(scope="session")
def cells(scenarios: Mapping[str, Scenario], make_release: Callable[..., Release]) -> Callable[..., tuple[Cell, ...]]:
    """Select cells of the matrix above; keywords are the selection's fields."""
    listed = tuple(make_release(version) for version in ("1.0", "2.0", "3.0"))

    def select(text: str = TEXT, **fields: Any) -> tuple[Cell, ...]:  # noqa: ANN401 - the fields of a selection
        return cells_of(parse(text, name="m.toml"), Selection(**fields), known(scenarios, listed))

    return select


def known(
    scenarios: Mapping[str, Scenario], listed: tuple[Release, ...], tell: Callable[[str], None] = lambda _line: None
) -> Known:
    """Return these scenarios and releases, on a machine with three Pythons; Wine has two."""
    wine, own = ("3.12", "3.8"), ("3.13.1", "3.11.7", "3.8.18")
    return Known(
        scenarios=scenarios,
        subjects={name: one.subject for name, one in scenarios.items()},
        releases_of=lambda _subject, _spec: listed,
        pythons_on=lambda platform: wine if platform == "windows-wine" else own,
        own_platform="linux",
        claims_of=lambda name: scenarios[name].claims,
        today=TODAY,
        tell=tell,
    )


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
    found = [cell.id for cell in cells(servers=(ServerOption(subject="uvicorn", spec=">=1"),) * 2)]
    assert len(set(found)) == len(found)


def test_call_replaces_axes(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """``--server``, ``--python`` and ``--platform`` stand in for the matrix's; scenarios of other subjects go."""
    found = cells(servers=(ServerOption(subject="uvicorn", spec="==1.0"),), pythons=("3.9",), platforms=("docker:x",))
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
        "third/default 1.0 3.13 linux",
        "third/default 2.0 3.13 linux",
        "third/default 3.0 3.13 linux",
    ]


def test_unlisted_scenario_without_a_claim_runs_the_latest(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """There is nothing else to go by."""
    assert short(cells(scenarios=("fourth",))) == ["fourth/default 3.0 3.13 linux"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cells": ("first_a_uvicorn-9*",)}, ["leaves no cell of m.toml", "did you mean first_a_uvicorn"]),
        ({"scenarios": ("frist",)}, ["unknown scenario 'frist'", "did you mean first"]),
        ({"servers": (ServerOption(subject="h11", spec="latest"),)}, ["leaves no cell of m.toml"]),
        (
            {"servers": (ServerOption(subject="uvicorn", spec="==9"),)},
            ["--server: no release of uvicorn matches", "3.0"],
        ),
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
            dataclasses.replace(known(scenarios, ()), releases_of=releases_of),
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


NO_PYTHONS = """
[[cells]]
scenarios = ["first"]
variants = ["a"]
releases = [">=0"]
platforms = ["linux", "windows-wine"]
"""


@pytest.fixture
def ruled(make_scenario: Callable[..., Scenario], make_release: Callable[..., Release]) -> Callable[..., list[str]]:
    """Select from releases that allow different Pythons; ``eras`` are the scenario's, the rest the selection's."""
    listed = (
        make_release("1.0"),
        make_release("2.0", requires_python="<3.13,>=3.8.10"),
        make_release("3.0", requires_python=">=3.8,<3.8.18"),
        make_release("4.0", requires_python=">=3.14"),
    )

    def select(text: str = NO_PYTHONS, *, eras: tuple[tuple[str, str], ...] = (), **fields: Any) -> list[str]:  # noqa: ANN401
        variants = (Variant(name="a"), Variant(name="b"))
        scenario = make_scenario(id="first", variants=variants, pythons=eras)
        return short(cells_of(parse(text, name="m.toml"), Selection(**fields), known({"first": scenario}, listed)))

    return select


def test_each_release_runs_on_the_newest_python_here_that_it_allows(ruled: Callable[..., list[str]]) -> None:
    """Of the platform, to the patch where that is known; one that allows none here has a cell that says so."""
    assert ruled() == [
        "first/a 1.0 3.13 linux",
        "first/a 2.0 3.11 linux",
        "first/a 3.0 3.13 linux",
        "first/a 4.0 3.13 linux",
        "first/a 1.0 3.12 windows-wine",
        "first/a 2.0 3.12 windows-wine",
        "first/a 3.0 3.8 windows-wine",
        "first/a 4.0 3.12 windows-wine",
    ]


def test_the_pythons_of_an_era_go_before(ruled: Callable[..., list[str]]) -> None:
    """All that are named for a release; of one that is in no era the rule decides."""
    found = ruled(eras=(("<2", "3.6"), ("<2", "3.8"), (">=2,<3", "3.9")), platforms=("linux",))
    assert found == [
        "first/a 1.0 3.6 linux",
        "first/a 1.0 3.8 linux",
        "first/a 2.0 3.9 linux",
        "first/a 3.0 3.13 linux",
        "first/a 4.0 3.13 linux",
    ]


def test_the_rule_stands_for_a_rows_pythons_where_the_call_names_releases(ruled: Callable[..., list[str]]) -> None:
    """Those of the row are for the row's own releases; what the call names outranks all."""
    text = NO_PYTHONS + 'pythons = ["3.9"]\n'
    server = (ServerOption(subject="uvicorn", spec="==2.0"),)
    linux = {"platforms": ("linux",)}
    assert {cell.split()[2] for cell in ruled(text, **linux)} == {"3.9"}
    assert ruled(text, servers=server, **linux) == ["first/a 2.0 3.11 linux"]
    assert ruled(text, servers=server, pythons=("3.8",), **linux) == ["first/a 2.0 3.8 linux"]


def test_latest_is_the_newest_release_where_no_python_is_named(ruled: Callable[..., list[str]]) -> None:
    """That no Python here can run it is news, not a reason to try an older one."""
    assert ruled(NO_PYTHONS.replace(">=0", "latest"), platforms=("linux",)) == ["first/a 4.0 3.13 linux"]


def test_every_release_of_a_row(ruled: Callable[..., list[str]]) -> None:
    """For a history: the row's own releases do not count, its Pythons do."""
    text = NO_PYTHONS.replace(">=0", "==1.0") + 'pythons = ["3.9"]\n'
    found = ruled(text, every=True, platforms=("linux",))
    assert found == [f"first/a {version}.0 3.9 linux" for version in range(1, 5)]


def test_the_images_of_a_matrix_are_the_pythons_of_docker(ruled: Callable[..., list[str]]) -> None:
    """The newest that a release allows has an image; an image that is named is of its Python."""
    text = '[pythons]\n"3.8" = "old"\n"3.12" = "new"\n"3.13" = "newest"\n' + NO_PYTHONS.replace(">=0", "<=2.0")
    assert ruled(text, platforms=("docker", "docker:old")) == [
        "first/a 1.0 3.13 docker:newest",
        "first/a 2.0 3.12 docker:new",
        "first/a 1.0 3.8 docker:old",
        "first/a 2.0 3.8 docker:old",
    ]


def test_claimed_is_what_any_document_calls_fixed(
    make_scenario: Callable[..., Scenario], make_release: Callable[..., Release]
) -> None:
    """The end of a range too, each release once; a document that names no fix adds nothing."""
    claims = (
        Claim(document="a page", fixed="2.0"),
        Claim(document="an advisory", ranges=(ClaimedRange(introduced="0", fixed="2"), ClaimedRange(introduced="4"))),
        Claim(document="notes", ranges=(ClaimedRange(introduced="0", fixed="3.0"),)),
        Claim(document="a thread", open=True),
    )
    listed = tuple(make_release(version) for version in ("1.0", "2.0", "3.0", "4.0"))
    found = cells_of(
        parse(
            NO_PYTHONS.replace('variants = ["a"]', "").replace('">=0"', '"before-claimed", "claimed"'), name="m.toml"
        ),
        Selection(scenarios=("first",), platforms=("linux",)),
        known({"first": make_scenario(id="first", claims=claims)}, listed),
    )
    assert sorted(cell.split()[1] for cell in short(found)) == ["1.0", "2.0", "3.0"]


def test_a_claim_of_a_release_that_never_was_leaves_out_its_own_cells(
    make_scenario: Callable[..., Scenario], make_release: Callable[..., Release]
) -> None:
    """And is told, with the scenario and the document; the cells of other scenarios are there."""
    wrong = Claim(document="advisory 7", references=("i",), fixed="9.9")
    scenarios = {
        "first": make_scenario(id="first", claims=(wrong,)),
        "third": make_scenario(id="third", claims=(Claim(document="d", references=("i",), fixed="2.0"),)),
    }
    listed = tuple(make_release(version) for version in ("1.0", "2.0", "3.0"))
    told: list[str] = []
    text = NO_PYTHONS.replace('variants = ["a"]', "").replace('">=0"', '"claimed", "==1.0"')
    selection = Selection(scenarios=("first", "third"), platforms=("linux",))
    found = cells_of(parse(text, name="m.toml"), selection, known(scenarios, listed, told.append))
    assert [cell.split()[:2] for cell in short(found)] == [
        ["first/default", "1.0"],
        *(["third/default", version] for version in ("1.0", "2.0", "3.0")),
    ]
    (line,) = told
    assert line.startswith("first: uvicorn 9.9, which advisory 7 names as fixed, is not among the known releases")


def test_moments_are_an_axis(cells: Callable[..., tuple[Cell, ...]]) -> None:
    """A call's moments replace those of the matrix; ``today`` is a day, and the same cells as that day."""
    text = TEXT.replace('platforms = ["linux"]', 'platforms = ["linux"]\nas_of = ["release", "2024-05-01"]', 1)
    asked = {"scenarios": ("second",), "pythons": ("3.8",)}
    labels = [cell.recipe.label for cell in cells(text, **asked) if cell.release.version == "2.0"]
    assert labels == [None, "as-of-2024-05-01"]
    today = cells(text, **asked, moments=("today", TODAY.isoformat()))
    assert {cell.recipe.label for cell in today} == {f"as-of-{TODAY}"}
    assert len(today) == len({cell.release.version for cell in today})
    with pytest.raises(UsageError, match="--as-of is 2026-11-26, which has not begun"):
        cells(text, **asked, moments=("2026-11-26",))
