"""Each documented claim beside what was measured: alike ones of several variants, Pythons and platforms as one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.text import Text

from harness.analysis.claims import Assessment
from harness.report import clean
from harness.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.analysis.claims import ClaimResult

_STYLES = {Assessment.CONFIRMED: "green", Assessment.NOT_FIXED: "red", Assessment.UNHEALTHY_AT_CLAIM: "magenta"}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What several histories say alike about one claim; ``where`` names their variants, Pythons and platforms."""

    scenario: str
    document: str
    claimed_fixed: str
    assessment: Assessment
    sentence: str
    advice: str
    where: str


def findings(claims: Iterable[ClaimResult]) -> tuple[Finding, ...]:
    """Return the claims, scenario by scenario, what could be measured first."""

    def alike(claim: ClaimResult) -> tuple[str, bool, str, str, str]:
        untested = claim.assessment is Assessment.UNTESTED
        return claim.scenario, untested, claim.assessment, claim.sentence, claim.upgrade_to or ""

    groups = itertools.groupby(sorted(claims, key=alike), key=alike)
    return tuple(_finding(list(group)) for _, group in groups)


def _finding(group: Sequence[ClaimResult]) -> Finding:
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
    return Finding(
        scenario=first.scenario,
        document=first.document,
        claimed_fixed=first.claimed_fixed,
        assessment=first.assessment,
        sentence=first.sentence,
        advice=f"upgrade to {first.upgrade_to} or later" if first.upgrade_to else "",
        where=where,
    )


def _minor(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.split("."))


def terminal(claims: Iterable[ClaimResult]) -> str:
    """Return them for a terminal."""
    console = Console()
    with console.capture() as captured:
        for (scenario, document), group in itertools.groupby(findings(claims), key=lambda f: (f.scenario, f.document)):
            console.print(Text.assemble((scenario, "bold"), f"  {clean.line(document)}"), soft_wrap=True)
            for finding in group:
                style = _STYLES.get(finding.assessment, "yellow")
                where = clean.line(finding.where)
                console.print(Text.assemble("  ", (finding.assessment, style), f"  {where}"), soft_wrap=True)
                told = f"{finding.sentence} {_capital(finding.advice)}".strip()
                console.print(Text(f"      {clean.line(told)}"), soft_wrap=True)
            console.print()
    return captured.get()


def markdown(claims: Iterable[ClaimResult]) -> str:
    """Return them as a Markdown table."""
    head = ("failure", "the page says fixed in", "assessment", "measured", "advice", "on")
    rows = [(f.scenario, f.claimed_fixed, f.assessment, f.sentence, f.advice, f.where) for f in findings(claims)]
    body = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(map(escape, row)) for row in rows)]
    return "\n".join(f"| {line} |" for line in body) + "\n"


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
