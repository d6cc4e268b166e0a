"""A failure in the words of its scenario: the module's docstring, with the headings that its parts begin by.

The first line of a docstring names the scenario, whose title stands on the page already. A line that begins with a word
and a colon, such as ``Margin: …``, begins a part of its own; lines that are indented stay as they are.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model.scenario import Scenario

_FIRST = "What goes wrong"
_HEADINGS = {
    "Requirement": "What a server owes its clients",
    "Trigger": "What sets the failure off",
    "Signature": "How it shows",
    "Control": "How we know that the server works otherwise",
    "Controls": "How we know that the server works otherwise",
    "Margin": "Why neither load nor luck decides",
}
_HEADING = re.compile(rf"({'|'.join(_HEADINGS)}):\s+")
_NAME = re.compile(r"[`*]{1,2}([^`*\n]+)[`*]{1,2}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the story; ``lines`` are those that stand by themselves, such as the rows of a table."""

    heading: str
    text: str
    lines: tuple[str, ...] = ()


def story_of(scenario: Scenario) -> tuple[Part, ...]:
    """Return the parts of the story; none where the scenario has no story beyond its first line."""
    _, _, rest = scenario.story.partition("\n\n")
    parts: list[tuple[str, list[str]]] = []
    for line in filter(None, rest.splitlines()):
        found = _HEADING.match(line)
        if found or not parts:
            parts.append((_HEADINGS[found[1]] if found else _FIRST, []))
        parts[-1][1].append(line[found.end() :] if found else line)
    return tuple(_part(heading, lines) for heading, lines in parts)


def _part(heading: str, lines: list[str]) -> Part:
    plain = " ".join(line.strip() for line in lines if not line.startswith("    "))
    kept = tuple(line[4:] for line in lines if line.startswith("    "))
    return Part(heading=heading, text=_NAME.sub(r'"\1"', plain), lines=kept)
