"""What caused a boundary: every combination of verdicts of its four cells."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.analysis.attribution import Attribution, Cause, Change, FourCells, attribute, changes
from harness.analysis.history import Boundary, Point
from harness.model.result import CellResult, EnvironmentResult
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

R, A = Verdict.REPRODUCED, Verdict.ABSENT
UNJUDGED = [verdict for verdict in Verdict if not verdict.is_judged]
CELLS = FourCells(older="older", older_exchanged="older with new", newer_exchanged="newer with old", newer="newer")
NAMES = (CELLS.older, CELLS.older_exchanged, CELLS.newer_exchanged, CELLS.newer)
BOUNDARY = Boundary(older=Point(label="0.1", verdict=R), newer=Point(label="0.2", verdict=A))

# By the verdicts of: the older one, the older with the newer's dependencies, the newer with the older's, the newer.
CAUSES: dict[tuple[Verdict, ...], Cause] = {
    # the failure is in the older release, whatever it runs with
    (R, R, A, A): Cause.SUBJECT,
    (A, A, R, R): Cause.SUBJECT,
    # it goes with the dependencies
    (R, A, R, A): Cause.DEPENDENCY,
    (A, R, A, R): Cause.DEPENDENCY,
    # either will do, or it takes both
    (R, A, A, A): Cause.BOTH,
    (R, R, R, A): Cause.BOTH,
    (A, R, R, R): Cause.BOTH,
    (A, A, A, R): Cause.BOTH,
}


def results_of(verdicts: Sequence[Verdict], make_result: Callable[..., CellResult]) -> dict[str, CellResult]:
    """Return the results of the four cells; the dependencies of the two releases differ in h11."""
    pins = ({"uvicorn": "0.1", "h11": "0.8"}, {"uvicorn": "0.2", "h11": "0.9"})
    return {
        name: make_result(
            id=name,
            verdict=verdict,
            reason=None if verdict.is_judged else "it is ill",
            environment=EnvironmentResult(interpreter="/python", pins=pins[place > 1], resolved_as_of="2024"),
        )
        for place, (name, verdict) in enumerate(zip(NAMES, verdicts, strict=True))
    }


@pytest.mark.parametrize("verdicts", list(itertools.product((R, A), repeat=4)), ids=", ".join)
def test_cause(verdicts: tuple[Verdict, ...], make_result: Callable[..., CellResult]) -> None:
    """By hand for all that can stand at a boundary; of what cannot, only that nothing is undetermined."""
    found = attribute(BOUNDARY, CELLS, results_of(verdicts, make_result))
    if verdicts[0] is not verdicts[3]:
        assert found.cause is CAUSES[verdicts]
    assert found.cause is not Cause.UNDETERMINED
    assert found.reason is None
    assert found.verdicts == dict(zip(NAMES, verdicts, strict=True))
    assert found.changed == {"h11": Change(older="0.8", newer="0.9")}


def test_table_of_causes_is_whole() -> None:
    """Each combination with a boundary in it."""
    assert set(CAUSES) == {found for found in itertools.product((R, A), repeat=4) if found[0] is not found[3]}


@pytest.mark.parametrize("unjudged", UNJUDGED)
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("verdicts", list(CAUSES), ids=", ".join)
def test_unjudged_cell_leaves_the_cause_undetermined(
    unjudged: Verdict, place: int, verdicts: tuple[Verdict, ...], make_result: Callable[..., CellResult]
) -> None:
    """Whatever the other three show; the reason names it."""
    given = [unjudged if number == place else verdict for number, verdict in enumerate(verdicts)]
    found = attribute(BOUNDARY, CELLS, results_of(given, make_result))
    assert found.cause is Cause.UNDETERMINED
    assert found.reason == f"{NAMES[place]} is {unjudged}"


@pytest.mark.parametrize("missing", NAMES)
def test_missing_cell_leaves_the_cause_undetermined(missing: str, make_result: Callable[..., CellResult]) -> None:
    """As after an interruption, or in a bisection of which only some cells are stored."""
    results = results_of((R, R, A, A), make_result)
    del results[missing]
    found = attribute(BOUNDARY, CELLS, results)
    assert found.cause is Cause.UNDETERMINED
    assert found.reason == f"{missing} is not-run"
    assert found.verdicts[missing] is Verdict.NOT_RUN


def test_without_exchanged_cells_it_is_the_subject(make_result: Callable[..., CellResult]) -> None:
    """Equal dependencies: the own cells stand for the exchanged ones."""
    cells = FourCells(older="older", older_exchanged="older", newer="newer", newer_exchanged="newer")
    results = {
        "older": make_result(id="older", verdict=R),
        "newer": make_result(id="newer", verdict=A),
    }
    found = attribute(BOUNDARY, cells, results)
    assert found.cause is Cause.SUBJECT
    assert found.verdicts == {"older": R, "newer": A}


@pytest.mark.parametrize(("verdicts", "fixes"), [((R, A), True), ((A, R), False)])
def test_direction(verdicts: tuple[Verdict, Verdict], make_result: Callable[..., CellResult], *, fixes: bool) -> None:
    """Whether the failure goes or comes."""
    older, newer = verdicts
    boundary = Boundary(older=Point(label="0.1", verdict=older), newer=Point(label="0.2", verdict=newer))
    found: Attribution = attribute(boundary, CELLS, results_of((older, older, newer, newer), make_result))
    assert (found.older, found.newer, found.fixes) == ("0.1", "0.2", fixes)


PURE, COMPILED, SOURCE = "wheel py3-none-any", "wheel cp38-cp38-linux, compiled", "built from source, compiled"


@pytest.mark.parametrize(
    ("kinds", "verdicts", "cause"),
    [
        # only one of the two is compiled: what the subject itself changed cannot be told from that
        ((PURE, SOURCE), (R, R, A, A), Cause.BUILD),
        ((COMPILED, PURE), (A, A, R, R), Cause.BUILD),
        # both are, or none
        ((COMPILED, SOURCE), (R, R, A, A), Cause.SUBJECT),
        ((PURE, "built from source"), (R, R, A, A), Cause.SUBJECT),
        # the exchange of dependencies explains it
        ((PURE, SOURCE), (R, A, R, A), Cause.DEPENDENCY),
        ((PURE, SOURCE), (R, A, A, A), Cause.BOTH),
        # not known of one of them
        ((PURE, None), (R, R, A, A), Cause.SUBJECT),
    ],
)
def test_kind_of_file_is_a_cause_of_its_own(
    kinds: tuple[str, str | None],
    verdicts: tuple[Verdict, ...],
    cause: Cause,
    make_result: Callable[..., CellResult],
) -> None:
    """A release that was compiled beside one that was not runs other code, whatever changed in its source."""
    results = results_of(verdicts, make_result)
    for name, kind in zip((CELLS.older, CELLS.newer), kinds, strict=True):
        environment = results[name].environment
        assert environment is not None
        files = {"h11": PURE} | ({"uvicorn": kind} if kind else {})
        results[name] = msgspec.structs.replace(
            results[name], environment=msgspec.structs.replace(environment, files=files)
        )
    found = attribute(BOUNDARY, CELLS, results)
    assert found.cause is cause
    if cause is Cause.BUILD:
        assert found.files == Change(older=kinds[0], newer=kinds[1])


@pytest.mark.parametrize(
    ("older", "newer", "changed"),
    [
        ({}, {}, {}),
        ({"h11": "0.8"}, {"h11": "0.8"}, {}),
        ({"h11": "0.8"}, {"h11": "0.9"}, {"h11": ("0.8", "0.9")}),
        ({"h11": "0.8"}, {"click": "8"}, {"click": (None, "8"), "h11": ("0.8", None)}),
        ({"uvicorn": "0.1", "h11": "0.8"}, {"uvicorn": "0.2", "h11": "0.8"}, {}),
    ],
)
def test_changes(
    older: Mapping[str, str],
    newer: Mapping[str, str],
    changed: Mapping[str, tuple[str | None, str | None]],
    make_result: Callable[..., CellResult],
) -> None:
    """What differs, with both versions; the subject itself is no dependency of itself."""
    made = [
        make_result(environment=EnvironmentResult(interpreter="/python", pins=dict(pins), resolved_as_of="2024"))
        for pins in (older, newer)
    ]
    found = changes(made[0], made[1])
    assert {name: (change.older, change.newer) for name, change in found.items()} == changed
    assert list(found) == sorted(found)


def test_subject_is_known_by_any_spelling_of_its_name(make_result: Callable[..., CellResult]) -> None:
    """Pins have the canonical one."""
    made = [
        make_result(
            subject="My_Server",
            environment=EnvironmentResult(interpreter="/p", pins={"my-server": version}, resolved_as_of="2024"),
        )
        for version in ("1", "2")
    ]
    assert changes(made[0], made[1]) == {}


@pytest.mark.parametrize(
    ("verdicts", "refused", "cause"),
    [
        ((R, R, A, A), "older", Cause.UNDETERMINED),
        ((R, R, A, A), "newer", Cause.UNDETERMINED),
        ((R, A, R, A), "older", Cause.DEPENDENCY),  # what was exchanged was enough
        ((R, A, A, A), "older", Cause.BOTH),
        ((R, A, A, A), "newer", Cause.UNDETERMINED),
    ],
)
def test_what_could_not_be_exchanged_proves_nothing(
    verdicts: tuple[Verdict, ...], refused: str, cause: Cause, make_result: Callable[..., CellResult]
) -> None:
    """A release that keeps its verdict may do so because of the very pin that its declaration excludes."""
    results = results_of(verdicts, make_result)
    name = CELLS.older_exchanged if refused == "older" else CELLS.newer_exchanged
    before = results[name].environment
    assert before is not None
    why = {"h11": "h11==0.9: it depends on h11<0.9"}
    environment = msgspec.structs.replace(before, not_exchanged=why)
    results[name] = msgspec.structs.replace(results[name], environment=environment)
    found = attribute(BOUNDARY, CELLS, results)
    assert (found.cause, found.not_exchanged) == (cause, {name: why})
    said = f"{name} could not have h11==0.9: it depends on h11<0.9"
    assert found.reason == (said if cause is Cause.UNDETERMINED else None)
