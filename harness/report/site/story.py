"""A failure in plain words: the parts of its scenario module's docstring, under headings that a reader asks for.

A part is a paragraph. One that begins with a word of `_HEADINGS`, as ``Margin: …`` or as a line of its own above an
indented text, has that heading; it may follow the last one without an empty line. The first line is the title.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.model.scenario import Scenario

_HEADINGS = {
    "Requirement": "What a server owes its clients",
    "Trigger": "What sets the failure off",
    "Signature": "How it shows",
    "Controls": "How we know that the server works otherwise",
    "Margin": "Why neither load nor luck decides",
}
_FIRST, _FURTHER = "What goes wrong", "What else is known"
_HEADED = rf"({'|'.join(_HEADINGS)})(?:: |\n {{4}})"
_BETWEEN = re.compile(rf"\n\s*\n|\n(?={_HEADED})")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the story."""

    heading: str
    text: str


def story_of(scenario: Scenario) -> tuple[Part, ...]:
    """Return the parts of the story; none where the module's docstring is a title alone."""
    module: Mapping[str, Any] = getattr(scenario.serve or scenario.observe, "__globals__", {})
    _, _, story = inspect.cleandoc(module.get("__doc__") or "").partition("\n")
    found: list[Part] = []
    for paragraph in _paragraphs(story):
        headed = re.match(_HEADED, paragraph)
        heading = _HEADINGS[headed[1]] if headed else _FURTHER if found else _FIRST
        found.append(Part(heading=heading, text=_plain(paragraph[headed.end() :] if headed else paragraph, module)))
    return tuple(found)


def _paragraphs(story: str) -> Iterator[str]:
    begin = 0
    for between in _BETWEEN.finditer(story):
        yield from filter(None, [story[begin : between.start()].strip("\n")])
        begin = between.end()
    yield from filter(None, [story[begin:].strip("\n")])


def _plain(text: str, module: Mapping[str, Any]) -> str:
    """Join the lines, and put the value of each constant in the place of its name."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        known = module.get(name)
        if not isinstance(known, str | int | float):
            return name
        return f"{known} s" if name.endswith("_S") else str(known)

    joined = " ".join(text.split()).replace("``", '"')
    return re.sub(r"`([A-Za-z_.]+)`", value, joined)
