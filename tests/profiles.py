"""How many examples hypothesis makes: few while working, all of them in CI.

``HYPOTHESIS_PROFILE=full`` chooses all of them, as `tox -e tests` does; without it the profile is ``working``.
"""

from __future__ import annotations

import os

from hypothesis import settings

_EXAMPLES = 40  # of a property that says no number of its own
_WORKING = 200  # at most, of one that does, while working


def load() -> None:
    """Register both profiles, and load the one that the environment names."""
    for name in ("working", "full"):
        settings.register_profile(name, deadline=None, max_examples=_EXAMPLES, derandomize=True, database=None)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "working")


def examples(count: int) -> settings:
    """Return the settings of a property that needs ``count`` examples; while working fewer are made."""
    is_full = settings.get_current_profile_name() == "full"
    return settings(max_examples=count if is_full else min(count, _WORKING))
