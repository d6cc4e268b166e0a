"""The published report: made from measurements of every scenario, and good enough to trust the scenarios by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.analysis.controls import indistinct
from harness.analysis.document import document_of
from harness.catalog import loading
from harness.claims.documents import claims_in
from harness.model.verdict import Verdict
from harness.results.published import Published
from harness.results.sources import PUBLISHED
from tests import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.result import CellResult
    from harness.model.scenario import Scenario


@pytest.fixture(scope="module")
def published() -> Published:
    """The report."""
    return Published(PUBLISHED, where="the published report")


def variants_of(scenarios: Mapping[str, Scenario]) -> dict[str, list[str]]:
    """Return the names of every scenario's variants."""
    return {name: [variant.name for variant in scenario.variants] for name, scenario in scenarios.items()}


def test_every_scenario_tells_good_from_bad(published: Published, bundled: Mapping[str, Scenario]) -> None:
    """A signature that fires everywhere, or nowhere, is no scenario; what is not published has kept trials of both."""
    shown = {cell.scenario for cell in published.latest()}
    variants = {name: of for name, of in variants_of(bundled).items() if name in shown}
    assert list(indistinct(published.latest(), variants)) == []
    sides = {(one.scenario.id, one.verdict) for one in kept.everything()}
    for name in set(bundled) - shown:
        assert {(name, Verdict.REPRODUCED), (name, Verdict.ABSENT)} <= sides, name


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict.REPRODUCED, ["some-failure default: no server is known on which the signature is absent"]),
        (Verdict.ABSENT, ["some-failure default: the signature was never observed, so its absence shows nothing"]),
    ],
)
def test_a_scenario_that_says_one_thing_is_told(
    verdict: Verdict, told: list[str], make_result: Callable[..., CellResult]
) -> None:
    """On a server known good and on one known bad alike."""
    results = [make_result(scenario="some-failure", variant="default", version=v, verdict=verdict) for v in ("1", "2")]
    assert list(indistinct(results, {"some-failure": ["default"]})) == told


def test_histories_follow_from_the_cells(published: Published) -> None:
    """Nothing in it was written by hand: all of it is computed from its cells again."""
    claims = claims_in([loading.bundled("claims")])
    again = document_of(published.latest(), releases=published.releases, claims=claims, searched=published.searched)
    assert again.histories == published.document.histories
    assert again.claims == published.document.claims


def test_expectations_are_the_published_histories(published: Published, bundled: Mapping[str, Scenario]) -> None:
    """What later runs expect is what the report shows, of every release that was judged."""
    judged = [cell for cell in published.latest() if cell.control is None and cell.verdict.is_judged]
    assert len(judged) > 1000
    for cell in judged:
        where = {"variant": cell.variant, "python": cell.python, "platform": cell.platform}
        assert bundled[cell.scenario].expects(version=cell.version, **where) is cell.verdict, cell.id


def test_every_document_is_assessed(published: Published, bundled: Mapping[str, Scenario]) -> None:
    """Each of the pages about what is published has a verdict of its own from at least one history."""
    assessed = {claim.scenario for claim in published.document.claims if claim.assessment != "untested"}
    assert assessed == set(bundled) & {history.scenario for history in published.document.histories}
