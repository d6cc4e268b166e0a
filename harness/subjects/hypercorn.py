"""hypercorn, started by its command line: ``hypercorn.cli(trial, "ready", keep_alive_s=2)``.

A WSGI application is named ``wsgi:MODULE:ATTRIBUTE``, from 0.14 on. HTTP/2 is spoken after an upgrade, over TLS by
ALPN and with prior knowledge; WebSockets are wsproto's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.scenario import Variant
from harness.subjects.command_lines import CommandLine
from harness.subjects.options import option
from harness.subjects.starting import bound

if TYPE_CHECKING:
    from harness.model.addresses import Address

PYTHONS = (("<0.9", "3.7"), (">=0.9,<0.17", "3.8"), (">=0.17", "3.12"))

DIALECTS = {"0": "ASGI2", "0.6.0": "asgi3"}

MODULE = {"0": ("-m", "hypercorn")}

COMPANIONS = ("toml",)
"""What some releases import and do not require."""

OPTIONS = {
    "access_log": option("--access-log", "0.1.0", until="0.7.0") + option("--access-logfile", "0.7.0"),
    "backlog": option("--backlog", "0.4.0"),
    "ca_certs": option("--ca-certs", "0.1.0"),
    "certfile": option("--certfile", "0.1.0"),
    "config": option("--config", "0.2.0"),
    "debug": option("--debug", "0.1.0"),
    "error_log": option("--error-log", "0.1.0", until="0.7.0") + option("--error-logfile", "0.7.0"),
    "graceful_s": option("--graceful-timeout", "0.10.0"),
    "insecure_bind": option("--insecure-bind", "0.6.0"),
    "keep_alive_s": option("--keep-alive", "0.1.0"),
    "keyfile": option("--keyfile", "0.1.0"),
    "log_config": option("--log-config", "0.9.0"),
    "log_level": option("--log-level", "0.7.0"),
    "max_requests": option("--max-requests", "0.16.0"),
    "quic_bind": option("--quic-bind", "0.8.0"),
    "read_timeout_s": option("--read-timeout", "0.12.0"),
    "reload": option("--reload", "0.1.0"),
    "root_path": option("--root-path", "0.2.0"),
    "server_name": option("--server-name", "0.10.0"),
    "websocket_ping_interval_s": option("--websocket-ping-interval", "0.10.0"),
    "worker_class": option("--worker-class", "0.4.0"),
    "workers": option("--workers", "0.1.0"),
}

WORKER_CLASSES = {"asyncio": (), "uvloop": ("uvloop",), "trio": ("trio",)}
"""What each value of ``worker_class`` needs beside hypercorn."""


def variants(*worker_classes: str) -> tuple[Variant, ...]:
    """Return variants of these names, some of `WORKER_CLASSES`, with what each needs."""
    return tuple(Variant(name=name, companions=(*WORKER_CLASSES[name], *COMPANIONS)) for name in worker_classes)


def _listening(at: Address) -> tuple[str, ...]:
    return ("--bind", bound(at))


_LINE = CommandLine(
    server="hypercorn", program="hypercorn", module=MODULE, dialects=DIALECTS, options=OPTIONS, listening=_listening
)
cli = _LINE.cli
command = _LINE.command
