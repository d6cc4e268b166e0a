"""Recipes: each that is not the usual one is a part of the cell's id, and travels with the task."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.decoding import decode
from harness.model.names import CellId, ControlName, fits
from harness.model.recipe import Copy, DependenciesOf, InPlace, NamedMoment, OwnMoment, Pins, Recipe
from harness.model.release import Release
from harness.model.task import DatedRequirement, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.cell import Cell

NOW = dt.datetime(2026, 11, 1, 12, 30, tzinfo=dt.UTC)
BESIDE = DatedRequirement(requirement="h11<0.12", as_of=NOW)
RECIPES: dict[str, Recipe] = {
    "as-of-2026-11-01": NamedMoment(at=NOW),
    "dependencies-of-0.28.0": DependenciesOf(release=Release(version="0.28.0", uploaded=NOW)),
    "copy-1": Copy(number=1),
    "pins-": Pins(pins=("uvicorn==0.27.0", "h11==0.14.0"), at=NOW),
    "in-place-": InPlace(interpreter="/srv/app/bin/python"),
}


def test_the_usual_recipe_is_no_part_of_the_id(make_cell: Callable[..., Cell]) -> None:
    """Whether it is named or not."""
    assert make_cell().id == make_cell(recipe=OwnMoment()).id == "some-failure_default_uvicorn-0.27.0_py3.12_linux"


@pytest.mark.parametrize("label", RECIPES)
def test_each_other_recipe_is(label: str, make_cell: Callable[..., Cell]) -> None:
    """At the end, so that the cell that it stands beside is seen."""
    cell = make_cell(recipe=RECIPES[label])
    assert cell.id.startswith(f"{make_cell().id}_{label}")
    assert fits(cell.id, CellId)
    assert fits(cell.recipe.label, ControlName)


def test_no_two_recipes_have_one_id(make_cell: Callable[..., Cell]) -> None:
    """Nor do two environments in place, or two sets of pins; their order is no difference."""
    others = (
        InPlace(interpreter="/srv/other/bin/python"),
        Pins(pins=("uvicorn==0.27.0", "h11==0.13.0"), at=NOW),
        Copy(number=2),
        NamedMoment(at=NOW + dt.timedelta(days=1)),
    )
    recipes = [OwnMoment(), *RECIPES.values(), *others]
    assert len({make_cell(recipe=recipe).id for recipe in recipes}) == len(recipes)
    turned = Pins(pins=("h11==0.14.0", "uvicorn==0.27.0"), at=NOW)
    assert make_cell(recipe=turned).id == make_cell(recipe=RECIPES["pins-"]).id


@pytest.mark.parametrize("recipe", [OwnMoment(), *RECIPES.values()], ids=lambda one: type(one).__name__)
def test_a_task_can_be_sent(recipe: Recipe, make_cell: Callable[..., Cell]) -> None:
    """It comes back as what it was, with the trials that are left to run."""
    task = Task(cell=make_cell(recipe=recipe), scenario="0" * 20, companions=(BESIDE,), first=2, trials=5)
    assert decode(msgspec.json.encode(task), Task) == task
    assert list(task.numbers) == [2, 3, 4, 5]
