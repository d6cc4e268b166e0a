"""Results as the public contract spells them in JSON, and how a call's results become its exit status."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import msgspec
from packaging.version import Version

from harness.model.cell import printable
from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.model.cell import Cell
    from harness.model.scenario import Scenario


class EnvironmentResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a cell ran in: the interpreter's path, name to version, and the moment of resolution (ISO 8601, UTC).

    ``runtime`` is what the interpreter itself runs in, where that is not the machine: ``Wine 8.0``. ``files`` says of
    what kind of file each package was installed, where that is known: ``wheel py3-none-any``, ``built from source,
    compiled``.
    """

    interpreter: str
    pins: dict[str, str]
    resolved_as_of: str
    runtime: str | None = None
    files: dict[str, str] = {}


class CellResult(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict of one cell with what backs it.

    ``expected`` is the verdict that the scenario's measured history foretells, or None; ``evidence`` the folder
    of the evidence, relative to the results folder, or None where nothing ran; ``signature`` quotes it. ``tally``
    counts the verdicts of the trials; ``control`` names what sets a control apart, see `harness.model.cell.Cell`.
    """

    id: str
    scenario: str
    variant: str
    subject: str
    version: str
    python: str
    python_full: str | None
    platform: str
    verdict: Verdict
    reason: str | None
    expected: Verdict | None
    trials: int
    duration_s: float
    cached: bool
    evidence: str | None
    environment: EnvironmentResult | None
    signature: str | None = None
    tally: dict[Verdict, int] = msgspec.field(default_factory=dict)
    control: str | None = None

    @property
    def base(self) -> str:
        """The id of the cell that a control stands beside; its own for any other."""
        return self.id.removesuffix(f"_{printable(self.control)}") if self.control else self.id

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
        reason=judgement.reason,
        expected=expected_of(cell, scenario),
        trials=sum((tally or {}).values()),
        duration_s=round(duration_s, 3),
        cached=False,
        evidence=evidence,
        environment=environment,
        signature=judgement.signature,
        tally=dict(tally or {}),
        control=cell.control,
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
