"""uvicorn: started by its command line (`cli`), by a script (`script`), or as a worker of gunicorn.

Under gunicorn: ``gunicorn.cli(trial, application, worker_class="uvicorn")``, see `harness.subjects.gunicorn`.

What uvicorn cannot do: before 0.2 its program is gunicorn by another name, and gunicorn's options are its options.
0.1 has no WebSocket, and releases before 0.1 know one that `harness/applications/dialects.py` does not translate.
0.18.0 cannot serve over h11 by its command line. Some releases import what they do not require: 0.0.1 httptools and
uvloop, 0.0.5 websockets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.addresses import Unix
from harness.model.scenario import Companion, Variant
from harness.subjects import windows
from harness.subjects.eras import attribute, era, installed
from harness.subjects.options import arguments, keywords, option
from harness.subjects.starting import PYTHON_ONLY, Command, address_of, bound, by_script, parted, port_of, started

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from packaging.version import Version

    from harness.execution.server import Server
    from harness.execution.trial import Trial
    from harness.model.addresses import Address

PYTHONS = (("<0.10", "3.6"), (">=0.10,<0.34", "3.8"), (">=0.34", "3.12"))

PYTHONS_OF_WINDOWS = (("<0.34", "3.8"), (">=0.34", "3.12"))
"""Without 3.6: from 3.8 on asyncio's Proactor loop is the default there, which releases of all eras are tried on."""

DIALECTS = {"0": "function", "0.0.5": "consumer", "0.1.0": "ASGI2", "0.7.0b1": "asgi3"}

PROGRAM = {"0": "gunicorn", "0.2.0": "uvicorn"}
"""Whose command line the program ``uvicorn`` takes."""

MODULE = {
    "0": ("-c", "import sys; sys.path.insert(0, ''); from uvicorn.main import main; main()"),
    "0.9.1": ("-m", "uvicorn"),
}
"""How ``python`` starts the command line."""

RELOADS_BY_CTRL_C = {"0": False, "0.22.0": True}
"""Whether a reloader on Windows ends the old process by a Ctrl-C event, which needs a console."""

WORKERS = {"0": "uvicorn.worker", "0.2.0": "uvicorn.workers"}
"""The module of gunicorn's workers."""

WORKER_CLASSES = {
    "uvicorn": {"0": "UvicornWorker"},
    "uvicorn-h11": {"0": "UvicornH11Worker"},
    "uvicorn-plain": {
        "0": "UvicornWorker",
        "0.12.0": "UvicornH11Worker",
    },  # uvloop and httptools are extras from 0.12.0
}

COMPANIONS = (Companion("setuptools<60", "<0.2"),)
"""What every variant needs: before 0.2 the program is gunicorn, which imports pkg_resources."""

OPTIONS = {
    "access_log": option("/--no-access-log", "0.3.3", until="0.10.0")
    + option("--access-log/--no-access-log", "0.10.0"),
    "app_dir": option("--app-dir", "0.11.6"),
    "backlog": option("--backlog", "0.11.2"),
    "date_header": option("--date-header/--no-date-header", "0.15.0"),
    "factory": option("--factory", "0.13.0"),
    "forwarded_allow_ips": option("--forwarded-allow-ips", "0.10.0"),
    "graceful_shutdown_s": option("--timeout-graceful-shutdown", "0.22.0"),
    "h11_max_incomplete_event_size": option("--h11-max-incomplete-event-size", "0.18.0"),
    "header": option("--header", "0.6.1"),
    "http": option("--http", "0.2.0"),
    "http2": option("--http2", "0.53.0"),
    "interface": option("--interface", "0.6.0"),
    "keep_alive_s": option("--timeout-keep-alive", "0.2.21"),
    "lifespan": option("--lifespan", "0.4.0"),
    "limit_concurrency": option("--limit-concurrency", "0.2.21"),
    "limit_max_requests": option("--limit-max-requests", "0.2.22"),
    "log_config": option("--log-config", "0.10.0"),
    "log_level": option("--log-level", "0.2.0"),
    "loop": option("--loop", "0.2.0"),
    "proxy_headers": option("--proxy-headers", "0.2.20", until="0.10.0")
    + option("--proxy-headers/--no-proxy-headers", "0.10.0"),
    "reload": option("--reload", "0.5.0"),
    "reload_delay_s": option("--reload-delay", "0.12.0"),
    "reload_dir": option("--reload-dir", "0.5.0"),
    "reload_exclude": option("--reload-exclude", "0.15.0"),
    "reload_include": option("--reload-include", "0.15.0"),
    "reset_contextvars": option("--reset-contextvars", "0.45.0"),
    "root_path": option("--root-path", "0.2.20"),
    "server_header": option("--server-header/--no-server-header", "0.15.0"),
    "ssl_certfile": option("--ssl-certfile", "0.4.3"),
    "ssl_keyfile": option("--ssl-keyfile", "0.4.3"),
    "use_colors": option("--use-colors/--no-use-colors", "0.10.9"),
    "worker_healthcheck_s": option("--timeout-worker-healthcheck", "0.37.0"),
    "workers": option("--workers", "0.2.0", until="0.2.19") + option("--workers", "0.5.0"),
    "ws": option("--ws", "0.3.0"),
    "ws_max_queue": option("--ws-max-queue", "0.23.0"),
    "ws_max_size": option("--ws-max-size", "0.14.0"),
    "ws_per_message_deflate": option("--ws-per-message-deflate", "0.17.0"),
    "ws_ping_interval_s": option("--ws-ping-interval", "0.15.0"),
    "ws_ping_timeout_s": option("--ws-ping-timeout", "0.15.0"),
}

UNDER_GUNICORN = ("gunicorn", Companion("setuptools<60", "<0.18"))  # gunicorn before 21 imports pkg_resources
"""What ``uvicorn-plain`` under gunicorn needs."""

EXTRAS = (Companion("uvloop", ">=0.12"), Companion("httptools", ">=0.12"))
"""What ``UvicornWorker`` imports; before 0.12 uvicorn itself requires both."""

CHOICES: dict[str, tuple[str | Companion, ...]] = {
    "h11": (),
    "httptools": ("httptools",),
    "uvloop": ("uvloop",),
    "websockets": ("websockets",),
    "websockets-sansio": ("websockets>=13",),
    "wsproto": (Companion("wsproto<0.13", "<0.6"), Companion("wsproto", ">=0.6")),
}
"""What is installed beside uvicorn for each parser, loop and WebSocket library that its options name."""


def variants(*names: str) -> tuple[Variant, ...]:
    """Return variants of these names, some of `CHOICES`, with what each needs."""
    return tuple(Variant(name=name, companions=(*CHOICES[name], *COMPANIONS)) for name in names)


def cli(
    trial: Trial, application: str, *words: str, fd: bool = False, **given: object
) -> AbstractContextManager[Server]:
    """Start uvicorn by its command line, listening where the client reaches it (``at``).

    On Windows and under Wine, a reloader that sends Ctrl-C events is given a console, and the events arrive.

    Args:
        trial: the trial.
        application: ``MODULE`` or ``MODULE:ATTRIBUTE``.
        words: further words of the command line, as they are.
        fd: listen on the descriptor that the program inherits, instead of an address.
        given: options by their names in `OPTIONS`, and `harness.subjects.starting.Start`.

    Raises:
        HarnessError: the release does not have an option.

    """
    options, start = parted(given)
    release = installed(trial.release("uvicorn"), "uvicorn")
    command = cli_command(release, trial.platform, application, *words, at=address_of(start), fd=fd, **options)
    if "--reload" in command.arguments and trial.platform in PYTHON_ONLY and era(RELOADS_BY_CTRL_C, release):
        windows.deliver_ctrl_c(trial)
        start.setdefault("console", True)
    return started(trial, command, name="uvicorn", start=start)


def cli_command(
    release: Version, platform: str, application: str, *words: str, at: Address, fd: bool = False, **options: object
) -> Command:
    """Return the command line of a release; see `cli`."""
    app = attribute(application, DIALECTS, release)
    further = (*arguments(OPTIONS, options, server="uvicorn", release=release), *words)
    if era(PROGRAM, release) == "gunicorn":
        return Command(program="uvicorn", arguments=(app, "--bind", bound(at), *further))
    line = (app, *(("--fd", "{fd}") if fd else _listening(at)), *further)
    if platform in PYTHON_ONLY:
        return Command(program="python", arguments=(*era(MODULE, release), *line))
    return Command(program="uvicorn", arguments=line)


def _listening(at: Address) -> tuple[str, ...]:
    return ("--uds", "{socket}") if isinstance(at, Unix) else ("--host", at.host, "--port", port_of(at))


def script(
    trial: Trial, application: str, *words: str, script: str = "run_uvicorn.py", **given: object
) -> AbstractContextManager[Server]:
    """Start uvicorn by a script that calls ``uvicorn.run``.

    Args:
        trial: the trial.
        application: ``MODULE`` or ``MODULE:ATTRIBUTE``.
        words: further words of the script's; the ready-made script takes ``NAME=VALUE``.
        script: the script, one of the scenario's applications, called with the application, the port and the words.
        given: options by their names in `OPTIONS`, which become ``NAME=VALUE``, and `harness.subjects.starting.Start`.

    Raises:
        HarnessError: the scenario does not name the script, or the release does not have an option.

    """
    options, start = parted(given)
    release = installed(trial.release("uvicorn"), "uvicorn")
    command = by_script(trial, script, script_words(release, application, *words, **options))
    return started(trial, command, name="uvicorn", start=start)


def script_words(release: Version, application: str, *words: str, **options: object) -> tuple[str, ...]:
    """Return the words of the script that starts a release; see `script`."""
    app = attribute(application, DIALECTS, release)
    return (app, "{port}", *keywords(OPTIONS, options, server="uvicorn", release=release), *words)


def worker_class(release: Version, *, kind: str) -> str:
    """Return the dotted name of a worker of gunicorn's.

    Args:
        release: the release of uvicorn.
        kind: ``uvicorn`` (needs uvloop and httptools), ``uvicorn-h11``, or ``uvicorn-plain``: the one that a plain
            installation can serve with.

    """
    return f"{era(WORKERS, release)}.{era(WORKER_CLASSES[kind], release)}"
