"""Every kept trial of a real server gets the verdict that its file name says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.model.evidence import Evidence
from harness.model.judge import judge
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.scenario import Scenario

FILES = sorted((Path(__file__).parents[1] / "evidence").glob("*/*.json"))
NAMES = [f"{path.parent.name}/{path.stem}" for path in FILES]


def read(path: Path) -> Evidence:
    """Read one kept trial."""
    return msgspec.json.decode(path.read_bytes(), type=Evidence)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_kept_evidence_gets_its_verdict(path: Path, bundled: Mapping[str, Scenario]) -> None:
    """A correction of a judge that changes what real servers showed is seen here."""
    judgement = judge(bundled[path.parent.name], read(path))
    assert path.name.startswith(f"{judgement.verdict}-"), judgement


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_kept_evidence_is_filed_where_it_belongs(path: Path) -> None:
    """A file's name and folder are those of the trial in it."""
    evidence = read(path)
    assert path.parent.name == evidence.scenario
    assert path.stem.endswith(f"-{evidence.version}-{evidence.variant}")


@pytest.mark.parametrize("verdict", [Verdict.REPRODUCED, Verdict.ABSENT, Verdict.UNHEALTHY])
def test_every_kept_scenario_has_each_verdict(verdict: Verdict) -> None:
    """A judge that can only ever say one thing is not tested by one kind of evidence."""
    scenarios = {path.parent for path in FILES}
    assert scenarios
    assert all(list(folder.glob(f"{verdict}-*.json")) for folder in scenarios)


def test_verdicts_of_measured_releases_are_the_expected_ones(bundled: Mapping[str, Scenario]) -> None:
    """What a scenario foretells agrees with what was kept, wherever it was judged."""
    reached = 0
    for path in FILES:
        evidence = read(path)
        verdict = Verdict(path.name.split("-")[0])
        if verdict.is_judged:
            expected = bundled[evidence.scenario].expects(
                variant=evidence.variant,
                version=evidence.version,
                python=evidence.python,
                platform=evidence.platform,
            )
            assert expected in {verdict, None}, path
            reached += expected is verdict
    assert reached > 15, "of few of them anything is expected"


def test_silent_server_is_told_with_its_last_words(
    bundled: Mapping[str, Scenario], kept: Callable[[str, str], Evidence]
) -> None:
    """The reason of an unhealthy cell says how the server failed to answer, in its own words."""
    judgement = judge(bundled["pipelined-keep-alive"], kept("pipelined-keep-alive", "unhealthy-0.18.0-h11"))
    assert judgement.reason
    assert judgement.reason.startswith("server 'uvicorn' ran for 30 s without answering: ")
    assert judgement.reason.endswith("TypeError: '>' not supported between instances of 'int' and 'NoneType'")


@pytest.mark.parametrize("name", ["reproduced-0.27.0-h11", "absent-0.27.1-h11"])
def test_trial_that_the_harness_lost_is_never_judged(
    name: str, bundled: Mapping[str, Scenario], kept: Callable[[str, str], Evidence]
) -> None:
    """An error of the harness outweighs whatever the evidence seems to show."""
    lost = msgspec.structs.replace(kept("pipelined-keep-alive", name), error="no\nnetwork", error_verdict=None)
    judgement = judge(bundled["pipelined-keep-alive"], lost)
    assert judgement.verdict is Verdict.ENVIRONMENT_FAILED
    assert judgement.reason == "no network"


def test_passed_deadline_of_a_trial_is_inconclusive(
    bundled: Mapping[str, Scenario], kept: Callable[[str, str], Evidence]
) -> None:
    """A trial that had to be ended is not a sign of the failure."""
    evidence = kept("preload-closed-loop", "reproduced-0.4.3-preload")
    late = msgspec.structs.replace(evidence, error="too late", error_verdict="inconclusive")
    assert judge(bundled["preload-closed-loop"], late).verdict is Verdict.INCONCLUSIVE
