"""A badge: how many of the known failures the newest release has, wherever that was measured. A self-contained SVG."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from packaging.version import Version

from harness import escaping
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model.result import CellResult

_RED, _GREEN, _AMBER = "#b42318", "#1a7f4b", "#8a5a00"  # white on each has a contrast above 4.5
_WIDTH = 6.6  # of a character, on average, at the font's size
_MOST = 60  # characters of a side


@dataclasses.dataclass(frozen=True, kw_only=True)
class Badge:
    """The text of each of its two sides, and the colour of the right one."""

    label: str
    message: str
    colour: str


def badge_of(results: Iterable[CellResult]) -> Badge:
    """Return the badge of the newest release of each subject that has a verdict, over all Pythons and platforms.

    Verdicts other than ``unsupported`` count. A failure that was not tried on that release counts neither as one that
    the release has nor as one that it is free of.
    """
    known = [result for result in results if result.control is None and result.verdict is not Verdict.UNSUPPORTED]
    newest: dict[str, Version] = {}
    for result in known:
        version = Version(result.version)
        newest[result.subject] = max(version, newest.get(result.subject, version))
    there: dict[tuple[str, str], set[Verdict]] = {(result.subject, result.scenario): set() for result in known}
    for result in known:
        if Version(result.version) == newest[result.subject]:
            there[result.subject, result.scenario].add(result.verdict)
    have = sum(Verdict.REPRODUCED in verdicts for verdicts in there.values())
    free = sum(Verdict.ABSENT in verdicts and Verdict.REPRODUCED not in verdicts for verdicts in there.values())
    label = " and ".join(f"{subject} {version}" for subject, version in sorted(newest.items())) or "known failures"
    message, colour = _said(have, free, len(there))
    return Badge(label=label, message=message, colour=colour)


def _said(have: int, free: int, every: int) -> tuple[str, str]:
    plural = "" if every == 1 else "s"
    rest = every - have - free
    if not every:
        return "nothing measured", _AMBER
    if have and rest:
        return f"✗ has {have} of {have + free} known failure{plural} judged, {rest} not judged", _RED
    if have:
        return f"✗ has {have} of {every} known failure{plural}", _RED
    if rest:
        return f"? free of {free} of {every} known failure{plural}, the rest not measured", _AMBER
    return f"✓ free of {every} known failure{plural}", _GREEN


def render(badge: Badge) -> str:
    """Return the SVG."""
    label, message = (escaping.line(side, limit=_MOST) for side in (badge.label, badge.message))
    left, right = (round(len(side) * _WIDTH + 12) for side in (label, message))
    said = f"{label}: {message}"
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(left + right),
            "height": "20",
            "role": "img",
            "aria-label": said,
        },
    )
    ET.SubElement(root, "title").text = said
    ET.SubElement(root, "rect", {"width": str(left), "height": "20", "fill": "#444c56"})
    ET.SubElement(root, "rect", {"x": str(left), "width": str(right), "height": "20", "fill": badge.colour})
    group = ET.SubElement(
        root,
        "g",
        {
            "fill": "#fff",
            "text-anchor": "middle",
            "font-family": "Verdana,DejaVu Sans,sans-serif",
            "font-size": "11",
        },
    )
    for text, middle, width in ((label, left / 2, left), (message, left + right / 2, right)):
        place = {"x": f"{middle:g}", "y": "14", "textLength": str(width - 12), "lengthAdjust": "spacingAndGlyphs"}
        ET.SubElement(group, "text", place).text = text
    return ET.tostring(root, encoding="unicode") + "\n"
