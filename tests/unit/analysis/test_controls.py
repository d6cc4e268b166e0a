"""The harness compared with itself: a cell, its copy, and whether they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.analysis.controls import differences, twins
from harness.model.recipe import DependenciesOf
from harness.model.result import result_of
from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.cell import Cell
    from harness.model.release import Release
    from harness.model.result import CellResult
    from harness.model.scenario import Scenario


@pytest.fixture
def result(make_scenario: Callable[..., Scenario]) -> Callable[[Cell, Verdict], CellResult]:
    """Make the result of a cell."""

    def make(cell: Cell, verdict: Verdict) -> CellResult:
        return result_of(cell, make_scenario(), Judgement(verdict=verdict, reason="ill", signature="seen"))

    return make


def test_twins_differ_in_their_id_alone(make_cell: Callable[..., Cell]) -> None:
    """The copy is a control, and stands beside its cell."""
    one, other = twins(make_cell())
    assert one == make_cell()
    assert (one.recipe.label, other.recipe.label) == (None, "copy-1")
    assert other.id == f"{one.id}_copy-1"


def test_alike_twins_do_not_differ(
    make_cell: Callable[..., Cell], result: Callable[[Cell, Verdict], CellResult]
) -> None:
    """Whatever the verdict."""
    results = [
        result(twin, verdict)
        for number, verdict in enumerate((Verdict.REPRODUCED, Verdict.UNHEALTHY, Verdict.NOT_RUN))
        for twin in twins(make_cell(version=f"0.{number}"))
    ]
    assert differences(results) == ()


def test_every_difference_is_found(
    make_cell: Callable[..., Cell], result: Callable[[Cell, Verdict], CellResult]
) -> None:
    """The pair that differs, not its neighbours; a judged one against one that could not be judged is one too."""
    same, differs = twins(make_cell(version="0.1")), twins(make_cell(version="0.2"))
    results = [*(result(twin, Verdict.REPRODUCED) for twin in same)]
    results += [result(differs[0], Verdict.REPRODUCED), result(differs[1], Verdict.UNHEALTHY)]
    assert [(one.id, other.id) for one, other in differences(reversed(results))] == [(differs[0].id, differs[1].id)]


def test_copy_alone_differs_from_nothing(
    make_cell: Callable[..., Cell], result: Callable[[Cell, Verdict], CellResult]
) -> None:
    """Its cell was not run."""
    assert differences([result(twins(make_cell())[1], Verdict.REPRODUCED)]) == ()


def test_release_with_the_dependencies_of_another_is_no_copy(
    make_cell: Callable[..., Cell],
    make_release: Callable[..., Release],
    result: Callable[[Cell, Verdict], CellResult],
) -> None:
    """It is a control as well, and may show whatever it does."""
    exchanged = make_cell(recipe=DependenciesOf(release=make_release("0.28.0")))
    assert differences([result(make_cell(), Verdict.REPRODUCED), result(exchanged, Verdict.UNHEALTHY)]) == ()
