"""Every release of the toy gets the verdict it was made for, with the evidence that backs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import golden
from .packages import TELLING

if TYPE_CHECKING:
    from .whole import WholeRun

VERDICTS = {
    "1.0": "reproduced",
    "1.1": "absent",
    "1.2": "unhealthy",
    "1.2.1": "inconclusive",
    "1.3": "unhealthy",
    "1.3.1": "unhealthy",
    "1.4": "unhealthy",
    "1.5": "absent",
    "1.6": "absent",
    "1.7": "absent",
    "1.8": "environment-failed",
    "1.9": "unsupported",
    "1.10": "inconclusive",
    "1.11": "unhealthy",
    "2.0a1": "absent",
    "2.0": "absent",
    "2.1": "absent",
}
REASONS = {
    "1.2": "control 'hello' failed: expected 200 b'hello', got 200 b'hullo'",
    "1.2.1": "expected 200 b'fine', got 200 b'sorry'",
    "1.3": "without answering, and printed nothing",
    "1.3.1": "without answering, and printed nothing",
    "1.4": "status 1, before it answered: toyserver: there is no licence for this machine",
    "1.8": TELLING,
    "1.9": "toyserver 1.9 requires Python >=3.99",
    "1.10": "the trials disagree: 1 absent, 1 reproduced",
    "1.11": r"alert(1)",
}
MOST_OF_LOG = 5 * 1024 * 1024  # characters: twice 2 MiB are kept, and a line that says what is left out
MOST_MEMORY = 150  # MiB


def test_every_release_is_in_the_table_with_its_verdict(whole: WholeRun) -> None:
    """A verdict that moves, a release that is missing and one that nobody asked for all show."""
    assert whole.called.verdicts == VERDICTS


def test_the_document_is_the_golden_one(whole: WholeRun) -> None:
    """Every key of the JSON document and every value that does not vary is as it was when last read."""
    golden.check("verdicts", whole.stdout)


def test_the_run_ends_with_the_counts_and_its_status(whole: WholeRun) -> None:
    """Nothing contradicts, some cells could not be judged: status 3, and the last line says so with counts."""
    assert whole.status == 3
    assert whole.called.last_line == (
        "17 cells: 1 reproduced, 7 absent, 5 unhealthy, 1 unsupported, 2 inconclusive, 1 environment-failed; "
        "nothing contradicts what is expected; 8 cells could not be judged (exit status 3)"
    )


@pytest.mark.parametrize("version", VERDICTS)
def test_the_reason_is_one_line_that_tells(whole: WholeRun, version: str) -> None:
    """What was not judged says why in one line; what was judged needs no reason."""
    reason = whole.called.cells[version]["reason"]
    if version not in REASONS:
        assert reason is None
        return
    assert REASONS[version] in reason
    assert len(reason.splitlines()) == 1


@pytest.mark.parametrize("version", VERDICTS)
def test_nothing_of_a_cell_is_left_when_it_is_said_to_be_finished(whole: WholeRun, version: str) -> None:
    """Neither a process nor a listening port nor a folder of it, while the run still goes on with others."""
    assert whole.left[version] == []


def test_nothing_is_left_when_the_run_has_ended(whole: WholeRun) -> None:
    """No process that names the user's folder, no port of the toy's, nothing in the temporary folder."""
    assert whole.left_at_end == []


def test_every_trial_has_its_evidence(whole: WholeRun) -> None:
    """What ran has evidence of as many trials as were asked for; what did not run has none."""
    trials = {
        version: len(whole.evidence(version)) if cell["evidence"] else 0 for version, cell in whole.called.cells.items()
    }
    assert trials == {version: 0 if version in {"1.8", "1.9"} else 2 for version in VERDICTS}


def test_the_signature_quotes_what_was_seen(whole: WholeRun) -> None:
    """The one reproduced cell, and no other, quotes the failure."""
    assert {v: c["signature"] for v, c in whole.called.cells.items() if c["signature"]} == {"1.0": "200 b'broken'"}


def test_a_server_that_ignores_sigterm_is_killed(whole: WholeRun) -> None:
    """It did its work, so its verdict stands; the evidence says that it had to be killed."""
    servers = [trial["servers"][0] for trial in whole.evidence("1.5")]
    assert [(server["stopped_by"], server["exit_status"]) for server in servers] == [("SIGKILL", -9)] * 2


def test_daemons_are_found_counted_and_ended(whole: WholeRun) -> None:
    """Two of them, each in a session of its own, without a parent, deaf to SIGTERM and holding the port."""
    servers = [trial["servers"][0] for trial in whole.evidence("1.6")]
    assert [(server["stopped_by"], server["survivors"]) for server in servers] == [("SIGTERM", 2)] * 2


def test_a_gigabyte_of_output_is_neither_kept_nor_held(whole: WholeRun) -> None:
    """The log keeps both ends and counts the rest, on disk too; the program stays small."""
    for trial in whole.evidence("1.7"):
        server = trial["servers"][0]
        assert server["log_dropped"] > 900 * 1024 * 1024
        assert len(server["log"]) + len(server["log_stopping"]) < MOST_OF_LOG
    sizes = [path.stat().st_size for path in whole.results_of("1.7").iterdir()]
    assert len(sizes) == 4
    assert max(sizes) < 2 * MOST_OF_LOG
    assert whole.peak_mib < MOST_MEMORY
