"""waitress, started by its command line (`cli`, from 0.8.4 on) or by a script that calls ``waitress.serve`` (`run`).

Words of the script are keyword arguments of ``waitress.serve``: ``channel_timeout=2``. waitress serves WSGI alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.addresses import Unix
from harness.subjects.command_lines import CommandLine, Script
from harness.subjects.options import option
from harness.subjects.starting import port_of

if TYPE_CHECKING:
    from harness.model.addresses import Address

PYTHONS = (("<1.4", "3.6"), (">=1.4,<3", "3.8"), (">=3", "3.12"))

DIALECTS = {"0": "wsgi"}

MODULE = {
    "0": ("-c", "import sys; sys.path.insert(0, ''); from waitress.runner import run; run()"),
    "1.4.0": ("-m", "waitress"),
}

OPTIONS = {
    "backlog": option("--backlog", "0.8.4"),
    "channel_timeout_s": option("--channel-timeout", "0.8.4"),
    "cleanup_interval_s": option("--cleanup-interval", "0.8.4"),
    "connection_limit": option("--connection-limit", "0.8.4"),
    "expose_tracebacks": option("--expose-tracebacks/--no-expose-tracebacks", "0.8.4"),
    "ident": option("--ident", "0.8.4"),
    "max_request_body_size": option("--max-request-body-size", "0.8.4"),
    "max_request_header_size": option("--max-request-header-size", "0.8.4"),
    "threads": option("--threads", "0.8.4"),
    "trusted_proxy": option("--trusted-proxy", "1.2.0"),
    "trusted_proxy_headers": option("--trusted-proxy-headers", "1.2.0"),
    "url_scheme": option("--url-scheme", "0.8.4"),
}


def _listening(at: Address) -> tuple[str, ...]:
    return ("--unix-socket={socket}",) if isinstance(at, Unix) else (f"--host={at.host}", f"--port={port_of(at)}")


_LINE = CommandLine(
    server="waitress", program="waitress-serve", module=MODULE, dialects=DIALECTS, options=OPTIONS, listening=_listening
)
_SCRIPT = Script(server="waitress", script="run_waitress.py", dialects=DIALECTS)
cli = _LINE.cli
command = _LINE.command
run = _SCRIPT.run
words = _SCRIPT.words
