"""Histories as letters, one for each candidate: what tests of an analysis read and write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.analysis.candidates import Candidate
from harness.analysis.history import Point
from harness.analysis.releases import candidate_of
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.model.release import Release

LETTERS = {
    "R": Verdict.REPRODUCED,
    "a": Verdict.ABSENT,
    "u": Verdict.UNHEALTHY,
    "i": Verdict.INCONCLUSIVE,
    "e": Verdict.ENVIRONMENT_FAILED,
    "I": Verdict.INCONCLUSIVE,
    "-": Verdict.UNSUPPORTED,
    ".": Verdict.NOT_RUN,
}
TALLIES = {"I": {Verdict.REPRODUCED: 1, Verdict.ABSENT: 2}}  # the trials disagree


def points_of(history: Mapping[str, str], releases: Iterable[Release] = ()) -> tuple[Point, ...]:
    """Return the points of versions with their verdicts' letters; nobody is sent to one that ``releases`` lack."""
    known = {release.version: candidate_of(release) for release in releases}
    candidates = [known.get(version, Candidate(label=version, is_usual=not known)) for version in history]
    return tuple(
        Point(label=one.label, is_usual=one.is_usual, at=one.at, verdict=LETTERS[letter], tally=TALLIES.get(letter, {}))
        for one, letter in zip(candidates, history.values(), strict=True)
    )


def numbered(letters: str) -> tuple[Point, ...]:
    """Return the points of the releases 0.0, 0.1 … with their verdicts' letters."""
    return points_of({f"0.{number}": letter for number, letter in enumerate(letters)})
