"""The compatibility table as values: what every format shows, and what it must not leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.scenario import Variant
from harness.model.verdict import Verdict
from harness.report.table import CONTRADICTS, SYMBOLS, summary, table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.result import CellResult
    from harness.model.scenario import Scenario

VERSIONS = ("0.9.0", "0.10.0", "0.10.0rc1", "0.10.0.post1")


def test_every_verdict_has_a_symbol_of_its_own() -> None:
    """A table can be read without its colours."""
    assert set(SYMBOLS) == set(Verdict)
    assert len(set(SYMBOLS.values())) == len(SYMBOLS)


def test_one_section_for_each_scenario_python_and_platform(make_result: Callable[..., CellResult]) -> None:
    """Wine is never merged with Windows; 3.8 comes before 3.12."""
    results = [
        make_result(python=python, platform=platform)
        for python in ("3.12", "3.8")
        for platform in ("windows-wine", "windows", "linux")
    ]
    sections = table_of(results, {}).sections
    assert [(one.platform, one.python) for one in sections] == [
        (platform, python) for platform in ("linux", "windows", "windows-wine") for python in ("3.8", "3.12")
    ]


def test_each_moment_is_a_section_of_its_own(make_result: Callable[..., CellResult]) -> None:
    """One release as of two moments is two rows; the heading says which day a section is of."""
    named = "some-failure_default_uvicorn-0.27.0_py3.12_linux_as-of-2026-11-01"
    of_day = make_result(id=named, control="as-of-2026-11-01", verdict=Verdict.REPRODUCED)
    own, other = table_of([of_day, make_result()], {}).sections
    assert (own.where, other.where) == ("Python 3.12, linux", "Python 3.12, linux, as of 2026-11-01")
    assert [one.rows[0].results["default"].verdict for one in (own, other)] == [Verdict.ABSENT, Verdict.REPRODUCED]


@given(order=st.permutations(VERSIONS))
def test_releases_are_ordered_as_versions(order: list[str], make_result: Callable[..., CellResult]) -> None:
    """However they were measured."""
    table = table_of([make_result(version=version) for version in order], {})
    assert [row.version for row in table.sections[0].rows] == ["0.9.0", "0.10.0rc1", "0.10.0", "0.10.0.post1"]


def test_variants_keep_the_order_of_the_scenario(
    make_result: Callable[..., CellResult], make_scenario: Callable[..., Scenario]
) -> None:
    """Columns stand as the scenario names them; one that it no longer has comes last, one not run is left out."""
    scenario = make_scenario(variants=tuple(Variant(name=name) for name in ("z", "a", "not-run")))
    results = [make_result(variant=name) for name in ("old", "a", "z")]
    assert table_of(results, {"some-failure": scenario}).sections[0].variants == ("z", "a", "old")


def test_every_result_is_in_the_table(make_result: Callable[..., CellResult]) -> None:
    """Each in its place, counted once."""
    results = [
        make_result(version=version, variant=variant, verdict=verdict, reason="r")
        for version in VERSIONS
        for variant, verdict in (("a", Verdict.ABSENT), ("b", Verdict.UNHEALTHY))
    ]
    table = table_of(results, {})
    shown = [result for section in table.sections for row in section.rows for result in row.results.values()]
    assert sorted(one.id for one in shown) == sorted(one.id for one in results)
    assert table.counts == {Verdict.ABSENT: 4, Verdict.UNHEALTHY: 4}


def test_reasons_are_told_once_with_their_cells(make_result: Callable[..., CellResult]) -> None:
    """Ten cells with one cause are one remark; a judged cell needs none."""
    results = [make_result(version=version, verdict=Verdict.UNHEALTHY, reason="no loop") for version in VERSIONS]
    results += [make_result(version="1.0"), make_result(version="2.0", verdict=Verdict.NOT_RUN, reason="later")]
    remarks = table_of(results, {}).remarks
    assert [(one.verdict, one.reason, len(one.cells)) for one in remarks] == [
        ("not-run", "later", 1),
        ("unhealthy", "no loop", 4),
    ]


def test_contradictions_come_first_and_quote_what_was_seen(make_result: Callable[..., CellResult]) -> None:
    """A failure that came back must not hide below what could not be built."""
    back = make_result(verdict=Verdict.REPRODUCED, expected=Verdict.ABSENT, signature="Event loop is closed")
    failed = make_result(version="1.0", verdict=Verdict.ENVIRONMENT_FAILED, reason="a")
    table = table_of([failed, back], {})
    assert table.contradictions == 1
    assert table.remarks[0].verdict == CONTRADICTS
    assert table.remarks[0].cells == (back.id,)
    assert table.remarks[0].reason == "expected absent, measured reproduced: Event loop is closed"


@pytest.mark.parametrize("verdict", list(Verdict))
def test_legend_explains_what_occurs_and_nothing_else(verdict: Verdict, make_result: Callable[..., CellResult]) -> None:
    """Symbol and word of each verdict in the table."""
    assert table_of([make_result(verdict=verdict, reason="r")], {}).legend == f"{SYMBOLS[verdict]} {verdict}"


def test_summary_counts_everything(make_result: Callable[..., CellResult]) -> None:
    """The last line of a run can be trusted without the table."""
    results = [
        make_result(version="1.0", cached=True),
        make_result(version="2.0", verdict=Verdict.REPRODUCED, expected=Verdict.ABSENT),
        make_result(version="3.0", verdict=Verdict.UNHEALTHY, reason="r"),
    ]
    assert summary(results) == (
        "3 cells: 1 reproduced, 1 absent, 1 unhealthy, 1 contradicting the expectation, 1 from stored results"
    )
