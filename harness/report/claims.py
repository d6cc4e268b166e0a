"""Each claim beside what was measured; equal findings of several variants, Pythons and platforms are one row."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from harness import escaping
from harness.analysis.assessment import SILENT, Assessment
from harness.analysis.search import Strategy
from harness.analysis.sentences import said
from harness.model.claim import Fixed, Kind, Statement
from harness.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.analysis.claims import ClaimResult

_STYLES = {
    Assessment.CONFIRMED: "green",
    Assessment.NOT_FIXED: "red",
    Assessment.TOO_NARROW: "red",
    Assessment.RELAPSED: "red",
    Assessment.UNHEALTHY_AT_CLAIM: "magenta",
}


_KINDS = tuple(Kind)
_HOW = {Strategy.SWEEP: "sweep", Strategy.BISECT: "bisection", Strategy.SELECTION: "selection"}


class ClaimRow(msgspec.Struct, frozen=True, kw_only=True):
    """What several histories say alike about one statement of a document.

    ``references`` are the document's names of the failure. ``where`` names the variants, Pythons and platforms of the
    histories. ``rests_on`` says how the histories came about and on how many judged releases they rest.
    """

    scenario: str
    document: str
    references: tuple[str, ...]
    statement: Statement
    assessment: Assessment
    sentence: str
    advice: str
    where: str
    rests_on: str

    @property
    def measured(self) -> str:
        """The sentence, without its opening where that only repeats the release that is called fixed."""
        is_fix = isinstance(self.statement, Fixed)
        return self.sentence.removeprefix(said(self.statement)).lstrip() if is_fix else self.sentence


def findings(claims: Iterable[ClaimResult]) -> tuple[ClaimRow, ...]:
    """Return the rows by scenario and document; of a document, first the statements that could be measured."""

    def alike(claim: ClaimResult) -> tuple[object, ...]:
        silent = claim.assessment in SILENT
        how = ("", False) if claim.kind is Kind.COMMIT else (claim.strategy, claim.whole)  # no history is about it
        told = claim.assessment, claim.sentence, claim.advice, *how
        return claim.scenario, claim.document, silent, _KINDS.index(claim.kind), str(claim.statement), *told

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
        references=first.references,
        statement=first.statement,
        assessment=first.assessment,
        sentence=first.sentence,
        advice=first.advice,
        where=where,
        rests_on=_rests_on(group),
    )


def _rests_on(group: Sequence[ClaimResult]) -> str:
    """Say how the histories came about, and on how many judged releases they rest."""
    if group[0].kind is Kind.COMMIT:
        return "no commit was tried"
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
    head = ("failure", "document", "says", "assessment", "measured", "advice", "on", "rests on")
    rows = [
        (f.scenario, f.document, str(f.statement), f.assessment, f.sentence, f.advice, f.where, f.rests_on)
        for f in findings(claims)
    ]
    body = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(map(escape, row)) for row in rows)]
    return "\n".join(f"| {line} |" for line in body) + "\n"


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
