"""Results and what becomes of a call: contradictions, cells that cannot exist, exit statuses."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from harness.model.result import exit_status, result_of, unsupported
from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.cell import Cell
    from harness.model.expectation import Expectation
    from harness.model.result import CellResult
    from harness.model.scenario import Scenario

JUDGED = (Verdict.REPRODUCED, Verdict.ABSENT)
MADE = "agrees", "contradicts", "unexpected", "unsupported", "unjudged"


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("expected", [None, *JUDGED])
def test_only_a_judged_verdict_contradicts(
    verdict: Verdict, expected: Verdict | None, make_result: Callable[..., CellResult]
) -> None:
    """A known failure that came back, or is gone; not a cell that could not be judged."""
    opposite = {(Verdict.REPRODUCED, Verdict.ABSENT), (Verdict.ABSENT, Verdict.REPRODUCED)}
    assert make_result(verdict=verdict, expected=expected).contradicts is ((verdict, expected) in opposite)


@pytest.mark.parametrize(
    "verdicts",
    list(
        itertools.chain.from_iterable(itertools.combinations_with_replacement(Verdict, count) for count in range(1, 3))
    ),
    ids=", ".join,
)
@pytest.mark.parametrize("expected", [None, *JUDGED])
def test_exit_status_by_the_contract(
    verdicts: tuple[Verdict, ...], expected: Verdict | None, make_result: Callable[..., CellResult]
) -> None:
    """1 where one contradicts; else 3 where one that can exist was not judged, or nothing was; else 0."""
    results = [make_result(verdict=verdict, expected=expected) for verdict in verdicts]
    judged = [verdict for verdict in verdicts if verdict in JUDGED]
    if expected and any(verdict is not expected for verdict in judged):
        status = 1
    elif any(verdict not in {*JUDGED, Verdict.UNSUPPORTED} for verdict in verdicts):
        status = 3
    else:
        status = 0 if judged else 3
    assert exit_status(results) == status


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([("absent", "absent"), ("reproduced", "reproduced")], 0),
        ([("reproduced", None)], 0),
        ([("absent", "absent"), ("unsupported", "absent")], 0),
        ([("unsupported", "absent")], 3),
        ([("absent", "absent"), ("not-run", None)], 3),
        ([("absent", "absent"), ("environment-failed", None)], 3),
        ([("absent", "absent"), ("unhealthy", "absent")], 3),
        ([("absent", "absent"), ("inconclusive", "absent")], 3),
        ([("absent", "reproduced"), ("environment-failed", None)], 1),
        ([("reproduced", "absent")], 1),
        ([], 3),
    ],
)
def test_exit_status_of_typical_runs(
    results: list[tuple[str, str | None]], status: int, make_result: Callable[..., CellResult]
) -> None:
    """Spelt out, so that the rule above cannot be wrong in the same way as the code."""
    made = [
        make_result(verdict=Verdict(verdict), expected=Verdict(expected) if expected else None)
        for verdict, expected in results
    ]
    assert exit_status(made) == status


@pytest.mark.parametrize(
    ("platform", "platforms", "supported"),
    [
        ("linux", ("linux", "macos"), True),
        ("windows", ("linux", "macos"), False),
        ("windows", ("windows",), True),
        ("windows-wine", ("windows",), True),
        ("windows-wine", ("linux", "macos"), False),
        ("linux", ("windows",), False),
        ("docker:python:3.12", ("linux", "macos"), True),
        ("docker:python:3.12", ("windows",), False),
        ("macos", ("linux", "macos"), True),
    ],
)
def test_platform_on_which_a_failure_cannot_exist(
    platform: str,
    platforms: tuple[str, ...],
    *,
    supported: bool,
    make_cell: Callable[..., Cell],
    make_scenario: Callable[..., Scenario],
) -> None:
    """Wine runs what is Windows', a container what is Linux's."""
    reason = unsupported(make_cell(platform=platform), make_scenario(platforms=platforms))
    assert (reason is None) is supported
    if reason:
        assert reason == f"the failure exists on {', '.join(platforms)} only"


def test_python_that_a_release_does_not_admit(
    make_cell: Callable[..., Cell], make_scenario: Callable[..., Scenario], make_release: Callable[..., object]
) -> None:
    """Known from the index, before anything is built."""
    cell = make_cell(release=make_release("0.28.0", requires_python=">=3.9"), python="3.8")
    assert unsupported(cell, make_scenario()) == "uvicorn 0.28.0 requires Python >=3.9"


def test_result_carries_what_the_contract_names(
    make_cell: Callable[..., Cell],
    make_scenario: Callable[..., Scenario],
    make_expectation: Callable[..., Expectation],
) -> None:
    """Cell, judgement and expectation, each under its name."""
    scenario = make_scenario(expectations=(make_expectation(affected=("<0.27.1",), python="3.12"),))
    judgement = Judgement(verdict=Verdict.UNHEALTHY, reason="it does not start")
    made = result_of(
        make_cell(), scenario, judgement, tally={Verdict.UNHEALTHY: 2}, duration_s=1.23456, evidence="evidence/x"
    )
    assert made.id == make_cell().id
    assert (made.verdict, made.reason, made.expected) == (Verdict.UNHEALTHY, "it does not start", Verdict.REPRODUCED)
    assert (made.trials, made.duration_s, made.evidence, made.cached) == (2, 1.235, "evidence/x", False)
