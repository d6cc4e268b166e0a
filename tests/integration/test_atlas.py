"""Each scenario shows its failure in a release that has it, and its absence in one that has not, as it did when kept.

The cells are those of the kept evidence: of each scenario one variant of which both sides are kept. CI runs a drawn
part of the scenarios; the draw is printed. All of them, or the draw of another day:

    HARNESS_DRAW=all python -m pytest tests/integration/test_atlas.py
    HARNESS_DRAW=2026-11-25 python -m pytest tests/integration/test_atlas.py
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import random
from typing import TYPE_CHECKING

import pytest

from harness.model.verdict import Verdict
from tests import kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kept import Kept

pytestmark = pytest.mark.xdist_group("releases")
DRAWN = 8  # scenarios; with 40 s for a scenario, and far more waiting than computing, some minutes at most
SIDES = (Verdict.REPRODUCED, Verdict.ABSENT)


def of_own_platform(one: Kept) -> bool:
    """Whether a kept trial can be run here as it was."""
    return one.evidence.platform == "linux" and not one.path.is_relative_to(kept.TOYS)


def sides(draw: random.Random) -> dict[str, tuple[Kept, ...]]:
    """Return both sides of one variant of each scenario that has both."""
    found: dict[str, list[tuple[Kept, ...]]] = {}
    trials = sorted(filter(of_own_platform, kept.everything()), key=_variant)
    for (scenario, _), group in itertools.groupby(trials, key=_variant):
        of = {one.verdict: one for one in group}
        if all(side in of for side in SIDES):
            found.setdefault(scenario, []).append(tuple(of[side] for side in SIDES))
    return {scenario: draw.choice(pairs) for scenario, pairs in found.items()}


def _variant(one: Kept) -> tuple[str, str]:
    return one.scenario.id, one.evidence.variant


def row(one: Kept) -> str:
    """Return the row of a matrix that has the cell of a kept trial."""
    seen = one.evidence
    return (
        f'[[cells]]\nscenarios = ["{seen.scenario}"]\nvariants = ["{seen.variant}"]\nreleases = ["=={seen.version}"]\n'
        f'pythons = ["{seen.python}"]\nplatforms = ["linux"]\n'
    )


def test_both_sides_of_each_scenario(
    verdicts: Callable[..., dict[str, str]], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """A verdict that was kept is the verdict of today."""
    told = os.environ.get("HARNESS_DRAW", dt.datetime.now(dt.UTC).date().isoformat())
    draw = random.Random(told)  # noqa: S311 - a draw that can be repeated
    pairs = sides(draw)
    names = sorted(pairs) if told == "all" else sorted(draw.sample(sorted(pairs), min(DRAWN, len(pairs))))
    record_property("draw", f"HARNESS_DRAW={told}: {len(names)} of {len(pairs)} scenarios: {', '.join(names)}")
    matrix = tmp_path / "drawn.toml"
    matrix.write_text("\n".join(row(one) for name in names for one in pairs[name]))
    expected = {one.evidence.cell.removesuffix("_linux"): str(one.verdict) for name in names for one in pairs[name]}
    assert verdicts("--matrix", str(matrix)) == expected
