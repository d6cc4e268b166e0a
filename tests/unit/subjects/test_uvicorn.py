"""uvicorn's command lines: the words with which each release was started before the subject knew how."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from harness.errors import HarnessError
from harness.model.addresses import Tcp, Unix
from harness.subjects import gunicorn, uvicorn
from harness.subjects.options import where_known

if TYPE_CHECKING:
    from collections.abc import Mapping

RELEASES = """
0.0.1 0.0.2 0.0.3 0.0.4 0.0.5 0.0.6 0.0.7 0.0.8 0.0.9 0.0.10 0.0.11 0.0.12 0.0.13 0.0.14 0.0.15 0.1.0 0.1.1 0.2.0
0.2.1 0.2.2 0.2.3 0.2.4 0.2.5 0.2.6 0.2.7 0.2.8 0.2.9 0.2.10 0.2.11 0.2.12 0.2.13 0.2.14 0.2.15 0.2.16 0.2.17 0.2.18
0.2.19 0.2.20 0.2.21 0.2.22 0.3.0 0.3.1 0.3.2 0.3.3 0.3.4 0.3.5 0.3.6 0.3.7 0.3.8 0.3.9 0.3.10 0.3.11 0.3.12 0.3.13
0.3.14 0.3.15 0.3.16 0.3.17 0.3.18 0.3.19 0.3.20 0.3.21 0.3.22 0.3.23 0.3.24 0.3.25 0.3.26 0.3.27 0.3.28 0.3.29 0.3.30
0.3.31 0.3.32 0.4.0 0.4.1 0.4.2 0.4.3 0.4.4 0.4.5 0.4.6 0.5.0 0.5.1 0.5.2 0.6.0 0.6.1 0.7.0b1 0.7.0b2 0.7.0 0.7.1
0.7.2 0.7.3 0.8.0 0.8.1 0.8.2 0.8.3 0.8.4 0.8.5 0.8.6 0.9.0 0.9.1 0.10.0 0.10.1 0.10.2 0.10.3 0.10.4 0.10.5 0.10.6
0.10.7 0.10.8 0.10.9 0.11.0 0.11.1 0.11.2 0.11.3 0.11.4 0.11.5 0.11.6 0.11.7 0.11.8 0.12.0 0.12.1 0.12.2 0.12.3 0.13.0
0.13.1 0.13.2 0.13.3 0.13.4 0.14.0 0.15.0 0.16.0 0.17.0 0.17.0.post1 0.17.1 0.17.2 0.17.3 0.17.4 0.17.5 0.17.6 0.18.0
0.18.1 0.18.2 0.18.3 0.19.0 0.20.0 0.21.0 0.21.1 0.22.0 0.23.0 0.23.1 0.23.2 0.24.0 0.24.0.post1 0.25.0 0.26.0 0.27.0
0.27.0.post1 0.27.1 0.28.0 0.28.1 0.29.0 0.30.0 0.30.1 0.30.2 0.30.3 0.30.4 0.30.5 0.30.6 0.31.0 0.31.1 0.32.0 0.32.1
0.33.0 0.34.0 0.34.1 0.34.2 0.34.3 0.35.0 0.36.0 0.36.1 0.37.0 0.38.0 0.39.0 0.40.0 0.41.0 0.42.0 0.43.0 0.44.0 0.45.0
0.46.0 0.47.0 0.48.0 0.49.0 0.50.0 0.50.1 0.50.2 0.51.0 0.52.0 0.52.1 0.52.2 0.52.3 0.52.4 0.53.0 0.54.0
""".split()  # noqa: SIM905 - as the index lists them

MAIN = "import sys; sys.path.insert(0, ''); from uvicorn.main import main; main()"
HERE = ("--host", "127.0.0.1", "--port", "{port}")
THERE = ("--bind", "127.0.0.1:{port}")
HTTP = ("--http", "h11", "--loop", "asyncio")

# Each table has the first release of an era, and the whole argv of all releases of the era.
PIPELINED = {
    "0": ("uvicorn", "application:function", *THERE),
    "0.0.5": ("uvicorn", "application:consumer", *THERE),
    "0.1.0": ("uvicorn", "application:ASGI2", *THERE),
    "0.2.0": ("uvicorn", "application:ASGI2", *HERE, *HTTP),
    "0.2.21": ("uvicorn", "application:ASGI2", *HERE, *HTTP, "--timeout-keep-alive", "2"),
    "0.7.0b1": ("uvicorn", "application:asgi3", *HERE, *HTTP, "--timeout-keep-alive", "2"),
}
RELOAD = {
    "0.5.0": ("python", "-c", MAIN, "application:ASGI2", *HERE, "--reload"),
    "0.7.0b1": ("python", "-c", MAIN, "application:asgi3", *HERE, "--reload"),
    "0.9.1": ("python", "-m", "uvicorn", "application:asgi3", *HERE, "--reload"),
}
WORKERS = {
    "0.5.0": ("python", "-c", MAIN, "application:ASGI2", *HERE, "--workers", "2"),
    "0.7.0b1": ("python", "-c", MAIN, "application:asgi3", *HERE, "--workers", "2"),
    "0.9.1": ("python", "-m", "uvicorn", "application:asgi3", *HERE, "--workers", "2"),
    "0.37.0": (
        *("python", "-m", "uvicorn", "application:asgi3", *HERE, "--workers", "2"),
        *("--timeout-worker-healthcheck", "60"),
    ),
}
RUN = {
    "0.5.0": ("application:ASGI2", "{port}", "workers=2"),
    "0.7.0b1": ("application:asgi3", "{port}", "workers=2"),
    "0.37.0": ("application:asgi3", "{port}", "workers=2", "timeout_worker_healthcheck=60"),
}
ONE = ("--workers", "1", *THERE, "--graceful-timeout", "1", "--preload")
PRELOAD = {
    "0": ("gunicorn", "--worker-class", "uvicorn.worker.UvicornWorker", *ONE, "application:function"),
    "0.0.5": ("gunicorn", "--worker-class", "uvicorn.worker.UvicornWorker", *ONE, "application:consumer"),
    "0.1.0": ("gunicorn", "--worker-class", "uvicorn.worker.UvicornWorker", *ONE, "application:ASGI2"),
    "0.2.0": ("gunicorn", "--worker-class", "uvicorn.workers.UvicornWorker", *ONE, "application:ASGI2"),
    "0.7.0b1": ("gunicorn", "--worker-class", "uvicorn.workers.UvicornWorker", *ONE, "application:asgi3"),
}
BEAT = ("--workers", "1", "--timeout", "12", "--graceful-timeout", "1", *THERE)
HEARTBEAT = {
    "0": ("gunicorn", "--worker-class", "uvicorn.worker.UvicornWorker", *BEAT, "application:function"),
    "0.0.5": ("gunicorn", "--worker-class", "uvicorn.worker.UvicornWorker", *BEAT, "application:consumer"),
    "0.1.0": ("gunicorn", "--worker-class", "uvicorn.worker.UvicornWorker", *BEAT, "application:ASGI2"),
    "0.2.0": ("gunicorn", "--worker-class", "uvicorn.workers.UvicornWorker", *BEAT, "application:ASGI2"),
    "0.7.0b1": ("gunicorn", "--worker-class", "uvicorn.workers.UvicornWorker", *BEAT, "application:asgi3"),
    "0.12.0": ("gunicorn", "--worker-class", "uvicorn.workers.UvicornH11Worker", *BEAT, "application:asgi3"),
}


def of_era(table: Mapping[str, tuple[str, ...]], release: Version) -> tuple[str, ...]:
    """Return the argv of the newest era that has begun."""
    return [argv for first, argv in table.items() if Version(first) <= release][-1]


def since(first: str) -> list[Version]:
    """Return all releases from one on, of which there are some."""
    chosen = [release for release in map(Version, RELEASES) if release >= Version(first)]
    assert chosen
    return chosen


def test_the_command_line_of_pipelined_keep_alive() -> None:
    """The program is gunicorn by another name at first; the timer's option came with the timer."""
    for release in since("0"):
        found = uvicorn.cli_command(
            release,
            "linux",
            "application",
            at=Tcp(),
            http=where_known("h11"),
            loop=where_known("asyncio"),
            keep_alive_s=where_known(2),
        )
        assert (found.program, *found.arguments) == of_era(PIPELINED, release), release


def test_the_command_line_of_winerror87_reload() -> None:
    """On Windows Python starts the command line, as a module where there is one."""
    for release in since("0.5.0"):
        for platform in ("windows", "windows-wine"):
            found = uvicorn.cli_command(release, platform, "application", at=Tcp(), reload=True)
            assert (found.program, *found.arguments) == of_era(RELOAD, release), release


def test_the_command_lines_of_winerror87_workers() -> None:
    """The patience with workers that start is an option of the newest releases alone."""
    for release in since("0.5.0"):
        patience = where_known(60)
        found = uvicorn.cli_command(
            release, "windows-wine", "application", at=Tcp(), workers=2, worker_healthcheck_s=patience
        )
        assert (found.program, *found.arguments) == of_era(WORKERS, release), release


def test_the_script_of_winerror87_workers() -> None:
    """The ready-made script hands the same options to ``uvicorn.run``."""
    for release in since("0.5.0"):
        found = uvicorn.script_words(release, "application", workers=2, worker_healthcheck_s=where_known(60))
        assert found == of_era(RUN, release), release


def test_the_command_line_of_preload_closed_loop() -> None:
    """The same words; the options of gunicorn stand in another order, which means nothing to it."""
    for release in since("0"):
        found = gunicorn.cli_command(
            Version("20.0.4"),
            release,
            "application",
            at=Tcp(),
            worker_class="uvicorn",
            workers=1,
            graceful_s=1,
            preload=True,
        )
        assert sorted((found.program, *found.arguments)) == sorted(of_era(PRELOAD, release)), release
        assert found.arguments[-1] == of_era(PRELOAD, release)[-1]


def test_the_command_line_of_starved_heartbeat() -> None:
    """A plain installation of newer releases serves with the worker that needs neither uvloop nor httptools."""
    for release in since("0"):
        found = gunicorn.cli_command(
            Version("20.0.4"),
            release,
            "application",
            at=Tcp(),
            worker_class="uvicorn-plain",
            workers=1,
            timeout_s=12,
            graceful_s=1,
        )
        assert sorted((found.program, *found.arguments)) == sorted(of_era(HEARTBEAT, release)), release
        assert found.arguments[-1] == of_era(HEARTBEAT, release)[-1]


@pytest.mark.parametrize(
    ("at", "fd", "words"),
    [
        (Tcp(host="::1"), False, ("--host", "::1", "--port", "{port}")),
        (Tcp(port=0), False, ("--host", "127.0.0.1", "--port", "0")),
        (Unix(), False, ("--uds", "{socket}")),
        (Tcp(), True, ("--fd", "{fd}")),
    ],
)
def test_it_listens_where_the_client_reaches_it(at: Tcp | Unix, fd: bool, words: tuple[str, ...]) -> None:  # noqa: FBT001
    """An address of either family, a Unix socket, and a descriptor that is inherited."""
    found = uvicorn.cli_command(Version("0.54.0"), "linux", "ready:other", "--extra", at=at, fd=fd)
    assert found.arguments == ("ready:other", *words, "--extra")


def test_an_option_comes_as_a_keyword_of_uvicorn_run() -> None:
    """By the name that the function has, a switch that is off included."""
    words = uvicorn.script_words(Version("0.54.0"), "ready", keep_alive_s=2, access_log=False, header=("a:b",), ws=None)
    assert words == ("ready:asgi3", "{port}", "timeout_keep_alive=2", "access_log=False", "header=['a:b']")


def test_gunicorn_says_which_worker_it_does_not_have() -> None:
    """Before a server is started that would say so in a traceback."""
    with pytest.raises(HarnessError, match=r"gunicorn 20\.1\.0 has no worker class 'asgi'"):
        gunicorn.cli_command(Version("20.1.0"), None, "ready", at=Tcp(), worker_class="asgi")
    with pytest.raises(HarnessError, match="uvicorn is not installed beside the subject"):
        gunicorn.cli_command(Version("20.1.0"), None, "ready", at=Tcp(), worker_class="uvicorn")


@pytest.mark.parametrize(("worker_class", "attribute"), [("gthread", "wsgi"), ("asgi", "asgi3"), ("uvicorn", "ASGI2")])
def test_gunicorns_worker_decides_on_the_dialect(worker_class: str, attribute: str) -> None:
    """WSGI, gunicorn's own ASGI, and the dialect of the installed uvicorn."""
    found = gunicorn.cli_command(
        Version("25.1.0"), Version("0.6.1"), "ready", at=Unix(), worker_class=worker_class, control_socket=False
    )
    assert found.arguments[1:] == (
        {"uvicorn": "uvicorn.workers.UvicornWorker"}.get(worker_class, worker_class),
        "--bind",
        "unix:{socket}",
        "--no-control-socket",
        f"ready:{attribute}",
    )
