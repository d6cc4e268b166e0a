"""What ``harness list`` shows, remembered by the content of scenarios' folders: a list executes no module twice.

What documents say stands in files of their own and is read each time, between the two remembered parts. Only a
scenario whose module imports nothing from outside of its own folder is remembered. The digest covers every file of that
folder except kept evidence.
"""

from __future__ import annotations

import hashlib
import os
import sys
from typing import TYPE_CHECKING

from harness.catalog.folders import EVIDENCE, MODULE
from harness.report import overview
from harness.storage.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.selection.plan import Plan

FILE = "listing.json"  # in the user cache folder
PROTOCOL = 2  # to be raised when a list shows something else of a scenario
_MOST_BYTES = 1024 * 1024  # of a folder whose digest costs less than executing its module


def overviews(plan: Plan) -> Iterator[str]:
    """Yield the lines of each scenario that the call names, or of all.

    Raises:
        ScenarioError: a module does not load.

    """
    memory = Memory(plan.options.cache / FILE, tuple[str, str])
    known = memory.values()
    shown: dict[str, tuple[str, str]] = {}
    for name in plan.scenario_names():
        digest = _digest(plan.scenarios.modules[name])
        if (parts := known.get(digest or "")) is None:
            loaded = plan.scenarios[name]
            scenario = loaded.scenario
            parts = "\n".join(overview.opening(scenario)), "\n".join(overview.measured(scenario))
            digest = digest if loaded.is_self_contained else None
        if digest:
            shown[digest] = parts
        opening, measured = parts
        yield "\n".join((opening, *overview.claimed(plan.documented.get(name, ())), measured))
    if shown.keys() - known.keys():
        memory.keep(shown)


def _digest(module: Path) -> str | None:
    """Return the digest of a scenario's folder; None where it has no folder of its own, or one too large to digest."""
    if module.name != MODULE:
        return None
    digest = hashlib.sha256(repr((PROTOCOL, sys.version_info[:2], module.parent.parent.name)).encode())
    left = _MOST_BYTES
    try:
        with os.scandir(module.parent) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.name in {EVIDENCE, "__pycache__"}:
                    continue
                if not entry.is_file() or (left := left - entry.stat().st_size) < 0:
                    return None
                with open(entry.path, "rb") as file:  # noqa: PTH123 - a path object for each file takes as long as reading it
                    content = file.read(_MOST_BYTES)
                digest.update(repr((entry.name, len(content))).encode() + content)
    except OSError:
        return None
    return f"{module.parent.name} {digest.hexdigest()}"
