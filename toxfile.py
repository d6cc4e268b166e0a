"""Lets the name of a tox environment say which Python is on trial, while the harness runs on its own.

tox takes ``py38`` in a name for the Python to make the environment with, above any setting; ``runner = trial`` in
tox.ini makes it with the Python that runs tox instead.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tox.plugin import impl
from tox.tox_env.python.virtual_env.runner import VirtualEnvRunner

if TYPE_CHECKING:
    from tox.tox_env.register import ToxEnvRegister

# What `win` in the name of an environment is on this machine; tox.ini reads it.
os.environ.setdefault("HARNESS_WINDOWS", "windows" if sys.platform == "win32" else "windows-wine")


class TrialRunner(VirtualEnvRunner):
    """A virtual environment whose Python does not follow from its name."""

    @staticmethod
    def id() -> str:
        """Return what ``runner`` in tox.ini calls it."""
        return "trial"

    @classmethod
    def extract_base_python(cls, env_name: str) -> str | None:  # noqa: ARG003 - tox's own signature
        """Find no Python in any name."""
        return None


@impl
def tox_register_tox_env(register: ToxEnvRegister) -> None:
    """Offer the runner."""
    register.add_run_env(TrialRunner)
