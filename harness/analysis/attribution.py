"""What caused a boundary: the subject, its dependencies, both, or the kind of file that it was installed from.

The rule: four cells stand at a boundary: the older and the newer candidate, each with its own dependencies and with
those of the other. Where both candidates keep their verdicts whatever they run with, the cause is the subject. Where
the verdicts go with the dependencies, the cause is the dependencies. Where only one of the two changes its verdict, the
change takes both, or either is enough, and the cause is both.

An exchange is a resolution, which the declarations of packages may not allow in part. A candidate that keeps its
verdict although some pins could not be exchanged says nothing about these: the cause is then undetermined, and the
reason names them.

Candidates may also keep their verdicts because of the files that they were installed from: with compiled modules
another parser or another loop can run than without them. Where only one of the two was compiled, nobody can tell that
from a change in the subject itself, and the cause is the kind of file.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec
from packaging.utils import canonicalize_name

from harness.model.names import CellId, Reasons
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.analysis.history import Boundary
    from harness.model.result import CellResult


class Cause(enum.StrEnum):
    """What a boundary comes from."""

    SUBJECT = "subject"
    BUILD = "build"  # the kind of file that the subject was installed from
    DEPENDENCY = "dependency"
    BOTH = "both"
    UNDETERMINED = "undetermined"


# Whether the older candidate changes its verdict with the newer one's dependencies, and the newer with the older's.
_CAUSES = {
    (False, False): Cause.SUBJECT,
    (True, True): Cause.DEPENDENCY,
    (True, False): Cause.BOTH,
    (False, True): Cause.BOTH,
}
_COMPILED = "compiled"  # in the words of `harness.model.result.EnvironmentResult`


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A dependency, or the kind of a file, that differs between two candidates; None where one of them lacks it."""

    older: str | None
    newer: str | None


class FourCells(msgspec.Struct, frozen=True, kw_only=True):
    """The ids of a boundary's cells.

    Where both candidates have the same dependencies there is nothing to exchange: the ids of their own cells stand for
    those of the exchanged ones.
    """

    older: str
    older_exchanged: str
    newer: str
    newer_exchanged: str


class Through(msgspec.Struct, frozen=True, kw_only=True):
    """A dependency whose exchange alone changes the verdict.

    ``held`` is the label of the candidate beside which its releases were run. The verdict changes between its releases
    ``older`` and ``newer``; None stands for its absence. ``between`` names the releases between these two of which
    none was judged; ``tested`` those that were run.
    """

    package: str
    held: str
    older: str | None
    newer: str | None
    between: tuple[str, ...] = ()
    tested: tuple[str, ...] = ()


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """What tracing a boundary has found.

    ``through`` are the dependencies that change the verdict alone; ``alike`` those that do not; ``unknown`` says of
    the others why nobody knows, by name. Where there is neither ``through`` nor ``unknown``, the change takes several.
    """

    through: tuple[Through, ...] = ()
    alike: tuple[str, ...] = ()
    unknown: dict[str, str] = {}


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """The cause of one boundary, with the verdicts of its cells by id.

    ``older`` and ``newer`` are the labels of the two candidates; ``changed`` are the dependencies that differ between
    them, by name; ``files`` the kinds of file of the subject, where only one of the two is compiled; ``reason`` says
    why the cause is not known. ``not_exchanged`` says by cell id and by package why a dependency could not be
    exchanged. ``trace`` says where a change of dependencies comes from, None for any other cause.
    """

    older: str
    newer: str
    fixes: bool
    cause: Cause
    changed: dict[str, Change]
    cells: FourCells
    verdicts: dict[str, Verdict]
    reason: str | None = None
    files: Change | None = None
    not_exchanged: dict[CellId, Reasons] = {}
    trace: Trace | None = None


def changes(older: CellResult, newer: CellResult) -> dict[str, Change]:
    """Return what differs between the dependencies of two candidates, by name."""
    before, after = _dependencies(older), _dependencies(newer)
    return {
        name: Change(older=before.get(name), newer=after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }


def attribute(boundary: Boundary, cells: FourCells, results: Mapping[str, CellResult]) -> Attribution:
    """Return the cause of a boundary from the results of its cells, by id; without one of them it is undetermined."""
    names = dict.fromkeys((cells.older, cells.older_exchanged, cells.newer_exchanged, cells.newer))
    verdicts = {name: results[name].verdict if name in results else Verdict.NOT_RUN for name in names}
    kept = {name: found for name in names if (found := _not_exchanged(results.get(name)))}
    older, newer = results.get(cells.older), results.get(cells.newer)
    moved = (
        verdicts[cells.older_exchanged] is not verdicts[cells.older],
        verdicts[cells.newer_exchanged] is not verdicts[cells.newer],
    )
    files = _files(older, newer) if older and newer else None
    reason = _unknown(cells, verdicts, moved, kept)
    cause = Cause.UNDETERMINED if reason else _CAUSES[moved]
    return Attribution(
        older=boundary.older.label,
        newer=boundary.newer.label,
        fixes=boundary.fixes,
        cause=Cause.BUILD if files and cause is Cause.SUBJECT else cause,
        changed=changes(older, newer) if older and newer else {},
        cells=cells,
        verdicts=verdicts,
        reason=reason,
        files=files,
        not_exchanged=kept,
    )


def _unknown(
    cells: FourCells,
    verdicts: Mapping[str, Verdict],
    moved: tuple[bool, bool],
    kept: Mapping[str, Mapping[str, str]],
) -> str | None:
    """Say why the cause cannot be known: a cell without a judgement, or a verdict kept without a whole exchange."""
    if unknown := next((name for name, verdict in verdicts.items() if not verdict.is_judged), None):
        return f"{unknown} is {verdicts[unknown]}"
    for name, has_moved in zip((cells.older_exchanged, cells.newer_exchanged), moved, strict=True):
        if name in kept and not has_moved:
            return f"{name} could not have {'; '.join(kept[name].values())}"
    return None


def _not_exchanged(result: CellResult | None) -> dict[str, str]:
    return result.environment.not_exchanged if result and result.environment else {}


def _files(older: CellResult, newer: CellResult) -> Change | None:
    """Return the kinds of file of the subject, where both are known and only one of them is compiled."""
    kinds = [
        one.environment.files.get(canonicalize_name(one.subject)) if one.environment else None for one in (older, newer)
    ]
    if None in kinds or len({_COMPILED in (kind or "") for kind in kinds}) == 1:
        return None
    return Change(older=kinds[0], newer=kinds[1])


def _dependencies(result: CellResult) -> dict[str, str]:
    pins = result.environment.pins if result.environment else {}
    return {name: version for name, version in pins.items() if name != canonicalize_name(result.subject)}
