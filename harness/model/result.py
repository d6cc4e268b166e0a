"""Results as the public contract spells them in JSON, and how a call's results become its exit status."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import msgspec
from packaging.version import Version

from harness.model.cell import id_of
from harness.model.names import (
    CellId,
    ControlName,
    Count,
    EvidencePath,
    Pins,
    PlaceText,
    PlatformName,
    PythonVersion,
    ScenarioId,
    Seconds,
    SubjectName,
    Text,
    VariantName,
    VersionText,
    Word,
    shortened,
)
from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.model.cell import Cell
    from harness.model.scenario import Scenario


class EnvironmentResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a cell ran in: the interpreter's path, name to version, and the moment of resolution (ISO 8601, UTC).

    ``runtime`` is what the interpreter itself runs in, where that is not the machine: ``Wine 8.0``.
    """

    interpreter: PlaceText
    pins: Pins
    resolved_as_of: Word
    runtime: Text | None = None


class CellResult(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict of one cell with what backs it.

    ``expected`` is the verdict that the scenario's measured history foretells, or None; ``evidence`` the folder
    of the evidence, relative to the results folder, or None where nothing ran; ``signature`` quotes it. ``tally``
    counts the verdicts of the trials; ``control`` names what sets a control apart, see `harness.model.cell.Cell`.
    ``judged_by`` is the digest of the scenario whose judge gave the verdict. ``unjudged_here``: it came from elsewhere,
    and nobody here could judge its evidence.
    """

    id: CellId
    scenario: ScenarioId
    variant: VariantName
    subject: SubjectName
    version: VersionText
    python: PythonVersion
    python_full: Word | None
    platform: PlatformName
    verdict: Verdict
    reason: Text | None
    expected: Verdict | None
    trials: Count
    duration_s: Seconds
    cached: bool
    evidence: EvidencePath | None
    environment: EnvironmentResult | None
    signature: Text | None = None
    tally: dict[Verdict, Count] = msgspec.field(default_factory=dict)
    control: ControlName | None = None
    judged_by: Word | None = None
    unjudged_here: bool = False

    @property
    def base(self) -> str:
        """The id of the cell that a control stands beside; its own for any other."""
        return self._id_with(None) if self.control else self.id

    @property
    def fault(self) -> str | None:
        """Say what in it does not go together, whoever wrote it; None where all does."""
        if self.id != self._id_with(self.control):
            return "its id is not that of its scenario, release, Python and platform"
        if self.evidence and not self.evidence.startswith(f"evidence/{self.id}/"):
            return f"its evidence is not in a folder of its own: '{self.evidence}'"
        if self.verdict.is_judged and not self.trials:
            return f"it is {self.verdict} without a trial"
        return None

    def _id_with(self, control: str | None) -> str:
        subject = f"{self.subject}-{self.version}"
        return id_of(self.scenario, self.variant, subject, f"py{self.python}", self.platform, control)

    @property
    def contradicts(self) -> bool:
        """Whether a judged verdict differs from the expected one."""
        return self.expected is not None and self.verdict.is_judged and self.verdict is not self.expected


def result_of(
    cell: Cell,
    scenario: Scenario,
    judgement: Judgement,
    *,
    tally: Mapping[Verdict, int] | None = None,
    duration_s: float = 0.0,
    evidence: str | None = None,
    python_full: str | None = None,
    environment: EnvironmentResult | None = None,
    judged_by: str | None = None,
) -> CellResult:
    """Return the result of a cell from its judgement."""
    return CellResult(
        id=cell.id,
        scenario=cell.scenario,
        variant=cell.variant,
        subject=cell.subject,
        version=cell.release.version,
        python=cell.python,
        python_full=python_full,
        platform=cell.platform,
        verdict=judgement.verdict,
        reason=shortened(judgement.reason),
        expected=expected_of(cell, scenario),
        trials=sum((tally or {}).values()),
        duration_s=round(duration_s, 3),
        cached=False,
        evidence=evidence,
        environment=environment,
        signature=shortened(judgement.signature),
        tally=dict(tally or {}),
        control=cell.control,
        judged_by=judged_by,
    )


def order_of(result: CellResult) -> tuple[str, str, Version, Version, str]:
    """Return by what results are put in order: the same one whichever machines they come from, and whenever."""
    return result.scenario, result.platform, Version(result.python), Version(result.version), result.id


def expected_of(cell: Cell, scenario: Scenario) -> Verdict | None:
    """Return the verdict that a cell is expected to show; a release with another's dependencies may show any."""
    if cell.dependencies_of:
        return None
    return scenario.expects(
        variant=cell.variant, version=cell.release.version, python=cell.python, platform=cell.platform
    )


def unsupported(cell: Cell, scenario: Scenario) -> str | None:
    """Say why a cell cannot exist, before anything starts; None where it can."""
    release = cell.release
    if not release.admits(cell.python):
        return f"{cell.subject} {release.version} requires Python {release.requires_python}"
    system = {"windows-wine": "windows"}.get(cell.platform, cell.platform)
    system = "linux" if system.startswith("docker:") else system
    if system not in scenario.platforms:
        return f"the failure exists on {', '.join(scenario.platforms)} only"
    return None


def exit_status(results: Iterable[CellResult]) -> int:
    """Return 1 where a verdict contradicts, else 3 where a cell that can exist was not judged, else 0.

    A selection in which every cell is ``unsupported`` was not judged either.
    """
    tally = collections.Counter(
        "contradicts" if result.contradicts else "judged" if result.verdict.is_judged else str(result.verdict)
        for result in results
    )
    if tally["contradicts"]:
        return 1
    unjudged = tally.total() - tally["judged"] - tally["unsupported"]
    return 3 if unjudged or not tally["judged"] else 0
