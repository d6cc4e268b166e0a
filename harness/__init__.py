"""Runs known failures of Python servers across releases, Pythons and platforms, and prints what is true.

What a scenario module needs is imported from here. Each name is loaded when somebody asks for it: the program starts
without the values of a trial, and a scenario that is only judged without what acts in one.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.client.certificate import Certificate
    from harness.client.http2 import Http2
    from harness.client.websocket import WebSocket
    from harness.client.wire import Connection
    from harness.execution.server import NotReadyError, Server
    from harness.execution.trial import Trial
    from harness.model.addresses import Log, Tcp, Unix
    from harness.model.answers import Answer
    from harness.model.checks import at_least, at_most, control, trigger
    from harness.model.claim import Claim, ClaimedRange, Condition
    from harness.model.evidence import Ended, Evidence, Exchange, Heard, ServerRecord
    from harness.model.messages import Message, Stream
    from harness.model.observations import Exit, Look, Process
    from harness.model.scenario import Companion, Scenario, Variant
    from harness.model.steps import (
        answers,
        binary,
        closing,
        end,
        frame,
        half_close,
        handshake,
        messages,
        pause,
        pieces,
        quiet,
        request,
        reset,
        text,
        until,
    )
    from harness.model.verdict import Check, Judgement, Verdict, any_reproduces, conclude

__all__ = [
    "Answer",
    "Certificate",
    "Check",
    "Claim",
    "ClaimedRange",
    "Companion",
    "Condition",
    "Connection",
    "Ended",
    "Evidence",
    "Exchange",
    "Exit",
    "Heard",
    "Http2",
    "Judgement",
    "Log",
    "Look",
    "Message",
    "NotReadyError",
    "Process",
    "Scenario",
    "Server",
    "ServerRecord",
    "Stream",
    "Tcp",
    "Trial",
    "Unix",
    "Variant",
    "Verdict",
    "WebSocket",
    "answers",
    "any_reproduces",
    "at_least",
    "at_most",
    "binary",
    "closing",
    "conclude",
    "control",
    "end",
    "frame",
    "half_close",
    "handshake",
    "messages",
    "pause",
    "pieces",
    "quiet",
    "request",
    "reset",
    "text",
    "trigger",
    "until",
]

__version__ = "0.1.0"

_NAMES = {  # by the module that has them: what type checkers are told above
    "harness.client.certificate": ("Certificate",),
    "harness.client.http2": ("Http2",),
    "harness.client.websocket": ("WebSocket",),
    "harness.client.wire": ("Connection",),
    "harness.execution.server": ("NotReadyError", "Server"),
    "harness.execution.trial": ("Trial",),
    "harness.model.addresses": ("Log", "Tcp", "Unix"),
    "harness.model.answers": ("Answer",),
    "harness.model.checks": ("at_least", "at_most", "control", "trigger"),
    "harness.model.claim": ("Claim", "ClaimedRange", "Condition"),
    "harness.model.evidence": ("Ended", "Evidence", "Exchange", "Heard", "ServerRecord"),
    "harness.model.observations": ("Exit", "Look", "Process"),
    "harness.model.messages": ("Message", "Stream"),
    "harness.model.scenario": ("Companion", "Scenario", "Variant"),
    "harness.model.steps": (
        *("answers", "binary", "closing", "end", "frame", "half_close", "handshake", "messages", "pause", "pieces"),
        *("quiet", "request", "reset", "text", "until"),
    ),
    "harness.model.verdict": ("Check", "Judgement", "Verdict", "any_reproduces", "conclude"),
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}


if not TYPE_CHECKING:  # which knows the names above, and takes no other for one

    def __getattr__(name: str) -> object:
        """Load a name when somebody asks for it."""
        if name not in _MODULES:
            message = f"module 'harness' has no attribute '{name}'"
            raise AttributeError(message)
        return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    """Return the names that are loaded, and those that can be."""
    return sorted({*globals(), *__all__})
