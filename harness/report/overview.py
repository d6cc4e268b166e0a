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
        of_variant = [one for one in scenario.expectations if one.variant == variant.name]
        if not of_variant:
            yield f"    measured  {variant.name}: not yet"
        for one in of_variant:
            where = f"{variant.name}, Python {one.python}, {one.platform}"
            affected = " or ".join(one.affected) or "no release"
            yield f"    measured  {where}: affected: {affected} (of {one.first} to {one.last}, {one.date})"
