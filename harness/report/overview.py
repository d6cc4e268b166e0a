"""A scenario in a few lines: what goes wrong, what documents claim, what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import escaping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.model.claim import Claim
    from harness.model.scenario import Scenario


def opening(scenario: Scenario) -> Iterator[str]:
    """Yield the lines about the failure itself, with what the scenario claims."""
    yield f"{scenario.id}: {scenario.title}"
    yield f"    subject   {scenario.subject}, on {', '.join(scenario.platforms)}"
    if scenario.references:
        yield f"    known as  {', '.join(scenario.references)}"
    yield from claimed(scenario.claims)


def claimed(claims: Iterable[Claim]) -> Iterator[str]:
    """Yield a line for each statement of some claims, escaped: a document may come from anybody."""
    for claim in claims:
        source = escaping.line("; ".join((claim.document, *claim.references)))
        for statement in claim.statements:
            where = f" {claim.condition}" if str(claim.condition) else ""
            yield f"    claimed   {escaping.line(f'{statement}{where}')} ({source})"


def measured(scenario: Scenario) -> Iterator[str]:
    """Yield the lines about what was measured."""
    for variant in scenario.variants:
        of_variant = [one for one in scenario.expectations if one.variant == variant.name]
        if not of_variant:
            yield f"    measured  {variant.name}: not yet"
        for one in of_variant:
            where = f"{variant.name}, Python {one.python}, {one.platform}"
            affected = " or ".join(one.affected) or "no release"
            yield f"    measured  {where}: affected: {affected} (of {one.first} to {one.last}, {one.date})"
