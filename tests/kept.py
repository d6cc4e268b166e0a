"""The kept evidence: real trials of real servers, by which judges are tested, one file each.

The evidence of a scenario lies in the folder ``evidence`` beside its module. A file is called
``VERDICT-VERSION-VARIANT.json``; ``python -m tests.keep`` puts it there.
"""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.catalog import loading
from harness.catalog.folders import EVIDENCE
from harness.model.evidence import Evidence
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from harness.catalog.loading import Catalog, LoadedScenario
    from harness.model.scenario import Scenario

TESTS = Path(__file__).parent
TOYS = TESTS / "minimatrix" / "scenarios"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kept:
    """One kept trial; ``verdict`` is what the name of its file says."""

    path: Path
    scenario: Scenario
    evidence: Evidence
    verdict: Verdict

    def __str__(self) -> str:
        """Name it in the id of a test."""
        return f"{self.scenario.id}/{self.path.stem}"


@functools.cache
def scenarios() -> Catalog:
    """Load the project's own scenarios and the toys of its tests, by id."""
    return loading.load([loading.bundled("scenarios"), TOYS])


def folder_of(loaded: LoadedScenario) -> Path:
    """Return the folder where the evidence of a scenario lies."""
    return loaded.module.parent / EVIDENCE


def name_of(evidence: Evidence, verdict: Verdict) -> str:
    """Return what the file of a trial is called."""
    return f"{verdict}-{evidence.version}-{evidence.variant}.json"


@functools.cache
def everything() -> tuple[Kept, ...]:
    """Read every kept trial.

    Raises:
        ValueError: a file is of a scenario that is not beside it, or its name is not that of the trial in it.

    """
    paths = {path for one in scenarios().values() for path in folder_of(one).glob("*.json")}
    return tuple(_read(path) for path in sorted(paths))


def _read(path: Path) -> Kept:
    evidence = msgspec.json.decode(path.read_bytes(), type=Evidence)
    loaded = scenarios().get(evidence.scenario)
    if loaded is None or path.parent != folder_of(loaded):
        raise ValueError(f"{path}: the scenario '{evidence.scenario}' of this trial is not beside it")
    verdict = Verdict("environment-failed" if path.name.startswith("environment-") else path.name.partition("-")[0])
    if path.name != (name := name_of(evidence, verdict)):
        raise ValueError(f"{path}: the file of this trial is called {name}")
    return Kept(path=path, scenario=loaded.scenario, evidence=evidence, verdict=verdict)


def trial(scenario: str, name: str) -> Evidence:
    """Return one kept trial, by the id of its scenario and the name of its file without the ending."""
    return next(one.evidence for one in everything() if (one.scenario.id, one.path.stem) == (scenario, name))
