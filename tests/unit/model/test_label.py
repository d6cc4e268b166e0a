"""Labels are read back: to which series a cell belongs, and beside which cell a control stands."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from harness.model.coordinates import Over, SeriesKey
from harness.model.label import Label, read
from harness.model.names import ControlName, fits
from harness.model.recipe import Copy, DependenciesOf, NamedMoment, OwnMoment, Recipe, With
from harness.model.release import Release

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.cell import Cell
    from harness.model.result import CellResult

DAY = "2026-11-01"
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
RELEASE = Release(version="2.0.post1", uploaded=NOW)
LABELS: list[tuple[Recipe, Label]] = [
    (OwnMoment(), Label()),
    (NamedMoment(at=NOW), Label(day=DAY)),
    (Copy(number=3), Label(is_control=True)),
    (Copy(number=3, at=NOW), Label(day=DAY, is_control=True)),
    (DependenciesOf(release=RELEASE), Label(is_control=True)),
    (DependenciesOf(release=RELEASE, at=NOW), Label(day=DAY, is_control=True)),
    (With(package="h11", release=RELEASE), Label(package="h11", release="2.0.post1")),
    (With(package="a-b-3", release=RELEASE, at=NOW), Label(day=DAY, package="a-b-3", release="2.0.post1")),
    (With(package="as-of", release=RELEASE), Label(package="as-of", release="2.0.post1")),
]


@pytest.mark.parametrize(("recipe", "said"), LABELS)
def test_a_label_says_what_its_recipe_is(recipe: Recipe, said: Label) -> None:
    """And is one that a document may hold."""
    assert read(recipe.label) == said
    assert recipe.label is None or fits(recipe.label, ControlName)


@pytest.mark.parametrize("recipe", [recipe for recipe, _ in LABELS])
def test_a_result_is_of_the_series_of_its_cell(
    recipe: Recipe, make_cell: Callable[..., Cell], make_result: Callable[..., CellResult]
) -> None:
    """Whoever reads it knows that from the label alone."""
    cell = make_cell(recipe=recipe)
    result = make_result(id=cell.id, control=recipe.label)
    assert result.fault is None
    assert result.key == cell.key


def test_moments_and_dependencies_make_series_of_their_own(make_cell: Callable[..., Cell]) -> None:
    """A control is of the series that it stands in."""
    usual = make_cell().key
    assert usual.is_usual
    assert make_cell(recipe=Copy(number=1)).key == make_cell(version="0.28.0").key == usual
    of_day = make_cell(recipe=NamedMoment(at=NOW)).key
    assert (of_day.as_of, of_day.is_usual) == (DAY, False)
    assert make_cell(recipe=DependenciesOf(release=RELEASE, at=NOW)).key == of_day
    over = make_cell(recipe=With(package="h11", release=RELEASE)).key
    assert over == SeriesKey(**make_cell().axes, over=Over(package="h11", held="0.27.0"))
    assert str(over).endswith("Python 3.12, linux, over h11 with uvicorn 0.27.0")
    assert len({key.place for key in (usual, of_day, over)}) == 3


@pytest.mark.parametrize(
    ("recipe", "base"),
    [
        (NamedMoment(at=NOW), NamedMoment(at=NOW)),
        (Copy(number=1, at=NOW), NamedMoment(at=NOW)),
        (Copy(number=1), OwnMoment()),
        (With(package="h11", release=RELEASE), OwnMoment()),
        (With(package="h11", release=RELEASE, at=NOW), NamedMoment(at=NOW)),
    ],
)
def test_a_cell_stands_beside_one_of_its_moment(
    recipe: Recipe, base: Recipe, make_cell: Callable[..., Cell], make_result: Callable[..., CellResult]
) -> None:
    """Which a selection of that one brings along."""
    result = make_result(id=make_cell(recipe=recipe).id, control=recipe.label)
    assert result.base == make_cell(recipe=base).id


def test_a_day_that_does_not_exist_is_refused(make_result: Callable[..., CellResult]) -> None:
    """Its form is right, so that only a look at the calendar tells."""
    named = "some-failure_default_uvicorn-0.27.0_py3.12_linux_as-of-2026-02-30"
    result = make_result(id=named, control="as-of-2026-02-30")
    assert result.fault == "its moment is no day: '2026-02-30'"
