"""The JSON document with histories and claims: the words of the contract, its schema, and back again."""

from __future__ import annotations

import datetime as dt
import json as plain
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.analysis.document import Document, Searched, document_of, fault_of
from harness.analysis.search import Strategy
from harness.analysis.series import Series
from harness.model.claim import Claim, ClaimedRange, Condition
from harness.model.coordinates import Over, SeriesKey
from harness.model.result import EnvironmentResult
from harness.model.verdict import Verdict
from harness.report import json_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.release import Release
    from harness.model.result import CellResult

HISTORY = {
    *("scenario", "variant", "subject", "python", "platform", "strategy", "tested", "affected", "first_fixed"),
    *("safe_since", "relapses", "gaps", "confidence", "attribution"),
}
CLAIM = {
    *("scenario", "document", "claimed_fixed", "first_fixed", "safe_since", "relapses", "assessment", "python"),
    *("platform", "variant", "subject", "kind", "claimed", "measured", "references", "sentence", "upgrade_to"),
}
KEY = SeriesKey(scenario="some-failure", variant="default", subject="uvicorn", platform="linux", python="3.12")
CLAIMS = {
    "some-failure": [
        Claim(document="page.txt", references=("server #1",), fixed="0.2", commit="server #2"),
        Claim(document="advisory", ranges=(ClaimedRange(introduced="0", fixed="0.2"),), introduced="0.0", open=True),
    ]
}
LATER = dt.datetime(2024, 7, 1, tzinfo=dt.UTC)
LETTERS = {"R": Verdict.REPRODUCED, "a": Verdict.ABSENT, "u": Verdict.UNHEALTHY}


@pytest.fixture
def known(make_release: Callable[..., Release]) -> dict[str, tuple[Release, ...]]:
    """The releases of two subjects, of which one is in no result."""
    return {
        "uvicorn": tuple(make_release(f"0.{number}", yanked=number == 4) for number in range(6)),
        "other": (make_release("1.0"),),
    }


@pytest.fixture
def results(make_result: Callable[..., CellResult], known: dict[str, tuple[Release, ...]]) -> list[CellResult]:
    """Affected, fixed, a gap and a relapse; 0.5 not tested; a control beside the first boundary."""
    series = Series.of_releases(KEY, known["uvicorn"])
    made = [
        make_result(
            version=f"0.{number}",
            verdict=LETTERS[letter],
            reason=None if LETTERS[letter].is_judged else 'ill "\x1b[2J" \u202e',
            trials=3,
            tally={LETTERS[letter]: 3},
            environment=EnvironmentResult(interpreter="/p", pins={"h11": str(number)}, resolved_as_of="2024"),
        )
        for number, letter in enumerate("RRauR")
    ]
    control = series.cell("0.1", "0.2")
    return [*made, make_result(id=control.id, version="0.1", verdict=Verdict.REPRODUCED, control=control.recipe.label)]


@pytest.fixture
def document(results: list[CellResult], known: dict[str, tuple[Release, ...]]) -> Document:
    """The document of these results, searched by bisection."""
    searched = {KEY: Searched(strategy=Strategy.BISECT, seed=3)}
    return document_of(results, releases=known, claims=CLAIMS, searched=searched)


def test_words_of_the_contract(document: Document) -> None:
    """Every key, gaps ``from`` and ``to`` among them."""
    text = plain.loads(json_document.render(document))
    (history,) = text["histories"]
    claim, *others = text["claims"]
    assert [one["kind"] for one in (claim, *others)] == ["fixed", "commit", "introduced", "range", "open"]
    assert set(history) >= HISTORY
    assert set(claim) >= CLAIM
    assert history["affected"] == [
        {"introduced": None, "last_affected": "0.1", "fixed": "0.2", "from": "0.0", "to": "0.1"}
        | {"open_before": False, "open_after": False},
        {"introduced": "0.4", "last_affected": None, "fixed": None, "from": "0.4", "to": "0.4"}
        | {"open_before": False, "open_after": True},
    ]
    assert (history["judged"], history["whole"]) == (["0.0", "0.1", "0.2", "0.4"], False)
    assert [(gap["from"], gap["to"]) for gap in history["gaps"]] == [("0.3", "0.3"), ("0.5", "0.5")]
    assert all(set(gap) == {"from", "to", "reason"} for gap in history["gaps"])
    assert (history["strategy"], history["seed"]) == ("bisect", 3)
    assert (history["first_fixed"], history["safe_since"], history["relapses"]) == ("0.2", None, ["0.4"])
    assert (history["yanked"], history["untested"]) == (["0.4"], ["0.5"])
    assert (claim["assessment"], claim["claimed_fixed"]) == ("relapsed", "0.2")
    assert len(history["attribution"]) == 2
    assert history["attribution"][0]["changed"] == {"h11": {"older": "1", "newer": "2"}}


def test_document_comes_back_unchanged(document: Document) -> None:
    """With its histories, claims and releases."""
    text = json_document.render(document)
    assert msgspec.json.decode(text, type=Document) == document
    assert json_document.render(msgspec.json.decode(text, type=Document)) == text
    assert "\x1b" not in text


def test_document_can_be_computed_again_from_its_cells(document: Document) -> None:
    """What it says of releases follows from its cells and the releases in it."""
    again = document_of(
        document.cells,
        releases=document.releases,
        claims=CLAIMS,
        searched={one.key: Searched(strategy=one.strategy, seed=one.seed) for one in document.histories},
    )
    assert again == document


def test_a_condition_says_which_histories_a_claim_stands_beside(
    results: list[CellResult], known: dict[str, tuple[Release, ...]]
) -> None:
    """A document that speaks of another Python says nothing about this one."""
    claims = [
        Claim(document=python, fixed="0.2", condition=Condition(python=python))
        for python in ("<3.9", ">=3.12", "==3.12")
    ]
    made = document_of(results, releases=known, claims={"some-failure": claims}, searched={})
    assert [one.document for one in made.claims] == [">=3.12", "==3.12"]


@pytest.mark.parametrize("fields", [{"claimed": None}, {"kind": "open"}, {"kind": "range"}, {"claimed": []}])
def test_a_claim_says_what_its_kind_is(fields: dict[str, Any], document: Document) -> None:
    """Whoever wrote the document: a claimed fix without a release is no open failure."""
    broken = plain.loads(json_document.render(document))
    assert fault_of(msgspec.convert(broken, Document)) is None
    broken["claims"][0] |= fields
    assert "says something else" in (fault_of(msgspec.convert(broken, Document)) or "")


def test_document_meets_its_schema(document: Document) -> None:
    """By a validator that is not the program's own."""
    schema = plain.loads(json_document.schema())
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(plain.loads(json_document.render(document)))


def _break(document: dict[str, Any], path: list[str | int], value: object) -> None:
    *way, last = path
    inside: Any = document
    for step in way:
        inside = inside[step]
    if value is None:
        del inside[last]
    else:
        inside[last] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["histories", 0, "gaps", 0, "from"], None),
        (["histories", 0, "gaps", 0, "to"], 3),
        (["histories", 0, "affected", 0, "fixed"], None),
        (["histories", 0, "strategy"], "luck"),
        (["histories", 0, "confidence"], "high"),
        (["histories", 0, "attribution", 0, "cause"], "weather"),
        (["histories", 0, "tested"], "all"),
        (["histories", 0, "safe_since"], None),
        (["claims", 0, "assessment"], "true"),
        (["claims", 0, "relapses"], None),
        (["releases", "uvicorn", 0, "version"], None),
        (["cells", 0, "tally", "reproduced"], "often"),
    ],
)
def test_schema_refuses_what_the_contract_does_not_know(
    path: list[str | int], value: object, document: Document
) -> None:
    """A schema that lets everything through promises nothing."""
    broken = plain.loads(json_document.render(document))
    _break(broken, path, value)
    jsonschema = pytest.importorskip("jsonschema")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(plain.loads(json_document.schema())).validate(broken)


def test_releases_are_those_of_the_subjects_in_it(document: Document, known: dict[str, tuple[Release, ...]]) -> None:
    """What somebody needs to compute the histories again, and no more."""
    assert document.releases == {"uvicorn": known["uvicorn"]}


@pytest.mark.parametrize(("tested", "strategy"), [(6, Strategy.SWEEP), (5, Strategy.SELECTION)])
def test_strategy_of_a_series_that_nobody_searched(
    tested: int,
    strategy: Strategy,
    make_result: Callable[..., CellResult],
    known: dict[str, tuple[Release, ...]],
) -> None:
    """With a result of every release it is a sweep, however these came about."""
    made = document_of(
        [make_result(version=f"0.{number}") for number in range(tested)], releases=known, claims={}, searched={}
    )
    assert [(one.strategy, one.seed) for one in made.histories] == [(strategy, None)]
    assert made.claims == ()


def test_empty_document() -> None:
    """Nothing was run."""
    made = document_of([], releases={}, claims=CLAIMS, searched={})
    assert (made.schema_version, made.cells, made.histories, made.claims, made.releases) == (1, (), (), (), {})
    assert msgspec.json.decode(json_document.render(made), type=Document) == made


def test_moments_are_never_mixed(
    results: list[CellResult], known: dict[str, tuple[Release, ...]], make_result: Callable[..., CellResult]
) -> None:
    """Another moment is another history, of its own cells, and assesses no claim."""
    key = msgspec.structs.replace(KEY, as_of="2024-06-01")
    cell = Series.of_releases(key, known["uvicorn"]).cell("0.1")
    other = make_result(id=cell.id, version="0.1", verdict=Verdict.ABSENT, control=cell.recipe.label)
    found = document_of([*results, other], releases=known, claims=CLAIMS, searched={})
    own, of_day = found.histories
    assert own == document_of(results, releases=known, claims=CLAIMS, searched={}).histories[0]
    assert (of_day.key, of_day.tested, of_day.affected) == (key, ("0.1",), ())
    assert {claim.key for claim in found.claims} == {KEY}


def test_what_was_not_there_yet_is_refused(
    make_result: Callable[..., CellResult], make_release: Callable[..., Release]
) -> None:
    """With the day of its upload; the very first release is still the first."""
    releases = {"uvicorn": (make_release("0.1"), make_release("0.2", uploaded=LATER))}
    key = msgspec.structs.replace(KEY, as_of="2024-06-01")
    cell = Series.of_releases(key, releases["uvicorn"]).cell("0.1")
    result = make_result(id=cell.id, version="0.1", verdict=Verdict.REPRODUCED, control=cell.recipe.label)
    (history,) = document_of([result], releases=releases, claims={}, searched={}).histories
    (gap,) = history.gaps
    assert (gap.first, gap.reason) == (
        "0.2",
        "unsupported: uvicorn 0.2 was uploaded on 2024-07-01 at 00:00 UTC, after the beginning of 2024-06-01",
    )
    assert (history.affected[0].introduced, history.affected[0].open_before, history.whole) == (None, False, True)


def test_a_history_over_a_dependency_is_one_that_was_searched(
    known: dict[str, tuple[Release, ...]], make_result: Callable[..., CellResult]
) -> None:
    """The cells of a trace alone make no history; of a release that the subject excludes, the reason stands."""
    key = msgspec.structs.replace(KEY, over=Over(package="other", held="0.1"))
    (cell,) = Series.over_releases(key, known["uvicorn"][1], known["other"]).cells.values()
    reason = "uvicorn 0.1 cannot have other 1.0"
    result = make_result(
        id=cell.id, version="0.1", verdict=Verdict.UNSUPPORTED, reason=reason, control=cell.recipe.label
    )
    assert document_of([result], releases=known, claims=CLAIMS, searched={}).histories == ()
    searched = {key: Searched(strategy=Strategy.SWEEP)}
    found = document_of([result], releases=known, claims=CLAIMS, searched=searched)
    (history,) = found.histories
    assert (history.over, history.attribution, found.claims) == (key.over, (), ())
    assert [(gap.first, gap.reason) for gap in history.gaps] == [("1.0", f"unsupported: {reason}")]
    assert set(found.releases) == {"uvicorn", "other"}
    assert plain.loads(json_document.render(found))["histories"][0]["over"] == {"package": "other", "held": "0.1"}
