"""daphne, started by its command line: ``daphne.cli(trial, "ready")``. A start takes about a second.

Before 2.0 daphne serves a channel layer, which an application of the scenario's own has to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.addresses import Unix
from harness.subjects.command_lines import CommandLine
from harness.subjects.options import option
from harness.subjects.starting import port_of

if TYPE_CHECKING:
    from harness.model.addresses import Address

PYTHONS = (("<3", "3.7"), (">=3,<4.1", "3.8"), (">=4.1", "3.12"))

DIALECTS = {"0": "channel_layer", "2.0.0": "ASGI2", "2.3.0": "asgi3"}

MODULE = {"0": ("-m", "daphne")}

OPTIONS = {
    "access_log": option("--access-log", "0.10.2"),
    "application_close_s": option("--application-close-timeout", "2.0.3"),
    "endpoint": option("--endpoint", "1.0.0"),
    "fd": option("--fd", "0.14.3"),
    "http_timeout_s": option("--http-timeout", "0.9.3"),
    "ping_interval_s": option("--ping-interval", "0.10.1"),
    "ping_timeout_s": option("--ping-timeout", "0.15.0"),
    "proxy_headers": option("--proxy-headers", "1.0.0"),
    "proxy_headers_host": option("--proxy-headers-host", "2.2.3"),
    "proxy_headers_port": option("--proxy-headers-port", "2.2.3"),
    "root_path": option("--root-path", "0.12.2"),
    "server_name": option("--server-name", "2.2.5"),
    "verbosity": option("--verbosity", "0.8"),
    "websocket_connect_s": option("--websocket_connect_timeout", "1.2.0"),
    "websocket_max_frame_size": option("--websocket-max-frame-size", "4.2.2"),
    "websocket_max_message_size": option("--websocket-max-message-size", "4.2.2"),
    "websocket_timeout_s": option("--websocket_timeout", "1.2.0"),
    "ws_protocol": option("--ws-protocol", "0.11.0", until="4.0.0"),
}


def _listening(at: Address) -> tuple[str, ...]:
    return ("-u", "{socket}") if isinstance(at, Unix) else ("-b", at.host, "-p", port_of(at))


_LINE = CommandLine(
    server="daphne", program="daphne", module=MODULE, dialects=DIALECTS, options=OPTIONS, listening=_listening
)
cli = _LINE.cli
command = _LINE.command
