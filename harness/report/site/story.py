"""A failure in plain words: the parts of its scenario module's docstring, under headings that a reader asks for."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model.scenario import Scenario

_HEADINGS = {
    "Requirement": "What a server owes its clients",
    "Trigger": "What sets the failure off",
    "Signature": "How it shows",
    "Controls": "How we know that the server works otherwise",
    "Margin": "Why neither load nor luck decides",
}
_PART = re.compile(r"^([A-Z][A-Za-z ]*)\n((?: {4}.*(?:\n|$))+)", re.MULTILINE)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the story."""

    heading: str
    text: str


def story_of(scenario: Scenario) -> tuple[Part, ...]:
    """Return the parts of the story; none where the module's docstring has no parts."""
    module: Mapping[str, Any] = getattr(scenario.observe, "__globals__", {})
    docstring = inspect.cleandoc(module.get("__doc__") or "")
    return tuple(
        Part(heading=_HEADINGS.get(heading, heading), text=_plain(text, module))
        for heading, text in _PART.findall(docstring)
    )


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
