"""Each claim beside what was measured: alike findings told once, and nothing in them acts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.assessment import Assessment
from harness.analysis.claims import ClaimResult
from harness.analysis.search import Strategy
from harness.model.claim import ClaimedRange, Kind
from harness.report import claims

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = "\x1b[2J<script>|x|</script>\n# *bold* [x](http://a) `code` \u202e$x$ @all [red]x[/red]"
UNESCAPED = re.compile(r"(?<!\\)[<>`\[\]*#$@]")
LEFT_OUT = "that left releases out"
ONE = ClaimResult(
    scenario="some-failure",
    variant="h11",
    subject="uvicorn",
    document="page.txt",
    kind=Kind.FIXED,
    claimed="0.2",
    measured="0.2",
    references=("uvicorn #1",),
    claimed_fixed="0.2",
    first_fixed="0.2",
    safe_since="0.2",
    relapses=(),
    assessment=Assessment.CONFIRMED,
    python="3.8",
    platform="linux",
    sentence="The page says upgrade to 0.2. That is right.",
    upgrade_to="0.2",
    or_later=True,
    strategy=Strategy.SWEEP,
    whole=True,
    judged=12,
)


@pytest.fixture(autouse=True)
def _piped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is no terminal, 80 columns are assumed, nobody asks for colour."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture(scope="module")
def make_claim() -> Callable[..., ClaimResult]:
    """Make a confirmed claim; keywords replace its fields."""

    def make(**fields: Any) -> ClaimResult:  # noqa: ANN401 - whatever the fields of a claim are
        return msgspec.structs.replace(ONE, **fields)

    return make


@given(
    order=st.permutations(
        [(variant, python) for variant in ("h11", "httptools") for python in ("3.8", "3.12")] + [("h11", "3.9")]
    )
)
def test_alike_claims_are_one_finding(order: list[tuple[str, str]], make_claim: Callable[..., ClaimResult]) -> None:
    """Whatever the order; it names where, 3.8 before 3.12."""
    made = [make_claim(variant=variant, python=python) for variant, python in order]
    made.append(make_claim(platform="windows-wine"))
    (finding,) = claims.findings(made)
    assert finding.where == (
        "h11 on Python 3.9, linux; h11, httptools on Python 3.8, 3.12, linux; h11 on Python 3.8, windows-wine"
    )
    assert (finding.scenario, finding.document, str(finding.statement)) == ("some-failure", "page.txt", "fixed in 0.2")
    assert finding.advice == "upgrade to 0.2 or later"
    assert finding.rests_on == "a sweep, 12 releases judged"


@pytest.mark.parametrize(
    "fields",
    [
        {"scenario": "other-failure"},
        {"document": "another page"},
        {"kind": Kind.INTRODUCED},
        {"claimed": "0.2.0"},
        {"assessment": Assessment.NOT_FIXED},
        {"sentence": "The page says upgrade to 0.2. That is right. The failure is gone since 0.3."},
        {"upgrade_to": "0.3"},
        {"upgrade_to": None},
        {"or_later": False},
        {"strategy": Strategy.BISECT},
        {"whole": False},
    ],
)
def test_unlike_claims_are_two_findings(fields: dict[str, Any], make_claim: Callable[..., ClaimResult]) -> None:
    """Nothing that was said is lost in another finding."""
    made = [make_claim(), make_claim(python="3.12", **fields)]
    found = claims.findings(made)
    assert len(found) == 2
    assert {one.sentence for one in found} == {one.sentence for one in made}


def test_what_could_be_measured_comes_first(make_claim: Callable[..., ClaimResult]) -> None:
    """Scenario by scenario."""
    made = [
        make_claim(scenario=scenario, assessment=assessment)
        for assessment in (Assessment.UNTESTED, Assessment.UNHEALTHY_AT_CLAIM)
        for scenario in ("b", "a")
    ]
    assert [(one.scenario, str(one.assessment)) for one in claims.findings(made)] == [
        ("a", "unhealthy-at-claim"),
        ("a", "untested"),
        ("b", "unhealthy-at-claim"),
        ("b", "untested"),
    ]


def test_without_a_release_to_go_to_there_is_no_advice(make_claim: Callable[..., ClaimResult]) -> None:
    """And no empty sentence."""
    (finding,) = claims.findings([make_claim(upgrade_to=None)])
    assert finding.advice == ""
    assert "Upgrade" not in claims.terminal([make_claim(upgrade_to=None)])


def test_a_claimed_commit_is_one_finding(make_claim: Callable[..., ClaimResult]) -> None:
    """Wherever the failure was measured, by histories of any kind: none of them is about commits."""
    fields = {"kind": Kind.COMMIT, "claimed": "uvicorn #7", "assessment": Assessment.UNTESTED, "upgrade_to": None}
    made = [make_claim(strategy=how, python=python, **fields) for python, how in (("3.8", "sweep"), ("3.12", "bisect"))]
    (finding,) = claims.findings(made)
    assert (str(finding.statement), finding.rests_on) == ("fixed by uvicorn #7", "no commit was tried")


def test_only_what_the_head_says_already_is_left_out(make_claim: Callable[..., ClaimResult]) -> None:
    """The release that a page calls fixed stands beside the finding; claimed ranges may be many."""
    (fix,) = claims.findings([make_claim()])
    assert fix.measured == "That is right."
    ranges = (ClaimedRange(introduced="0", fixed="0.2"),)
    said = "The document says that these releases are affected: <0.2. That is right of all 12 judged releases."
    (one,) = claims.findings([make_claim(kind=Kind.RANGE, claimed=ranges, sentence=said)])
    assert one.measured == said


def test_terminal(make_claim: Callable[..., ClaimResult]) -> None:
    """The claim's document, then each finding in two lines that are not wrapped."""
    where = [make_claim(python=f"3.{minor}") for minor in range(8, 15)]
    assert claims.terminal([*where, make_claim(scenario="z", sentence="S.")]) == (
        "some-failure  page.txt\n"
        "  confirmed  h11 on Python 3.8, 3.9, 3.10, 3.11, 3.12, 3.13, 3.14, linux  (a sweep, 12 releases judged)\n"
        "      The page says upgrade to 0.2. That is right. Upgrade to 0.2 or later.\n"
        "\n"
        "z  page.txt\n"
        "  confirmed  h11 on Python 3.8, linux  (a sweep, 12 releases judged)\n"
        "      S. Upgrade to 0.2 or later.\n"
        "\n"
    )


def test_markdown(make_claim: Callable[..., ClaimResult]) -> None:
    """A table of a row for each finding."""
    where = "h11 on Python 3.8, linux | a sweep, 12 releases judged"
    text = claims.markdown([make_claim(), make_claim(scenario="z", assessment=Assessment.UNTESTED, upgrade_to=None)])
    assert text.replace("\\", "").splitlines() == [
        "| failure | document | says | assessment | measured | advice | on | rests on |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        f"| some-failure | page.txt | fixed in 0.2 | confirmed | {ONE.sentence} | upgrade to 0.2 or later | {where} |",
        f"| z | page.txt | fixed in 0.2 | untested | {ONE.sentence} |  | {where} |",
    ]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (
            [{"judged": 1, "whole": False, "strategy": Strategy.SELECTION}],
            "a selection that left releases out, 1 release",
        ),
        ([{"judged": 0}], "a sweep, 0 releases"),
        (
            [{"judged": 9}, {"judged": 70, "python": "3.9"}, {"judged": 8, "python": "3.10"}],
            "a sweep, 8 to 70 releases",
        ),
        (
            [{"judged": 9, "whole": False, "strategy": Strategy.BISECT}],
            "a bisection that left releases out, 9 releases",
        ),
    ],
)
def test_what_a_finding_rests_on_is_said(
    made: list[dict[str, Any]], told: str, make_claim: Callable[..., ClaimResult]
) -> None:
    """Two releases that somebody picked are not two hundred."""
    (finding,) = claims.findings([make_claim(**fields) for fields in made])
    assert finding.rests_on == f"{told} judged"


@pytest.mark.parametrize("field", ["sentence", "variant", "platform", "document", "upgrade_to"])
def test_terminal_obeys_no_text(field: str, make_claim: Callable[..., ClaimResult]) -> None:
    """Names come from other people's scenarios and documents."""
    text = claims.terminal([make_claim(**{field: HOSTILE})])
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]x[/red]" in text
    assert len(text.splitlines()) == 4


@pytest.mark.parametrize("field", ["sentence", "variant", "platform", "scenario", "upgrade_to", "claimed", "document"])
def test_markdown_obeys_no_text(field: str, make_claim: Callable[..., ClaimResult]) -> None:
    """No heading, link, formula, mention, HTML, column or line of somebody else's making."""
    _, _, row = claims.markdown([make_claim(**{field: HOSTILE})]).splitlines()
    assert len(re.findall(r"(?<!\\)\|", row)) == 9
    assert not UNESCAPED.search(row)
    assert "\x1b" not in row
    assert "\u202e" not in row


def test_no_claim_is_told() -> None:
    """A head without rows; nothing on a terminal."""
    assert claims.terminal([]) == ""
    assert len(claims.markdown([]).splitlines()) == 2
