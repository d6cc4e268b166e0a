"""A scenario in a few lines: what goes wrong, what a document claims, what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model.scenario import Scenario


def lines(scenario: Scenario) -> Iterator[str]:
    """Yield the lines, the claim and the measurement kept apart."""
    yield f"{scenario.id}: {scenario.title}"
    yield f"    subject   {scenario.subject}, on {', '.join(scenario.platforms)}"
    if claim := scenario.claim:
        yield f"    claimed   fixed in {claim.fixed} ({claim.document}; {claim.issue})"
    for variant in scenario.variants:
        ranges = " or ".join(variant.affected or ()) or "no release"
        measured = "not yet" if variant.affected is None else f"affected: {ranges}"
        yield f"    measured  {variant.name}: {measured}"
        for python, specs in variant.affected_on.items():
            yield f"              on Python {python}: affected: {' or '.join(specs) or 'no release'}"
