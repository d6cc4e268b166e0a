"""What the results of a call say together: the exit status, and the words that say why."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from harness.model.outcome import outcome_of
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.result import CellResult

JUDGED = (Verdict.REPRODUCED, Verdict.ABSENT)
AGREES = "every verdict agrees with what is expected"
NOTHING_EXPECTED = "nothing is expected of 1 cell"


@pytest.mark.parametrize(
    "verdicts",
    list(
        itertools.chain.from_iterable(itertools.combinations_with_replacement(Verdict, count) for count in range(1, 3))
    ),
    ids=", ".join,
)
@pytest.mark.parametrize("expected", [None, *JUDGED, Verdict.UNHEALTHY])
def test_exit_status_by_the_contract(
    verdicts: tuple[Verdict, ...], expected: Verdict | None, make_result: Callable[..., CellResult]
) -> None:
    """1 where one contradicts; else 3 where one that can exist was not judged, or nothing was; else 0."""
    results = [make_result(verdict=verdict, expected=expected) for verdict in verdicts]
    fine = [verdict for verdict in verdicts if verdict in JUDGED or verdict is expected]
    if expected and any(verdict is not expected for verdict in verdicts if verdict in JUDGED):
        status = 1
    elif any(verdict not in {*JUDGED, Verdict.UNSUPPORTED, expected} for verdict in verdicts):
        status = 3
    else:
        status = 0 if fine else 3
    assert outcome_of(results).exit_status == status


@pytest.mark.parametrize(
    ("results", "status", "words"),
    [
        ([("absent", "absent"), ("reproduced", "reproduced")], 0, AGREES),
        ([("unhealthy", "unhealthy"), ("absent", "absent")], 0, AGREES),
        ([("unhealthy", "unhealthy")], 0, AGREES),
        ([("reproduced", None)], 0, NOTHING_EXPECTED),
        ([("reproduced", None), ("absent", "absent")], 0, f"1 cell as expected; {NOTHING_EXPECTED}"),
        ([("absent", "absent"), ("unsupported", "absent")], 0, AGREES),
        ([("unsupported", "absent")], 3, "no cell tried some-failure"),
        (
            [("absent", "absent"), ("not-run", None)],
            3,
            "nothing contradicts what is expected; 1 cell could not be judged",
        ),
        ([("absent", None), ("environment-failed", None)], 3, f"1 cell could not be judged; {NOTHING_EXPECTED}"),
        ([("unhealthy", "absent")] * 2, 3, "2 cells could not be judged"),
        ([("unhealthy", None)], 3, "1 cell could not be judged"),
        ([("inconclusive", "absent")], 3, "1 cell could not be judged"),
        ([("absent", "unhealthy")], 1, "1 cell contradicts what is expected"),
        ([("reproduced", "absent")] * 3, 1, "3 cells contradict what is expected"),
        (
            [("absent", "reproduced"), ("environment-failed", None), ("absent", None)],
            1,
            f"1 cell contradicts what is expected; 1 cell could not be judged; {NOTHING_EXPECTED}",
        ),
        ([], 3, "nothing was judged"),
    ],
)
def test_status_and_words_of_typical_runs(
    results: list[tuple[str, str | None]], status: int, words: str, make_result: Callable[..., CellResult]
) -> None:
    """Spelt out, so that the rule above cannot be wrong in the same way as the code."""
    made = [
        make_result(verdict=Verdict(verdict), expected=Verdict(expected) if expected else None)
        for verdict, expected in results
    ]
    outcome = outcome_of(made)
    assert (outcome.exit_status, outcome.words) == (status, words)


def test_a_failure_that_no_cell_tried_is_said(make_result: Callable[..., CellResult]) -> None:
    """Beside others that were tried: a green run of those says nothing about it."""
    tried = make_result(verdict=Verdict.ABSENT, expected=Verdict.ABSENT)
    untried = [
        make_result(scenario=f"failure-{number}", verdict=Verdict.UNSUPPORTED, expected=Verdict.ABSENT)
        for number in range(5)
    ]
    outcome = outcome_of([tried, *untried])
    assert outcome.exit_status == 3
    assert outcome.words == (
        "nothing contradicts what is expected; no cell tried failure-0, failure-1, failure-2 and 2 more"
    )
