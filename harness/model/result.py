"""Results as the public contract spells them in JSON, each with the verdict that is expected of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from packaging.version import Version

from harness.model.coordinates import Coordinates
from harness.model.label import COPY, read
from harness.model.moment import beginning, is_day
from harness.model.names import (
    CellId,
    ControlName,
    Count,
    EvidencePath,
    Files,
    Pins,
    PlaceText,
    Reasons,
    Seconds,
    Text,
    Word,
    shortened,
)
from harness.model.platforms import platform_of
from harness.model.recipe import Copy, NamedMoment, OwnMoment, With, usual_at
from harness.model.release import is_local
from harness.model.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model.cell import Cell
    from harness.model.coordinates import SeriesKey
    from harness.model.recipe import Recipe
    from harness.model.scenario import Scenario


class EnvironmentResult(msgspec.Struct, frozen=True, kw_only=True):
    """The environment that a cell ran in.

    ``interpreter`` is a path. ``pins`` maps each package to its version. ``resolved_as_of`` is the moment of resolution
    (ISO 8601, UTC). ``runtime`` names what the interpreter itself runs in, where that is not the machine: ``Wine 8.0``.
    ``files`` maps each package to the kind of file that it came from: ``wheel py3-none-any``, ``wheel
    cp38-cp38-manylinux1_x86_64, compiled``, ``built from source, pure``; it is empty where nobody looked.
    ``moments`` has the moment of each package that is resolved as of another one than the rest. ``not_exchanged`` says
    why a package has not the version that the exchange of dependencies asked for.
    """

    interpreter: PlaceText
    pins: Pins
    resolved_as_of: Word
    runtime: Text | None = None
    files: Files = {}
    moments: Files = {}
    not_exchanged: Reasons = {}


class CellResult(Coordinates, frozen=True, kw_only=True):
    """The verdict of one cell with what backs it.

    ``expected`` is the verdict that the call expects, or None, see `expecting`. ``evidence`` is the folder of the
    evidence, relative to the results folder, or None where nothing ran; ``signature`` quotes the evidence. ``tally``
    counts the verdicts of the trials. ``control`` is the label of the recipe, see `harness.model.recipe`. ``judged_by``
    is the digest of the scenario whose judge gave the verdict. ``unjudged_here``: the result came from elsewhere, and
    nobody here could judge its evidence.
    """

    id: CellId
    python_full: Word | None
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
        """The id of the cell that this one stands beside: a control, or a cell with a named release of a dependency.

        For any other cell its own id.
        """
        said = read(self.control)
        if said.is_control or said.package:
            return self.id_of(self.version, usual_at(beginning(said.day)).label if said.day else None)
        return self.id

    @property
    def key(self) -> SeriesKey:
        """The series that the cell belongs to."""
        return self.key_of(self.version, self.control)

    @property
    def label(self) -> str:
        """The label of the candidate that the cell tries: a release of the subject, or of a dependency that varies."""
        return read(self.control).release or self.version

    @property
    def is_control(self) -> bool:
        """Whether the cell stands beside another one of its series, to test the harness or a cause."""
        return read(self.control).is_control

    @property
    def is_in_tables(self) -> bool:
        """Whether the cell is shown by the release of its subject; cells over a dependency are shown as histories."""
        said = read(self.control)
        return not said.is_control and said.package is None

    @property
    def is_copy(self) -> bool:
        """Whether the cell is a copy of another one, which has to show the same."""
        return self.control is not None and self.control.startswith(COPY)

    @property
    def fault(self) -> str | None:
        """Say which fields do not go together, for a result that anybody may have written; None where all do."""
        if (day := read(self.control).day) and not is_day(day):
            return f"its moment is no day: '{day}'"
        if self.id != self.id_of(self.version, self.control):
            return "its id is not that of its scenario, release, Python and platform"
        if self.evidence and not self.evidence.startswith(f"evidence/{self.id}/"):
            return f"its evidence is not in a folder of its own: '{self.evidence}'"
        if self.verdict.is_judged and not self.trials:
            return f"it is {self.verdict} without a trial"
        return None

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
        **cell.fields,
        id=cell.id,
        python_full=python_full,
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
        control=cell.recipe.label,
        judged_by=judged_by,
    )


def order_of(result: CellResult) -> tuple[str, str, Version, Version, str]:
    """Return the key by which results are sorted: it depends neither on the machine nor on the time of a result."""
    return result.scenario, result.platform, Version(result.python), Version(result.version), result.id


def expected_of(cell: Cell, scenario: Scenario) -> Verdict | None:
    """Return the verdict that a cell is expected to show; None where the environment is not the measured one.

    Nobody has measured a release with another release's dependencies, or as of a named moment.
    """
    if not isinstance(cell.recipe, OwnMoment | Copy) or cell.recipe.moment:
        return _of_a_tree(cell.release.version) if _is_asked_about(cell.recipe) else None
    return _expected(
        scenario, variant=cell.variant, version=cell.release.version, python=cell.python, platform=cell.platform
    )


def expecting(result: CellResult, scenario: Scenario, *, absent: bool) -> CellResult:
    """Return a result with the verdict that is expected of it now.

    Nothing is measured of a release as of a named moment, so that nothing but ``absent`` is expected there. A control
    other than a copy, and a cell with a named release of a dependency, stay as they are.

    Args:
        result: new or stored.
        scenario: the scenario of the result.
        absent: whether the call demands that the failure is absent, whatever was measured of the release.

    """
    if not (result.is_in_tables or result.is_copy):
        return result
    if result.key.is_usual:
        expected = _expected(
            scenario, variant=result.variant, version=result.version, python=result.python, platform=result.platform
        )
    else:
        expected = _of_a_tree(result.version)
    return msgspec.structs.replace(result, expected=Verdict.ABSENT if absent else expected)


def _expected(scenario: Scenario, *, variant: str, version: str, python: str, platform: str) -> Verdict | None:
    """Return the verdict that the measured histories foretell for a release; for a working tree, ``absent``."""
    expected = scenario.expects(variant=variant, version=version, python=python, platform=platform)
    return _of_a_tree(version) or expected


def _of_a_tree(version: str) -> Verdict | None:
    """Return what is expected of a working tree wherever it runs; None for a release of an index."""
    return Verdict.ABSENT if is_local(version) else None


def _is_asked_about(recipe: Recipe) -> bool:
    """Whether a call asks about the cells of this recipe themselves."""
    return isinstance(recipe, OwnMoment | NamedMoment | Copy)


def unsupported(cell: Cell, scenario: Scenario) -> str | None:
    """Say why a cell cannot exist, before anything starts; None where it can."""
    named = [(cell.subject, cell.release)]
    named += [(cell.recipe.package, cell.recipe.release)] if isinstance(cell.recipe, With) else []
    for package, release in named:
        if refusal := release.refusal(cell.python, cell.platform, at=cell.recipe.moment):
            return f"{package} {release.version} {refusal}"
    if platform_of(cell.platform).system not in scenario.platforms:
        return f"the failure exists on {', '.join(scenario.platforms)} only"
    return None
