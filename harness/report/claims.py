"""Each claim beside what was measured; equal findings of several variants, Pythons and platforms are one row."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from harness import escaping
from harness.analysis.claims import Assessment
from harness.analysis.search import Strategy
from harness.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.analysis.claims import ClaimResult

_STYLES = {
    Assessment.CONFIRMED: "green",
    Assessment.NOT_FIXED: "red",
    Assessment.RELAPSED: "red",
    Assessment.UNHEALTHY_AT_CLAIM: "magenta",
}


_HOW = {Strategy.SWEEP: "sweep", Strategy.BISECT: "bisection", Strategy.SELECTION: "selection"}
# The assessments that say neither that the document is right nor that it is wrong.
SILENT = frozenset({Assessment.UNTESTED, Assessment.NOT_SEEN})


class ClaimRow(msgspec.Struct, frozen=True, kw_only=True):
    """What several histories say alike about one claim.

    ``where`` names the variants, Pythons and platforms of the histories. ``rests_on`` says how the histories came about
    and on how many judged releases they rest.
    """

    scenario: str
    document: str
    claimed_fixed: str
    assessment: Assessment
    sentence: str
    advice: str
    where: str
    rests_on: str


def findings(claims: Iterable[ClaimResult]) -> tuple[ClaimRow, ...]:
    """Return the rows, scenario by scenario; of a scenario, first the claims that could be measured."""

    def alike(claim: ClaimResult) -> tuple[str, bool, str, str, str, str, bool]:
        silent = claim.assessment in SILENT
        how = claim.strategy, claim.whole
        return claim.scenario, silent, claim.assessment, claim.sentence, claim.advice, *how

    groups = itertools.groupby(sorted(claims, key=alike), key=alike)
    return tuple(_finding(list(group)) for _, group in groups)


def _finding(group: Sequence[ClaimResult]) -> ClaimRow:
    first = group[0]
    places: dict[tuple[str, str], list[str]] = {}
    for claim in group:
        places.setdefault((claim.platform, claim.python), []).append(claim.variant)
    by_variants: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (platform, python), variants in places.items():
        by_variants.setdefault((platform, tuple(sorted(variants))), []).append(python)
    where = "; ".join(
        f"{', '.join(variants)} on Python {', '.join(sorted(pythons, key=_minor))}, {platform}"
        for (platform, variants), pythons in sorted(by_variants.items())
    )
    return ClaimRow(
        scenario=first.scenario,
        document=first.document,
        claimed_fixed=first.claimed_fixed,
        assessment=first.assessment,
        sentence=first.sentence,
        advice=first.advice,
        where=where,
        rests_on=_rests_on(group),
    )


def _rests_on(group: Sequence[ClaimResult]) -> str:
    """Say how the histories came about, and on how many judged releases they rest."""
    counts = sorted({claim.judged for claim in group})
    how = _HOW[group[0].strategy]
    what = f"a {how}" if group[0].whole else f"a {how} that left releases out"
    plural = "release" if counts == [1] else "releases"
    return f"{what}, {' to '.join(str(one) for one in dict.fromkeys((counts[0], counts[-1])))} {plural} judged"


def _minor(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.split("."))


def terminal(claims: Iterable[ClaimResult]) -> str:
    """Return the claims for a terminal."""
    from rich.console import Console  # noqa: PLC0415 - Markdown does not need it
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    with console.capture() as captured:
        for (scenario, document), group in itertools.groupby(findings(claims), key=lambda f: (f.scenario, f.document)):
            console.print(Text.assemble((scenario, "bold"), f"  {escaping.line(document)}"), soft_wrap=True)
            for finding in group:
                style = _STYLES.get(finding.assessment, "yellow")
                where = escaping.line(finding.where)
                rests_on = f"  ({finding.rests_on})"
                console.print(Text.assemble("  ", (finding.assessment, style), f"  {where}{rests_on}"), soft_wrap=True)
                told = f"{finding.sentence} {_capital(finding.advice)}".strip()
                console.print(Text(f"      {escaping.line(told)}"), soft_wrap=True)
            console.print()
    return captured.get()


def markdown(claims: Iterable[ClaimResult]) -> str:
    """Return the claims as a Markdown table."""
    head = ("failure", "the page says fixed in", "assessment", "measured", "advice", "on", "rests on")
    rows = [
        (f.scenario, f.claimed_fixed, f.assessment, f.sentence, f.advice, f.where, f.rests_on) for f in findings(claims)
    ]
    body = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(map(escape, row)) for row in rows)]
    return "\n".join(f"| {line} |" for line in body) + "\n"


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
