"""Runs known failures of Python servers across releases, Pythons and platforms, and prints what is true.

What a scenario module needs is imported from here.
"""

import importlib
from typing import TYPE_CHECKING

from harness.model.answers import Answer
from harness.model.evidence import Ended, Evidence, Exchange, Heard, ServerRecord
from harness.model.scenario import Claim, Companion, Scenario, Variant
from harness.model.verdict import Check, Judgement, Verdict, any_reproduces, conclude

if TYPE_CHECKING:
    from harness.client.wire import Connection
    from harness.execution.server import NotReadyError, Server
    from harness.execution.trial import Trial

__all__ = [
    "Answer",
    "Check",
    "Claim",
    "Companion",
    "Connection",
    "Ended",
    "Evidence",
    "Exchange",
    "Heard",
    "Judgement",
    "NotReadyError",
    "Scenario",
    "Server",
    "ServerRecord",
    "Trial",
    "Variant",
    "Verdict",
    "any_reproduces",
    "conclude",
]

__version__ = "0.1.0"

_ACTING = {  # what a scenario is handed: not loaded where scenarios are only judged
    "Connection": "harness.client.wire",
    "NotReadyError": "harness.execution.server",
    "Server": "harness.execution.server",
    "Trial": "harness.execution.trial",
}


def __getattr__(name: str) -> object:
    """Load what a scenario acts by when somebody asks for it."""
    if name not in _ACTING:
        message = f"module 'harness' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(importlib.import_module(_ACTING[name]), name)
