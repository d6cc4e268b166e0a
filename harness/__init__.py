"""Runs known failures of Python servers across releases, Pythons and platforms, and prints what is true.

What a scenario module needs is imported from here.
"""

from harness.model.evidence import Evidence, Exchange, ServerRecord
from harness.model.scenario import Claim, Companion, Scenario, Variant
from harness.model.verdict import Check, Judgement, Verdict, conclude

__all__ = [
    "Check",
    "Claim",
    "Companion",
    "Evidence",
    "Exchange",
    "Judgement",
    "Scenario",
    "ServerRecord",
    "Variant",
    "Verdict",
    "conclude",
]

__version__ = "0.1.0"
