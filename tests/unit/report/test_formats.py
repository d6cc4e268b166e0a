"""The formats that other tools read: valid by public schemas, saying what was measured, deaf to what servers say."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest
import xmlschema

from harness.analysis.document import Searched, document_of
from harness.analysis.search import Strategy
from harness.errors import ResultsError
from harness.model.claim import Claim
from harness.model.result import EnvironmentResult
from harness.model.verdict import Verdict
from harness.report import badge, comment, formats, junit, osv
from harness.report.json_document import schema
from harness.report.table import table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.analysis.document import Document
    from harness.model.cell import Cell
    from harness.model.release import Release
    from harness.model.result import CellResult
    from harness.model.scenario import Scenario

SCHEMAS = Path(__file__).parents[2] / "schemas"
JUNIT = xmlschema.XMLSchema(SCHEMAS / "junit.xsd")
OSV = jsonschema.Draft202012Validator(
    json.loads((SCHEMAS / "osv.schema.json").read_text(encoding="utf-8")),
    format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
)
NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
NAMES = ("scenario", "variant", "platform", "id")
HOSTILE = "\x1b[31m</script><script>alert(1)</script>\x00 ]]> & \u202eright to left\u2028 @all =1+1|`x`"
LETTERS = {"r": Verdict.REPRODUCED, "a": Verdict.ABSENT, "u": Verdict.UNHEALTHY, "e": Verdict.ENVIRONMENT_FAILED}


@pytest.fixture
def make_document(
    make_result: Callable[..., CellResult], make_release: Callable[..., Release]
) -> Callable[..., Document]:
    """Make the document of a history: a letter for each release 0.0, 0.1 …; keywords replace fields of its results."""

    def make(letters: str, *, claimed: str | None = None, **fields: Any) -> Document:  # noqa: ANN401 - as of a result
        results = [
            make_result(
                version=f"0.{place}",
                verdict=LETTERS[letter],
                reason=fields.get("reason") if LETTERS[letter].is_judged else fields.get("reason", "why not"),
                **{name: value for name, value in fields.items() if name != "reason"},
            )
            for place, letter in enumerate(letters)
        ]
        return document_of(
            results,
            releases={"uvicorn": tuple(make_release(f"0.{place}") for place in range(len(letters)))},
            claims={"some-failure": [Claim(document="a page", references=("#1",), fixed=claimed)]} if claimed else {},
            searched={},
        )

    return make


def osv_of(document: Document, scenarios: dict[str, Scenario] | None = None) -> Any:  # noqa: ANN401 - JSON
    """Return the OSV documents as they are printed, which are valid."""
    found = json.loads(formats.render("osv", document, scenarios or {}, at=NOW))
    for one in found if isinstance(found, list) else [found]:
        OSV.validate(one)
    return found


def test_osv_tells_every_range_and_which_releases_showed_it(make_document: Callable[..., Document]) -> None:
    """A relapse is a second pair of events; a release between two that were affected is in a range, not observed."""
    found = osv_of(make_document("arruraarr", claimed="0.5"))
    assert found["id"] == "OSV-HARNESS-some-failure"
    assert found["modified"] == "2026-01-02T03:04:05Z"
    (affected,) = found["affected"]
    assert affected["package"] == {"ecosystem": "PyPI", "name": "uvicorn"}
    assert affected["ranges"][0]["events"] == [{"introduced": "0.1"}, {"fixed": "0.5"}, {"introduced": "0.7"}]
    assert affected["versions"] == ["0.1", "0.2", "0.4", "0.7", "0.8"]
    assert "fixed in 0.5" in found["details"]
    assert affected["database_specific"]["releases_judged"] == 8
    assert affected["database_specific"]["not_judged"] == ["0.3 to 0.3: unhealthy: why not"]


def test_osv_names_the_advisories_that_documents_name(
    make_result: Callable[..., CellResult], make_release: Callable[..., Release], make_scenario: Callable[..., Scenario]
) -> None:
    """And what each document says, each once; a thread is no advisory."""
    cells = [make_result(version="0.1", verdict=Verdict.REPRODUCED), make_result(version="0.2")]
    claims = [
        Claim(document="a page", references=("uvicorn #1", "CVE-2020-7695"), fixed="0.2", commit="uvicorn #2"),
        Claim(document="an advisory", references=("PYSEC-2020-151", "CVE-2020-7695"), open=True),
    ]
    known = {"uvicorn": (make_release("0.1"), make_release("0.2"))}
    document = document_of(cells, releases=known, claims={"some-failure": claims}, searched={})
    found = osv_of(document, {"some-failure": make_scenario(references=("uvicorn #725 (GHSA-f97h-2pfx-f59f)",))})
    assert found["related"] == ["GHSA-f97h-2pfx-f59f", "CVE-2020-7695", "PYSEC-2020-151"]
    said = "a page says: fixed in 0.2. a page says: fixed by uvicorn #2. an advisory says: not fixed."
    assert found["details"].endswith(said)


def test_osv_of_what_was_there_from_the_beginning(make_document: Callable[..., Document]) -> None:
    """Nobody knows when it was introduced, so it is from the first release on."""
    (affected,) = osv_of(make_document("rra"))["affected"]
    assert affected["ranges"][0]["events"] == [{"introduced": "0"}, {"fixed": "0.2"}]


@pytest.mark.parametrize(
    ("letters", "events"),
    [
        # nobody could judge what is before the first affected release: it begins with that one
        ("errea", [{"introduced": "0.1"}, {"last_affected": "0.2"}]),
        ("era", [{"introduced": "0.1"}, {"fixed": "0.2"}]),
        # what comes after the last affected one is neither affected nor the fix
        ("arua", [{"introduced": "0.1"}, {"last_affected": "0.1"}]),
        ("arru", [{"introduced": "0.1"}, {"last_affected": "0.2"}]),
        # the newest release has it
        ("arr", [{"introduced": "0.1"}]),
    ],
)
def test_osv_names_no_end_that_was_not_measured(
    letters: str, events: list[dict[str, str]], make_document: Callable[..., Document]
) -> None:
    """Scanners flag whatever lies in a range."""
    (affected,) = osv_of(make_document(letters))["affected"]
    assert [one["events"] for one in affected["ranges"]] == [events]


def test_osv_of_a_history_that_left_releases_out_is_refused(
    make_document: Callable[..., Document], make_result: Callable[..., CellResult]
) -> None:
    """One release that somebody tried is no advisory; nor is a bisection. The reason names what was tried."""
    whole = make_document("rrrraa")
    one = make_result(version="0.2", verdict=Verdict.REPRODUCED)
    some = document_of([one], releases=whole.releases, claims={}, searched={})
    assert osv_of(some) == []
    (told,) = osv.refusals(some)
    assert told.startswith(
        "no OSV of some-failure default, Python 3.12, linux: 1 of 6 releases were tried, by selection"
    )
    assert list(osv.refusals(whole)) == []
    searched = {one.key: Searched(strategy=Strategy.BISECT, seed=1)}
    bisected = document_of(whole.cells[1:], releases=whole.releases, claims={}, searched=searched)
    assert osv_of(bisected) == []
    assert len(list(osv.refusals(bisected))) == 1


@pytest.mark.parametrize(
    "name",
    ["x/../../../pwn/x", "..", "a\\b", "nul", "con.x", "X", "a\x00b", "x" * 100_000, "\u202ex"],
    ids=["path", "parent", "backslash", "device", "device with an ending", "capital", "NUL", "long", "direction"],
)
def test_osv_is_named_after_no_path(
    name: str, make_cell: Callable[..., Cell], make_document: Callable[..., Document]
) -> None:
    """A scenario's id in somebody's document is whatever they wanted; nor may two differ by a capital only."""
    cell = make_cell(scenario=name, version="0.0")
    document = make_document("r", scenario=name, id=cell.id)
    (found,) = osv.documents(document, {}, at=NOW)
    assert re.fullmatch(r"OSV-HARNESS-[0-9a-f]{32}", found)


def test_osv_of_what_no_release_has_is_empty(make_document: Callable[..., Document]) -> None:
    """A failure that was not seen is no advisory."""
    assert osv_of(make_document("aaa")) == []


def test_osv_of_several_pythons_is_one_document(
    make_document: Callable[..., Document], make_scenario: Callable[..., Scenario]
) -> None:
    """Each history is an entry of its own, and the scenario's title the summary."""
    old, new = make_document("ra", python="3.8"), make_document("aa", python="3.12")
    both = document_of([*old.cells, *new.cells], releases=old.releases, claims={}, searched={})
    found = osv_of(both, {"some-failure": make_scenario(title="it goes wrong")})
    assert [one["ecosystem_specific"]["python"] for one in found["affected"]] == ["3.8"]
    assert found["summary"] == "it goes wrong"


def test_junit_is_valid_and_counts_what_it_has(
    make_document: Callable[..., Document], make_result: Callable[..., CellResult]
) -> None:
    """A contradiction fails, what nobody can tell is an error, a release that never could serve is skipped."""
    back = make_result(version="1.0", verdict=Verdict.REPRODUCED, expected=Verdict.ABSENT, signature="it is back")
    sick = make_result(version="2.0", verdict=Verdict.UNHEALTHY, expected=Verdict.ABSENT, reason="no answer")
    known = make_result(version="3.0", verdict=Verdict.UNHEALTHY, expected=Verdict.UNHEALTHY, reason="no answer")
    text = junit.render(table_of([*make_document("arue").cells, back, sick, known], {}))
    JUNIT.validate(text)
    root = ET.fromstring(text)  # noqa: S314 - made just here
    outcomes = {
        case.get("name", "").split("-")[2].split("_")[0]: [one.tag for one in case] for case in root.iter("testcase")
    }
    assert outcomes == {
        "0.0": [],
        "0.1": [],
        "0.2": ["skipped"],
        "0.3": ["error"],
        "1.0": ["failure"],
        "2.0": ["error"],
        "3.0": [],
    }
    (suite,) = root
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "7",
        "failures": "1",
        "errors": "2",
        "skipped": "1",
    }
    failure = next(root.iter("failure"))
    assert failure.get("message") == "expected absent, measured reproduced: it is back"


def test_csv_has_a_line_for_each_cell(make_result: Callable[..., CellResult]) -> None:
    """What is not known is empty; what a cell ran in stands in columns."""
    ran_in = EnvironmentResult(interpreter="/p", pins={"h11": "0.14.0", "uvicorn": "0.27.0"}, resolved_as_of="2024")
    document = document_of(
        [make_result(environment=ran_in), make_result(version="1.0", verdict=Verdict.UNHEALTHY, reason='a "b", c')],
        releases={},
        claims={},
        searched={},
    )
    first, second = csv.DictReader(io.StringIO(formats.render("csv", document, {}, at=NOW)))
    assert first["verdict"] == "absent"
    assert first["pins"] == "h11==0.14.0 uvicorn==0.27.0"
    assert first["reason"] == first["runtime"] == second["pins"] == ""
    assert second["reason"] == 'a "b", c'


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_csv_holds_no_formula(start: str, make_result: Callable[..., CellResult]) -> None:
    """A spreadsheet must not compute what a server said."""
    document = document_of(
        [make_result(verdict=Verdict.UNHEALTHY, reason=f"{start}cmd|'/c calc'!A0")], releases={}, claims={}, searched={}
    )
    (row,) = csv.DictReader(io.StringIO(formats.render("csv", document, {}, at=NOW)))
    assert row["reason"] == f"'{start}cmd|'/c calc'!A0"


@pytest.mark.parametrize(
    ("letters", "message"),
    [
        ("rra", "✓ free of 1 known failure"),
        ("aar", "✗ has 1 of 1 known failure"),
        ("aau", "? free of 0 of 1 known failure, the rest not measured"),
    ],
)
def test_badge_is_about_the_newest_release(letters: str, message: str, make_document: Callable[..., Document]) -> None:
    """It says in words what its colour says."""
    text = formats.render("badge", make_document(letters), {}, at=NOW)
    root = ET.fromstring(text)  # noqa: S314 - made just here
    assert root.get("aria-label") == f"uvicorn 0.2: {message}"
    assert [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")] == ["uvicorn 0.2", message]


def test_badge_counts_what_was_tried_on_the_release(make_result: Callable[..., CellResult]) -> None:
    """Eleven failures that an older release was tried for are none that the newest one is free of, or has."""
    others = [make_result(scenario=f"failure-{number}", version="0.1") for number in range(11)]
    newest = make_result(version="0.2", verdict=Verdict.REPRODUCED)
    assert badge.badge_of([*others, newest]).message == "✗ has 1 of 1 known failures judged, 11 not judged"


def test_every_format_tells_two_subjects_of_one_scenario_apart(
    make_result: Callable[..., CellResult], make_release: Callable[..., Release]
) -> None:
    """A document may say whatever its writer wanted; nothing of it ends in a traceback, or is one history of both."""
    cells = [make_result(), make_result(subject="fork", verdict=Verdict.REPRODUCED)]
    known = {name: (make_release("0.27.0"),) for name in ("uvicorn", "fork")}
    claims = {"some-failure": [Claim(document="a page", references=("#1",), fixed="0.27.0")]}
    document = document_of(cells, releases=known, claims=claims, searched={})
    assert {one.subject: one.judged for one in document.histories} == dict.fromkeys(known, ("0.27.0",))
    assert all(formats.render(form, document, {}, at=NOW) for form in formats.FORMATS)
    assert [section.subject for section in table_of(cells, {}).sections] == ["fork", "uvicorn"]


def test_badge_of_one_python_that_has_it_is_red(make_document: Callable[..., Document]) -> None:
    """Being free of it on another Python does not help who is affected."""
    cells = [*make_document("ra", python="3.8").cells, *make_document("rr", python="3.12").cells]
    assert badge.badge_of(cells).message == "✗ has 1 of 1 known failure"
    assert badge.badge_of(cells).colour != badge.badge_of(cells[:2]).colour


def test_comment_begins_with_what_matters(
    make_document: Callable[..., Document], make_result: Callable[..., CellResult]
) -> None:
    """Counts, what contradicts, the claims; the table is folded away below."""
    document = make_document("rra", claimed="0.2")
    back = make_result(version="0.3", verdict=Verdict.REPRODUCED, expected=Verdict.ABSENT)
    text = comment.render(document, table_of([*document.cells, back], {}))
    places = [text.index(part) for part in ("2 reproduced", "contradicts", "confirmed", "<details>", "| 0.0 |")]
    assert places == sorted(places)


def test_comment_fits_into_a_comment(make_document: Callable[..., Document]) -> None:
    """With thousands of cells it says what it leaves out."""
    cells = [
        cell
        for number in range(60)
        for cell in make_document("aruuaraeerra" * 4, scenario=f"failure-{number}", reason="because " * 8).cells
    ]
    document = document_of(cells, releases={}, claims={}, searched={})
    text = comment.render(document, table_of(cells, {}))
    assert len(text) < 65_536
    assert "more parts do not fit in here" in text
    assert text.count("<details>") == text.count("</details>") > 3


@pytest.mark.parametrize("form", formats.FORMATS)
def test_no_format_lets_hostile_text_act(form: str, make_document: Callable[..., Document]) -> None:
    """Reasons and signatures quote servers; names come from whoever wrote the results, and JSON refuses such names."""
    fields = ("signature", "python_full", "reason", *(() if form == "json" else NAMES))
    shown = formats.render(form, make_document("raue", **dict.fromkeys(fields, HOSTILE)), {}, at=NOW)
    assert not [one for one in shown if not one.isprintable() and one != "\n"]
    if form in {"junit", "badge"}:
        ET.fromstring(shown)  # noqa: S314 - whether it is still a document
    if form == "junit":
        JUNIT.validate(shown)
    if form in {"junit", "badge", "markdown"}:
        assert "<script" not in shown.replace("\\<", "")


@pytest.mark.parametrize("name", [*NAMES, "subject", "control", "evidence"])
def test_json_refuses_names_that_its_schema_refuses(name: str, make_document: Callable[..., Document]) -> None:
    """Whoever reads it may rely on what it was validated against."""
    with pytest.raises(ResultsError, match="do not make a document of the schema"):
        formats.render("json", renamed(make_document("u"), name), {}, at=NOW)


def renamed(document: Document, name: str) -> Document:
    """Return the document with a hostile name in its cell."""
    cells = tuple(msgspec.structs.replace(cell, **{name: "x/../../../pwn/x"}) for cell in document.cells)
    return msgspec.structs.replace(document, cells=cells)


def test_json_still_says_the_same(make_document: Callable[..., Document]) -> None:
    """Escaped characters are the same characters."""
    document = make_document("u", reason="\u202e\U000e0001\x1b")
    written = json.loads(formats.render("json", document, {}, at=NOW))
    assert written["cells"][0]["reason"] == "\u202e\U000e0001\x1b"
    jsonschema.validate(written, json.loads(schema()))
