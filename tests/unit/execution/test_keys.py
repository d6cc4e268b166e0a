"""The key of a stored result, attacked: no two cells whose verdicts may differ have the same one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.catalog.closure import Closure
from harness.catalog.loading import LoadedScenario
from harness.environments import runtimes, store, wine
from harness.environments.backend import Request, Resolution
from harness.execution.keys import Keys, keys_of
from harness.model.cell import Cell
from harness.model.recipe import Copy, DependenciesOf, OwnMoment
from harness.model.release import Release
from harness.results import entries

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from harness.model.scenario import Scenario

NOW = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
# Few different words, so that what belongs to one field often stands in another.
WORD = st.sampled_from(
    [
        "a",
        "b",
        "a==1",
        "b==1",
        "copy 1",
        "Wine 8.0",
        "linux",
        "3.8",
        "3.8.1",
        "",
        "a\nb",
        "1",
        "\0",
        "a-1",
        "1-a",
        "a_1",
    ]
)
FIELDS = st.fixed_dictionaries(
    {
        "scenario": WORD,
        "variant": WORD,
        "subject": WORD,
        "version": WORD,
        "python": WORD,
        "platform": st.sampled_from(
            ["linux", "macos", "windows", "windows-wine", "docker:debian:12", "docker:debian:13"]
        ),
        "digest": WORD,
        "judgement": WORD,
        "interpreter": WORD,
        "python_full": WORD,
        "runtime": st.none() | WORD,
        "copy": st.integers(0, 2),
        "pins": st.frozensets(WORD, max_size=3),
    }
)


def key(fields: dict[str, Any], scenario: Scenario) -> str:
    """Return the key of what the fields say."""
    cell = Cell(
        release=Release(version=fields["version"], uploaded=NOW),
        **{name: fields[name] for name in ("scenario", "variant", "subject", "python", "platform")},
        recipe=Copy(number=fields["copy"]) if fields["copy"] else OwnMoment(),
    )
    resolution = Resolution(
        request=Request(
            subject=cell.subject, requirements=(), as_of=NOW, python=cell.python, platform=fields["platform"]
        ),
        pins=tuple(fields["pins"]),
        **{name: fields[name] for name in ("interpreter", "python_full", "runtime", "copy")},
    )
    made = Closure(trial=fields["digest"], judgement=fields.get("judgement", ""))
    loaded = LoadedScenario(scenario=scenario, module=Path("m.py"), applications=(), digest=lambda: made)
    keys = keys_of(cell, loaded, resolution)
    assert keys.trial != keys.result
    return keys.result


@given(FIELDS, FIELDS)
def test_different_cells_have_different_keys(
    make_scenario: Callable[..., Scenario], one: dict[str, Any], other: dict[str, Any]
) -> None:
    """Whatever of scenario, release, pins, interpreter, Python, platform, runtime and copy it is that differs."""
    scenario = make_scenario()
    assume(one != other)
    assert key(one, scenario) != key(other, scenario)


@given(FIELDS, st.data())
def test_any_single_change_is_another_key(
    make_scenario: Callable[..., Scenario], fields: dict[str, Any], data: st.DataObject
) -> None:
    """One field at a time: the nearest that two cells can be."""
    scenario = make_scenario()
    name = data.draw(st.sampled_from(sorted(fields)))
    changed = {**fields, name: data.draw(FIELDS)[name]}
    assume(changed != fields)
    assert key(changed, scenario) != key(fields, scenario)


@given(FIELDS, st.randoms(use_true_random=False))
def test_same_cell_has_the_same_key(
    make_scenario: Callable[..., Scenario], fields: dict[str, Any], chance: random.Random
) -> None:
    """In whatever order the pins come: otherwise nothing would ever be found again."""
    pins = list(fields["pins"])
    chance.shuffle(pins)
    assert key({**fields, "pins": tuple(pins)}, make_scenario()) == key(fields, make_scenario())


FIRST = {
    "scenario": "s",
    "variant": "v",
    "subject": "p",
    "version": "1",
    "python": "3.8",
    "digest": "d",
    "interpreter": "/i",
    "python_full": "3.8.1",
    "runtime": None,
    "copy": 0,
    "pins": frozenset({"p==1"}),
}


@pytest.mark.parametrize(
    ("module", "platform", "differs"),
    [
        (entries, "linux", True),
        (store, "linux", True),
        (store, "windows-wine", True),
        (wine, "windows-wine", True),
        (runtimes, "windows-wine", True),
        (wine, "linux", False),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_raised_protocol_is_another_key(
    module: Any,  # noqa: ANN401 - a module with a PROTOCOL
    platform: str,
    differs: bool,  # noqa: FBT001 - a column of the table
    make_scenario: Callable[..., Scenario],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As CONTRIBUTING says, of those that the platform depends on."""
    fields = {**FIRST, "platform": platform}
    before = key(fields, make_scenario())
    monkeypatch.setattr(module, "PROTOCOL", module.PROTOCOL + 1)
    assert (key(fields, make_scenario()) != before) is differs


def test_dependencies_of_another_release_are_another_key(
    make_scenario: Callable[..., Scenario], make_cell: Callable[..., Cell], make_release: Callable[..., Release]
) -> None:
    """A control is never taken for the cell that it stands beside, though it may have the same pins."""
    made = Closure(trial="t", judgement="j")
    loaded = LoadedScenario(scenario=make_scenario(), module=Path("m.py"), applications=(), digest=lambda: made)
    cell = make_cell()
    request = Request(subject="uvicorn", requirements=(), as_of=NOW, python="3.12", platform="linux")
    resolution = Resolution(request=request, interpreter="/i", python_full="3.12.1", pins=("uvicorn==0.27.0",))
    control = msgspec.structs.replace(cell, recipe=DependenciesOf(release=make_release("0.28.0")))
    one, other = keys_of(control, loaded, resolution), keys_of(cell, loaded, resolution)
    assert one.trial != other.trial
    assert one.result != other.result


def test_a_companion_of_another_day_counts_where_it_is_the_same(
    make_scenario: Callable[..., Scenario], make_cell: Callable[..., Cell]
) -> None:
    """What was resolved is what a trial depends on, not the day on which it was asked for."""
    made = Closure(trial="t", judgement="j")
    loaded = LoadedScenario(scenario=make_scenario(), module=Path("m.py"), applications=(), digest=lambda: made)

    def keys(day: int, *pins: str) -> Keys:
        moments = (("h11", NOW.replace(day=day)),)
        request = Request(
            subject="uvicorn", requirements=("h11",), as_of=NOW, python="3.12", platform="linux", moments=moments
        )
        resolution = Resolution(request=request, interpreter="/i", python_full="3.12.1", pins=pins)
        return keys_of(make_cell(), loaded, resolution)

    assert keys(1, "h11==1", "uvicorn==0.27.0") == keys(2, "h11==1", "uvicorn==0.27.0")
    assert keys(1, "h11==1", "uvicorn==0.27.0").trial != keys(2, "h11==2", "uvicorn==0.27.0").trial
