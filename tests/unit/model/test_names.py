"""What a name from outside may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from harness.model import names
from harness.model.coordinates import joined

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.result import CellResult

EVERY = (
    *(names.ScenarioId, names.SubjectName, names.VersionText, names.PythonVersion, names.PlatformName),
    *(names.ControlName, names.CellId, names.EvidencePath, names.VariantName),
)


@pytest.mark.parametrize(
    ("kind", "good"),
    [
        (names.ScenarioId, ["pipelined-keep-alive", "a", "x1-2"]),
        (names.SubjectName, ["uvicorn", "zope.interface", "A_b-c"]),
        (names.VersionText, ["0.27.0", "1!2.0rc1.post2.dev3+local.1", "19.9.0"]),
        (names.PythonVersion, ["3.6", "3.15"]),
        (names.PlatformName, ["linux", "windows-wine", "docker:registry.example:5000/a/b:tag@sha256:0f"]),
        (names.ControlName, ["copy-1", "dependencies-of-0.27.0"]),
        (names.EvidencePath, ["evidence/a_b_c-1.0_py3.8_linux/20240101T000000.000000Z"]),
        (names.VariantName, ["h11", "http/2", "mit Umlaut ü"]),
    ],
)
def test_what_a_run_writes_fits(kind: Any, good: list[str]) -> None:  # noqa: ANN401 - a type
    """Names that are in use."""
    assert [name for name in good if not names.fits(name, kind)] == []


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("name", ["", "\x1b[2J", "a\n", "\n", "linux\n", "1.0\n", "a\x00", "\u202ea", "x" * 1000])
def test_what_acts_or_has_no_end_fits_nowhere(kind: Any, name: str) -> None:  # noqa: ANN401 - a type
    """A line's end behind a good name is the one that a pattern forgets."""
    assert not names.fits(name, kind)


@pytest.mark.parametrize("kind", EVERY[:-1])
@pytest.mark.parametrize("name", ["x/../../../pwn/x", "../x", "/etc/passwd", "C:\\x", "docker:a/../b", "evidence/../x"])
def test_what_leads_elsewhere_fits_nowhere(kind: Any, name: str) -> None:  # noqa: ANN401 - a type
    """A variant may have a slash: no path is made of it."""
    assert not names.fits(name, kind)


@given(st.text("0123456789.!abcdevpostr+-_", max_size=30))
def test_canonical_versions_are_what_fits(text: str) -> None:
    """Exactly what the library's own version prints again."""
    try:
        canonical = str(Version(text)) == text
    except InvalidVersion:
        canonical = False
    assert names.fits(text, names.VersionText) == canonical


@given(st.lists(st.text(min_size=1, max_size=400), min_size=1, max_size=6))
def test_an_id_is_always_fit_to_be_a_file(fields: list[str]) -> None:
    """Whatever its fields are."""
    assert names.fits(joined(*fields), names.CellId)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({}, None),
        ({"id": "other"}, "its id is not that of its scenario"),
        ({"trials": 0}, "it is absent without a trial"),
        ({"evidence": "evidence/other/20240101T000000.000000Z"}, "its evidence is not in a folder of its own"),
    ],
)
def test_a_result_says_what_does_not_go_together(
    fields: dict[str, Any], fault: str | None, make_result: Callable[..., CellResult]
) -> None:
    """Which its types cannot say."""
    found = make_result(**fields).fault
    assert found == fault or (fault and found and found.startswith(fault))
