"""What stands on the pages of the site, as values: bands, stories, evidence with its signature marked, file names."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.analysis.document import document_of
from harness.model.claim import Claim, ClaimedRange
from harness.model.evidence import Ended, Exchange, Frame
from harness.model.judge import judge
from harness.model.scenario import Scenario
from harness.model.verdict import Verdict
from harness.report.site import folder, names, render
from harness.report.site.bands import axis_of, runs_of
from harness.report.site.content import content_of
from harness.report.site.proof import FRAMES, LINES, proof_of
from harness.report.site.story import story_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harness.model.evidence import Evidence
    from harness.model.release import Release
    from harness.model.result import CellResult
    from harness.model.verdict import Judgement

VERSIONS = [f"0.{number}" for number in range(12)]


@pytest.fixture
def cells(make_result: Callable[..., CellResult]) -> list[CellResult]:
    """Return twelve releases: free, affected from 0.3 to 0.6, free, 0.9 affected again; 0.5 cannot serve."""
    shown = dict.fromkeys(("0.3", "0.4", "0.6", "0.9"), Verdict.REPRODUCED) | {"0.5": Verdict.UNHEALTHY}
    return [
        make_result(
            version=version, verdict=shown.get(version, Verdict.ABSENT), reason="r" if version == "0.5" else None
        )
        for version in VERSIONS
    ]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "a\\b", ".hidden", "", "-x", "a\x00b", "con:", "x" * 300, "\u202eabc", "a b"]
)
def test_no_id_leads_out_of_the_folder(name: str) -> None:
    """Ids in a stored document are whatever its writer wanted."""
    page = names.page(name)
    assert page != f"{name}.html"
    assert page.removesuffix(".html").isalnum()
    assert len(page) < 100


def test_an_ordinary_id_is_its_own_page() -> None:
    """Links can be guessed and read."""
    assert names.page("a_h11_uvicorn-0.27.0.post1_py3.8_linux") == "a_h11_uvicorn-0.27.0.post1_py3.8_linux.html"


def test_bands_tell_ranges_relapses_and_gaps(cells: list[CellResult]) -> None:
    """Each run has its place, its releases and a page of evidence."""
    axis = axis_of(VERSIONS, (), claimed=["0.7"])
    runs = runs_of(axis, cells)
    assert [(run.start, run.length, run.verdict, run.span) for run in runs] == [
        (1, 3, "absent", "0.0–0.2"),
        (4, 2, "reproduced", "0.3–0.4"),
        (6, 1, "unhealthy", "0.5"),
        (7, 1, "reproduced", "0.6"),
        (8, 2, "absent", "0.7–0.8"),
        (10, 1, "reproduced", "0.9"),
        (11, 2, "absent", "0.10–0.11"),
    ]
    assert runs[1].told == "0.3–0.4 (2 releases): reproduced"
    assert runs[1].page == "some-failure_default_uvicorn-0.4_py3.12_linux.html"
    assert [(mark.start, mark.name) for mark in axis.marks] == [(8, "0.7")]


def test_bands_tell_what_was_not_run_from_what_cannot_be(cells: list[CellResult]) -> None:
    """A release that was not tested is shown so; one that this Python cannot install leaves the place empty."""
    axis = axis_of(VERSIONS, (), claimed=())
    runs = runs_of(axis, cells[4:6], untested=["0.6", "0.7"])
    assert [(run.start, run.length, run.verdict) for run in runs] == [
        (5, 1, "reproduced"),
        (6, 1, "unhealthy"),
        (7, 2, "not-run"),
    ]
    assert runs[2].page is None


def test_a_band_of_several_pythons_shows_the_worst(make_result: Callable[..., CellResult]) -> None:
    """Who looks for trouble must not miss it behind a Python that is free of it."""
    both = [make_result(version="0.1", python="3.8", verdict=Verdict.REPRODUCED), make_result(version="0.1")]
    (run,) = runs_of(axis_of(["0.1"], (), claimed=()), both)
    assert run.verdict is Verdict.REPRODUCED


def test_axis_has_the_years(make_release: Callable[..., Release]) -> None:
    """A year stands where its first release is, and is left out where it would touch the one before."""
    releases = [
        make_release(version, uploaded=dt.datetime(2018 + place // 6, 1, 1, tzinfo=dt.UTC))
        for place, version in enumerate(VERSIONS)
    ]
    axis = axis_of(VERSIONS, releases, claimed=())
    assert [(tick.start, tick.year) for tick in axis.ticks] == [(1, 2018), (7, 2019)]


def test_story_is_told_in_the_scenario_s_words(bundled: Mapping[str, Scenario]) -> None:
    """Every scenario of the project tells what goes wrong, and why neither load nor luck decides."""
    for scenario in bundled.values():
        headings = [part.heading for part in story_of(scenario)]
        assert headings[0] == "What goes wrong", scenario.id
        assert "Why neither load nor luck decides" in headings, scenario.id
    found = story_of(bundled["pipelined-keep-alive"])
    assert [part.heading for part in found] == [
        "What goes wrong",
        "How we know that the server works otherwise",
        "Why neither load nor luck decides",
        "What else is known",
    ]
    assert found[0].text.startswith("A server that has received two pipelined requests owes both answers, in order, ")
    assert found[1].text.endswith('fails the second one and is "unhealthy".')


def test_story_has_headings_of_their_own_and_the_values_of_constants() -> None:
    """As a draft of a scenario has them."""
    story = "x: y.\n\nTrigger\n    A request after\n    `WAIT_S`.\nMargin\n    None.\n"
    words = f"{story!r}\nWAIT_S = 5\ndef observe(trial): pass"
    module: dict[str, Any] = {}
    exec(words, module)  # noqa: S102 - as a catalog does
    found = story_of(Scenario(title="t", observe=module["observe"], judge=module["observe"]))
    assert [(part.heading, part.text) for part in found] == [
        ("What sets the failure off", "A request after 5 s."),
        ("Why neither load nor luck decides", "None."),
    ]


def test_the_signature_is_marked_where_it_stands(
    kept: Callable[[str, str], Evidence], bundled: Mapping[str, Scenario], make_result: Callable[..., CellResult]
) -> None:
    """In the log the line, on the wire the exchange; nothing else."""
    evidence = kept("pipelined-keep-alive", "reproduced-0.27.0-h11")
    scenario = bundled["pipelined-keep-alive"]
    (trial,) = proof_of(make_result(verdict=Verdict.REPRODUCED), [(evidence, judge(scenario, evidence))]).trials
    marked = [line.text for server in trial.servers for line in server.lines if line.marked]
    assert len(marked) == 1
    assert "timeout_keep_alive_handler" in marked[0]
    assert [wire.name for wire in trial.wires if wire.marked] == ["two pipelined requests, the second answered late"]
    assert [wire.name for wire in trial.wires if wire.telling] == ["two pipelined requests, the second answered late"]


def test_silence_on_the_wire_is_a_line(
    kept: Callable[[str, str], Evidence], make_result: Callable[..., CellResult]
) -> None:
    """Waiting is what this failure is about, so it is seen."""
    evidence = kept("pipelined-keep-alive", "reproduced-0.27.0-h11")
    (trial,) = proof_of(make_result(), [(evidence, None)]).trials
    moments = trial.wires[-1].moments
    assert [moment.kind for moment in moments] == ["sent", "received", "wait", "end"]
    assert moments[2].lines[0].endswith("s of silence")
    assert moments[0].lines[0] == "GET /hello HTTP/1.1\\r\\n"
    assert "GET /sleep/5 HTTP/1.1\\r\\n" in moments[0].lines
    assert trial.verdict == "not judged: its scenario is not at hand"


def test_large_evidence_is_cut_and_says_so(
    kept: Callable[[str, str], Evidence], make_result: Callable[..., CellResult]
) -> None:
    """A load of hundreds of requests does not make a page that nobody can open."""
    evidence = kept("pipelined-keep-alive", "absent-0.27.1-h11")
    frames = tuple(Frame(at_s=number / 100, direction="received", data=b"x" * 5000) for number in range(300))
    long = Exchange(name="load", server="uvicorn", opened_s=0, ended_s=3, ended=Ended.BY_CLIENT, frames=frames)
    short = Exchange(name="many", server="uvicorn", opened_s=0, ended_s=0, ended=Ended.REFUSED)
    server = msgspec.structs.replace(evidence.servers[0], log="line\n" * 1000, log_stopping="")
    evidence = msgspec.structs.replace(evidence, servers=(server,), exchanges=(long, *[short] * 50))
    (trial,) = proof_of(make_result(), [(evidence, None)]).trials
    assert len(trial.servers[0].lines) == LINES
    assert trial.servers[0].left_out == 1000 - LINES
    load, many = trial.wires
    assert many.alike == 49
    assert len(load.moments) == 2 * FRAMES + 2
    assert load.moments[FRAMES].lines == ("280 frames, in the evidence folder",)
    assert load.moments[0].lines[-1] == "… 3000 more bytes"


def test_commands_name_the_cell(make_result: Callable[..., CellResult]) -> None:
    """They can be pasted; what stands in a name cannot become a command of its own."""
    commands = dict(proof_of(make_result(platform="docker:a; rm b"), []).commands)
    assert commands["run this cell again"].startswith("harness run some-failure --server uvicorn==0.27.0 --python 3.12")
    assert "--platform 'docker:a; rm b'" in commands["run this cell again"]


def test_content_has_a_claim_beside_its_measurement(
    cells: list[CellResult], make_release: Callable[..., Release], make_scenario: Callable[..., Scenario]
) -> None:
    """The start page has what a document says, whether that is right, and what to do."""
    claim = Claim(document="a page", references=("uvicorn #1",), fixed="0.9")
    document = document_of(
        cells,
        releases={"uvicorn": tuple(make_release(version) for version in VERSIONS)},
        claims={"some-failure": [claim]},
        searched={},
    )
    content = content_of(document, {"some-failure": make_scenario(title="it goes wrong", claims=(claim,))})
    (failure,) = content.failures
    (said,) = failure.said
    assert (failure.title, said.words, said.references) == ("it goes wrong", ("fixed in 0.9",), ("uvicorn #1",))
    (finding,) = failure.findings
    assert finding.assessment == "not-fixed"
    assert finding.advice == "upgrade to 0.10 or later"
    (series,) = content.answers["failures"][0]["series"]
    assert series["verdicts"] == "✓✓✓✗✗☠✗✓✓✗✓✓"
    assert series["name"] == ["some-failure_default_uvicorn", "py3.12_linux"]
    assert ("12", "releases") in content.figures


def test_a_failure_has_as_many_documents_as_speak_of_it(
    cells: list[CellResult], make_release: Callable[..., Release], make_scenario: Callable[..., Scenario]
) -> None:
    """Each with all that it says and with its own findings; every release that one of them names is marked."""
    claims = [
        Claim(document="a page", references=("uvicorn #1",), fixed="0.9", commit="uvicorn #2"),
        Claim(
            document="an advisory", references=("CVE-2024-1",), ranges=(ClaimedRange(introduced="0.3", fixed="0.9"),)
        ),
    ]
    known = {"uvicorn": tuple(make_release(version) for version in VERSIONS)}
    document = document_of(cells, releases=known, claims={"some-failure": claims}, searched={})
    content = content_of(document, {"some-failure": make_scenario(references=("uvicorn #3",))})
    (failure,) = content.failures
    assert [(one.document, one.words) for one in failure.said] == [
        ("a page", ("fixed in 0.9", "fixed by uvicorn #2")),
        ("an advisory", ("affected: >=0.3,<0.9",)),
    ]
    assert [len(one.findings) for one in failure.said] == [1, 1]
    assert [str(one.statement) for one in failure.unmeasured] == ["fixed by uvicorn #2"]
    assert [(mark.start, mark.name) for mark in failure.axis.marks] == [(4, "0.3"), (10, "0.9")]
    start, page = render.start(content, made_by="a call"), render.failure(failure, made_by="a call")
    assert start.count('<th scope="rowgroup" rowspan="2">') == 1
    for words in ("a page, uvicorn #1", "an advisory, CVE-2024-1", "fixed in 0.9; fixed by uvicorn #2"):
        assert words in start
    assert "Known as uvicorn #3. a page (uvicorn #1) says" in page
    assert "affected: &gt;=0.3,&lt;0.9" in page


def test_marks_that_would_hide_each_other_have_one_name() -> None:
    """The line of each is there."""
    marks = axis_of([f"0.{number}" for number in range(40)], (), claimed=["0.10", "0.9", "0.30", "1.0"]).marks
    assert [(mark.start, mark.name) for mark in marks] == [(10, "0.9"), (11, ""), (31, "0.30")]


def test_site_is_put_in_place_only_when_it_is_whole(
    tmp_path: Path, cells: list[CellResult], make_release: Callable[..., Release]
) -> None:
    """Where evidence cannot be shown the earlier site stays as it was, to the last file."""
    releases = {"uvicorn": tuple(make_release(version) for version in VERSIONS)}
    document = document_of(cells, releases=releases, claims={}, searched={})
    site = tmp_path / "site"
    pages = folder.write(document, {}, lambda _: [], folder=site, made_by="once")
    assert pages == len(cells) + 2
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}

    def broken(_: CellResult) -> list[tuple[Evidence, Judgement | None]]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        folder.write(document, {}, broken, folder=site, made_by="twice")
    assert {path: path.read_bytes() for path in site.rglob("*") if path.is_file()} == before
    smaller = document_of(cells[:1], releases=releases, claims={}, searched={})
    folder.write(smaller, {}, lambda _: [], folder=site, made_by="thrice")
    assert len(list((site / "cells").iterdir())) == 1
    assert sorted(path.name for path in site.iterdir() if path.name.startswith(".")) == []


@pytest.mark.parametrize("other", ["X-y", "NUL.1", "Con"])
def test_no_two_pages_differ_by_a_capital_only(other: str) -> None:
    """Windows and macOS take them for one; nor is any of them a device."""
    assert names.page(other) != f"{other}.html"
    assert names.page(other).lower() != names.page(other.lower()).lower()


def test_two_subjects_of_one_scenario_have_a_page_each(
    tmp_path: Path, make_result: Callable[..., CellResult], make_release: Callable[..., Release]
) -> None:
    """And the evidence of each leads to its own."""
    results = [make_result(), make_result(subject="fork", verdict=Verdict.REPRODUCED)]
    known = {name: (make_release("0.27.0"),) for name in ("uvicorn", "fork")}
    document = document_of(results, releases=known, claims={}, searched={})
    failures = content_of(document, {}).failures
    assert [one.subject for one in failures] == ["fork", "uvicorn"]
    assert len({one.page for one in failures}) == 2
    folder.write(document, {}, lambda _: [], folder=tmp_path / "site", made_by="a call")
    for one in failures:
        assert (tmp_path / "site" / "failures" / one.page).is_file()
        (cell,) = one.cells
        assert one.page in (tmp_path / "site" / "cells" / names.page(cell.id)).read_text(encoding="utf-8")


def test_every_assessment_has_words_on_the_page(
    cells: list[CellResult], make_release: Callable[..., Release], make_scenario: Callable[..., Scenario]
) -> None:
    """A claim that was right and has come back, and one of a failure that nobody has seen."""
    releases = {"uvicorn": tuple(make_release(version) for version in VERSIONS)}
    told = {}
    for shown in (cells[:10], cells[:3]):
        claim = Claim(document="a page", references=("uvicorn #1",), fixed="0.7" if len(shown) > 3 else "0.2")
        document = document_of(shown, releases=releases, claims={"some-failure": [claim]}, searched={})
        content = content_of(document, {"some-failure": make_scenario(claims=(claim,))})
        (finding,) = content.failures[0].findings
        told[str(finding.assessment)] = render.start(content, made_by="a call")
    assert "✗ fixed there, and back" in told["relapsed"]
    assert "? not seen" in told["not-seen"]
    assert "none of 3 judged releases is affected" in render.failure(content.failures[0], made_by="a call")


def test_advice_of_the_page_is_the_claim_s(
    cells: list[CellResult], make_release: Callable[..., Release], make_scenario: Callable[..., Scenario]
) -> None:
    """Nobody is sent to a range with a release in it that has the failure or cannot work."""
    releases = {"uvicorn": tuple(make_release(version) for version in VERSIONS)}
    document = document_of(cells, releases=releases, claims={}, searched={})
    answers = content_of(document, {"some-failure": make_scenario(platforms=("windows",))}).answers
    assert answers["failures"][0]["platforms"] == ["windows"]
    assert answers["failures"][0]["series"][0]["advice"] == "upgrade to 0.10 or later"
    unknown = content_of(document_of(cells[:10], releases=releases, claims={}, searched={}), {}).answers
    assert unknown["failures"][0]["platforms"] is None
    assert unknown["failures"][0]["series"][0]["advice"] is None
