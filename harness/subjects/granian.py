"""granian, started by its command line: ``granian.cli(trial, "ready", interface="asgi")``.

The interface is granian's own, RSGI, unless an option says ``asgi``, ``asginl`` (without lifespan) or ``wsgi``; a WSGI
application is named ``MODULE:wsgi``. granian 0.1 to 0.3 have no WSGI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.addresses import Unix
from harness.subjects.command_lines import CommandLine
from harness.subjects.options import option
from harness.subjects.starting import port_of

if TYPE_CHECKING:
    from harness.model.addresses import Address

PYTHONS = (("<0.8", "3.8"), (">=0.8,<1", "3.11"), (">=1", "3.12"))

DIALECTS = {"0": "asgi3"}

MODULE = {
    "0": ("-c", "import sys; sys.path.insert(0, ''); from granian.cli import cli; cli()"),
    "0.4.0": ("-m", "granian"),
}

OPTIONS = {
    "access_log": option("--access-log/--no-access-log", "1.4.0"),
    "access_log_fmt": option("--access-log-fmt", "1.4.0"),
    "backlog": option("--backlog", "0.1.0"),
    "backpressure": option("--backpressure", "1.4.0"),
    "blocking_threads": option("--blocking-threads", "1.0.0"),
    "factory": option("--factory/--no-factory", "1.6.0"),
    "http": option("--http", "0.1.0"),
    "http1_header_read_timeout_ms": option("--http1-header-read-timeout", "2.0.0"),
    "http1_keep_alive": option("--http1-keep-alive/--no-http1-keep-alive", "1.0.0"),
    "http1_pipeline_flush": option("--http1-pipeline-flush/--no-http1-pipeline-flush", "1.0.0"),
    "interface": option("--interface", "0.1.0"),
    "log_level": option("--log-level", "0.1.0"),
    "loop": option("--loop", "0.1.0"),
    "reload": option("--reload/--no-reload", "0.3.0"),
    "reload_ignore_worker_failure": option("--reload-ignore-worker-failure/--no-reload-ignore-worker-failure", "2.2.0"),
    "reload_paths": option("--reload-paths", "1.6.0"),
    "respawn_failed_workers": option("--respawn-failed-workers/--no-respawn-failed-workers", "1.0.0"),
    "runtime_mode": option("--runtime-mode", "2.0.0"),
    "runtime_threads": option("--runtime-threads", "2.0.0"),
    "ssl_certificate": option("--ssl-certificate", "0.1.0"),
    "ssl_keyfile": option("--ssl-keyfile", "0.1.0"),
    "threading_mode": option("--threading-mode", "0.1.0", until="2.0.0"),
    "threads": option("--threads", "0.1.0", until="2.0.0"),
    "url_path_prefix": option("--url-path-prefix", "0.5.0"),
    "workers": option("--workers", "0.1.0"),
    "workers_kill_timeout_s": option("--workers-kill-timeout", "1.7.0"),
    "workers_lifetime_s": option("--workers-lifetime", "1.6.0"),
    "ws": option("--ws/--no-ws", "0.1.0"),
}


def _listening(at: Address) -> tuple[str, ...]:
    return ("--uds", "{socket}") if isinstance(at, Unix) else ("--host", at.host, "--port", port_of(at))


_LINE = CommandLine(
    server="granian", program="granian", module=MODULE, dialects=DIALECTS, options=OPTIONS, listening=_listening
)
cli = _LINE.cli
command = _LINE.command
