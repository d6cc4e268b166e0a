"""What is foretold of the failures with error 87, from their measured histories: it depends on the Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model.scenario import Scenario

R, A, U = Verdict.REPRODUCED, Verdict.ABSENT, Verdict.UNHEALTHY


@pytest.mark.parametrize(
    ("scenario", "version", "python", "expected"),
    [
        # Python 3.7 has the affected loop only where the release chose it.
        ("winerror87-reload", "0.10.9", "3.8", {R}),
        ("winerror87-reload", "0.10.9", "3.7", {A}),
        ("winerror87-reload", "0.10.8", "3.7", {R}),
        ("winerror87-reload", "0.9.0", "3.7", {A}),
        ("winerror87-reload", "0.9.0", "3.8", {R}),
        ("winerror87-reload", "0.11.0", "3.8", {A}),
        ("winerror87-reload", "0.11.4", "3.12", {A}),
        # Twice affected on 3.8 and later, once on 3.7; the same for both ways to start.
        ("winerror87-workers", "0.10.9", "3.8", {R}),
        ("winerror87-workers", "0.10.9", "3.7", {A}),
        ("winerror87-workers", "0.10.8", "3.7", {R}),
        ("winerror87-workers", "0.11.0", "3.8", {A}),
        ("winerror87-workers", "0.15.0", "3.8", {A}),
        ("winerror87-workers", "0.16.0", "3.8", {R}),
        ("winerror87-workers", "0.17.6", "3.7", {A}),
        ("winerror87-workers", "0.17.6", "3.12", {R}),
        ("winerror87-workers", "0.18.1", "3.12", {A}),
        # Started by its command line this release cannot serve; started in the other way it is free of the failure.
        ("winerror87-workers", "0.18.0", "3.12", {A, U}),
    ],
)
def test_what_is_foretold_depends_on_the_python(
    scenario: str, version: str, python: str, expected: set[Verdict], bundled: Mapping[str, Scenario]
) -> None:
    """Of every variant."""
    one = bundled[scenario]
    where = {"version": version, "python": python, "platform": "windows-wine"}
    assert {one.expects(variant=variant.name, **where) for variant in one.variants} == expected


def test_release_that_cannot_serve_is_foretold_for_its_variant(bundled: Mapping[str, Scenario]) -> None:
    """It is the command line that is broken."""
    where = {"version": "0.18.0", "python": "3.12", "platform": "windows-wine"}
    assert bundled["winerror87-workers"].expects(variant="run", **where) is A
    assert bundled["winerror87-workers"].expects(variant="cli", **where) is U
