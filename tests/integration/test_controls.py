"""Controls of the scenarios themselves, on real servers: one known bad and one known good for every variant."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from harness.environments import wine
from harness.model.verdict import Verdict
from harness.results.published import Published
from harness.results.sources import PUBLISHED

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from harness.analysis.series import History

HISTORIES = Published(PUBLISHED, where="the published report").document.histories


def sure(history: History) -> bool:
    """Whether a release of the history fixes the failure, and this machine can run it."""
    fixed = any(found.fixed for found in history.affected)
    here = history.platform == "linux" if sys.platform == "linux" else False
    return fixed and (here or (history.platform == "windows-wine" and wine.loader() is not None))


FIXED = {(history.scenario, history.variant): history for history in HISTORIES if sure(history)}


@pytest.mark.xdist_group("controls")
@pytest.mark.parametrize("history", FIXED.values(), ids=lambda history: f"{history.scenario} {history.variant}")
def test_a_bad_server_shows_it_and_a_good_one_does_not(
    history: History, harness: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """The last affected release and the first one without the failure, as they were measured."""
    found = next(found for found in reversed(history.affected) if found.fixed)
    servers = [part for v in (found.last_affected, found.fixed) for part in ("--server", f"{history.subject}=={v}")]
    where = ("--python", history.python, "--platform", history.platform, "--cell", f"*_{history.variant}_*")
    done = harness("run", history.scenario, *servers, *where, "--format", "json", "--quiet")
    verdicts = {cell["version"]: cell["verdict"] for cell in json.loads(done.stdout)["cells"]}
    assert verdicts == {found.last_affected: Verdict.REPRODUCED, found.fixed: Verdict.ABSENT}, done.stderr
    assert done.returncode == 0
