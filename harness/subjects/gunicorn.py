"""gunicorn with every class of worker: ``gunicorn.cli(trial, "ready", worker_class="gthread", threads=2)``.

The worker decides which dialect the application is of. gunicorn may be the subject, or a companion of uvicorn's with
``worker_class="uvicorn"``, ``"uvicorn-h11"``, ``"uvicorn-plain"`` (the one that a plain installation of uvicorn can
serve with), or ``"uvicorn-worker"``, of the package of that name. gunicorn runs on POSIX alone; the tables begin with
19.0. From 25.1 on gunicorn opens a Unix socket below ``HOME`` unless ``control_socket=False`` is given.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.model.scenario import Companion, Variant
from harness.subjects import uvicorn
from harness.subjects.eras import attribute, era, installed
from harness.subjects.options import arguments, option
from harness.subjects.starting import Command, address_of, bound, parted, started

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from packaging.version import Version

    from harness.execution.server import Server
    from harness.execution.trial import Trial
    from harness.model.addresses import Address

PYTHONS = (("<20", "3.6"), (">=20,<22", "3.8"), (">=22", "3.12"))

COMPANIONS = (Companion("setuptools<60", "<21"),)
"""Before 21 gunicorn imports pkg_resources, which newer setuptools have no more."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Worker:
    """A class of worker.

    Attributes:
        written: how the command line names the class, by era; None where a release does not have the class.
        needs: what is installed beside gunicorn.
        dialect: the attribute of an application; None for that of the installed release of uvicorn.

    """

    written: Mapping[str, str | None]
    needs: tuple[str | Companion, ...] = ()
    dialect: str | None = "wsgi"


_OF_UVICORN = ("uvicorn", "uvloop", "httptools")

WORKER_CLASSES = {
    "sync": Worker(written={"0": "sync"}),
    "gthread": Worker(written={"0": None, "19.0": "gunicorn.workers.gthread.ThreadWorker", "19.4": "gthread"}),
    "eventlet": Worker(written={"0": "eventlet", "26.0": None}, needs=("eventlet",)),
    "gevent": Worker(written={"0": "gevent"}, needs=("gevent", Companion("packaging", ">=26"))),
    "gevent_pywsgi": Worker(written={"0": "gevent_pywsgi"}, needs=("gevent", Companion("packaging", ">=26"))),
    "tornado": Worker(written={"0": "tornado"}, needs=("tornado", Companion("tornado<6", "<20.1"))),
    "asgi": Worker(written={"0": None, "24.0.0": "asgi"}, dialect="asgi3"),
    "uvicorn": Worker(written={"0": "uvicorn"}, needs=_OF_UVICORN, dialect=None),
    "uvicorn-h11": Worker(written={"0": "uvicorn-h11"}, needs=("uvicorn",), dialect=None),
    "uvicorn-plain": Worker(written={"0": "uvicorn-plain"}, needs=("uvicorn",), dialect=None),
    "uvicorn-worker": Worker(
        written={"0": "uvicorn_worker.UvicornWorker"}, needs=("uvicorn-worker", "uvloop", "httptools"), dialect=None
    ),
}

OPTIONS = {
    "access_logfile": option("--access-logfile", "0.13.0"),
    "asgi_disconnect_grace_period_s": option("--asgi-disconnect-grace-period", "25.0.2"),
    "asgi_lifespan": option("--asgi-lifespan", "24.0.0"),
    "asgi_loop": option("--asgi-loop", "24.0.0"),
    "backlog": option("--backlog"),
    "capture_output": option("--capture-output", "19.6.0"),
    "certfile": option("--certfile", "0.17.0"),
    "control_socket": option("/--no-control-socket", "25.1.0"),
    "forwarded_allow_ips": option("--forwarded-allow-ips", "19.0"),
    "forwarder_headers": option("--forwarder-headers", "23.0.0"),
    "graceful_s": option("--graceful-timeout", "0.14.4"),
    "header_map": option("--header-map", "22.0.0"),
    "http_parser": option("--http-parser", "25.2.0"),
    "http_protocols": option("--http-protocols", "25.0.0"),
    "keep_alive_s": option("--keep-alive"),
    "keyfile": option("--keyfile", "0.17.0"),
    "limit_request_field_size": option("--limit-request-field_size", "0.14.0"),
    "limit_request_fields": option("--limit-request-fields", "0.14.0"),
    "limit_request_line": option("--limit-request-line", "0.14.0"),
    "log_level": option("--log-level"),
    "max_requests": option("--max-requests", "0.11.1"),
    "max_requests_jitter": option("--max-requests-jitter", "19.2"),
    "preload": option("--preload"),
    "proxy_protocol": option("--proxy-protocol", "0.15.0"),
    "reload": option("--reload", "19.0"),
    "root_path": option("--root-path", "24.0.0"),
    "strip_header_spaces": option("--strip-header-spaces", "19.10.0", until="20.0.0")
    + option("--strip-header-spaces", "20.0.1"),
    "threads": option("--threads", "19.0"),
    "timeout_s": option("--timeout"),
    "worker_connections": option("--worker-connections"),
    "worker_tmp_dir": option("--worker-tmp-dir", "19.0"),
    "workers": option("--workers"),
}


def variants(*worker_classes: str) -> tuple[Variant, ...]:
    """Return variants of these names, some of `WORKER_CLASSES`, with what each needs."""
    return tuple(Variant(name=name, companions=(*WORKER_CLASSES[name].needs, *COMPANIONS)) for name in worker_classes)


def cli(
    trial: Trial, application: str, *words: str, worker_class: str = "sync", **given: object
) -> AbstractContextManager[Server]:
    """Start gunicorn by its command line, listening where the client reaches it (``at``).

    Args:
        trial: the trial.
        application: ``MODULE`` or ``MODULE:ATTRIBUTE``.
        words: further words of the command line, as they are.
        worker_class: one of `WORKER_CLASSES`.
        given: options by their names in `OPTIONS`, and `harness.subjects.starting.Start`.

    Raises:
        HarnessError: the release does not have an option, or the package of the worker is not installed.

    """
    options, start = parted(given)
    command = cli_command(
        installed(trial.release("gunicorn"), "gunicorn"),
        trial.release("uvicorn"),
        application,
        *words,
        at=address_of(start),
        worker_class=worker_class,
        **options,
    )
    return started(trial, command, name="gunicorn", start=start)


def cli_command(
    release: Version,
    of_uvicorn: Version | None,
    application: str,
    *words: str,
    at: Address,
    worker_class: str = "sync",
    **options: object,
) -> Command:
    """Return the command line of a release with the workers of a release of uvicorn; see `cli`."""
    worker = WORKER_CLASSES[worker_class]
    dialects = {"0": worker.dialect} if worker.dialect else uvicorn.DIALECTS
    return Command(
        program="gunicorn",
        arguments=(
            *("--worker-class", _written(worker_class, release, of_uvicorn), "--bind", bound(at)),
            *arguments(OPTIONS, options, server="gunicorn", release=release),
            *words,
            attribute(application, dialects, release if worker.dialect else installed(of_uvicorn, "uvicorn")),
        ),
    )


def _written(worker_class: str, release: Version, of_uvicorn: Version | None) -> str:
    """Return how the command line of a release names a class of worker."""
    if worker_class in uvicorn.WORKER_CLASSES:
        return uvicorn.worker_class(installed(of_uvicorn, "uvicorn"), kind=worker_class)
    written = era(WORKER_CLASSES[worker_class].written, release)
    if written is None:
        message = f"gunicorn {release} has no worker class '{worker_class}'"
        raise HarnessError(message)
    return written
