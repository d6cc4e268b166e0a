"""The container engine of this machine; every refusal of it becomes one line that a person can act on.

All that a run makes on the engine carries the run's labels. One of them is the run's folder, whose lock says whether
the run still lives.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import re
import socket
import sys
import threading
import time
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from harness.errors import EngineError
from harness.processes.process import NOT_FOUND, Completed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import docker

RUN, FOLDER, MACHINE, ENVIRONMENT = "harness.run", "harness.folder", "harness.machine", "harness.environment"
USER = "harness.user"
MEMORY = "1g"
PROCESSES = 512  # threads count as processes
CPUS = 1.0
_POLL_S = 0.05
_ANSWER_S = 60
_ADDRESS = re.compile(r"(unix|npipe|tcp|https?|ssh)://[!-~]{1,1000}", re.ASCII)
_HERE = ("127.0.0.1", "localhost", "::1")
_OF_CONTAINER = ("user", "environment", "ports", "stdin_open")  # all other settings are the host's
_connecting = threading.Lock()
_SIGNALS = 128  # a larger exit status is this plus the number of a signal


class RunLabels(msgspec.Struct, frozen=True, kw_only=True):
    """The mark and the folder of a run, for the labels of all that the run makes on an engine."""

    mark: str
    folder: Path

    @property
    def labels(self) -> dict[str, str]:
        """The labels; they name the machine, since several machines with the same folders may use one engine."""
        return {RUN: self.mark, FOLDER: str(self.folder), MACHINE: platform.node(), USER: user()}


def user() -> str:
    """Return the user's number for the labels, empty on Windows: several users may use one engine."""
    return "" if sys.platform == "win32" else str(os.geteuid())


def is_address(text: str) -> bool:
    """Whether a text can be the address of an engine."""
    return bool(_ADDRESS.fullmatch(text))


def address() -> str:
    """Return the engine's address: ``DOCKER_HOST``, or the first usual socket of Docker or podman that exists."""
    if chosen := os.environ.get("DOCKER_HOST"):
        return chosen
    if sys.platform == "win32":
        return "npipe:////./pipe/docker_engine"
    own = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    usual = Path("/var/run/docker.sock")
    candidates = (usual, own / "docker.sock", own / "podman" / "podman.sock", Path("/run/podman/podman.sock"))
    return f"unix://{next((path for path in candidates if path.exists()), usual)}"


def connect(where: str) -> Engine:
    """Return the engine at an address; all threads share one value, so that a run has one network on it.

    Raises:
        EngineError: no engine answers there, or the engine refuses this user.

    """
    with _connecting:
        return _connected(where)


@functools.cache
def _connected(where: str) -> Engine:
    import docker  # noqa: PLC0415 - the import takes a tenth of a second, and most calls need no engine

    if where.startswith(("ssh:", "tcp:", "http")) and urllib.parse.urlsplit(where).hostname not in _HERE:
        raise EngineError(f"the engine at {where} is on another machine, whose loopback cannot be reached from here")
    if where.startswith("unix://"):
        _knock(Path(where.removeprefix("unix://")))
    with _telling(where, "say its version"):
        client = docker.DockerClient(base_url=where, version="auto", timeout=_ANSWER_S)
        return Engine(client, where, told=client.version())


def _knock(path: Path) -> None:
    """Raise an error with the remedy where nobody can connect to an engine's socket."""
    try:
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.connect(str(path))
    except FileNotFoundError:
        raise EngineError(
            f"no container engine at unix://{path}; start one ('dockerd', or 'podman system service -t 0'), "
            "or say in DOCKER_HOST where it is"
        ) from None
    except PermissionError:
        group = f"join its group {path.group()} and log in anew" if _group_is_named(path) else "ask its owner"
        raise EngineError(
            f"no right to the container engine's socket {path}; {group}, or run an engine of your own"
        ) from None
    except OSError as error:
        raise EngineError(
            f"the container engine's socket {path} leads nowhere ({error.strerror}); start the engine, "
            "or say in DOCKER_HOST where it is"
        ) from None


def _group_is_named(path: Path) -> bool:
    with contextlib.suppress(KeyError, OSError):
        return bool(path.group())
    return False


@contextlib.contextmanager
def _telling(where: str, doing: str) -> Iterator[None]:
    """Turn every error of the SDK into an `EngineError` of one line."""
    import docker.errors  # noqa: PLC0415 - see `connect`
    import requests.exceptions  # noqa: PLC0415

    try:
        yield
    except docker.errors.APIError as error:
        told = " ".join(str(error.explanation or error).split())
        raise EngineError(f"the container engine does not {doing}: {told}") from error
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
        raise EngineError(
            f"the container engine at {where} does not answer, it was to {doing}; "
            "start it again, then the same call goes on"
        ) from error


def status_of(state: Mapping[str, Any]) -> int:
    """Return the exit status in the engine's state of a program that has ended, negative for a signal."""
    status = int(state["ExitCode"])
    return _SIGNALS - status if status > _SIGNALS else status


class Engine:
    """One engine, safe for many threads. Every method raises `EngineError` where the engine refuses or is gone."""

    def __init__(self, client: docker.DockerClient, where: str, *, told: Mapping[str, Any]) -> None:
        """Wrap a client of the SDK; ``told`` is the engine's answer about its version."""
        self.client = client
        self.api: Any = client.api  # its stubs lag behind
        self.where = where
        name = next((part["Name"] for part in told.get("Components") or () if "Podman" in part["Name"]), "Docker")
        self.version = f"{name} {told['Version']}"
        self._networks: dict[str, str] = {}
        self._lock = threading.Lock()

    def telling(self, doing: str) -> contextlib.AbstractContextManager[None]:
        """Turn errors of the SDK in this context into an `EngineError` that says what was to be done."""
        return _telling(self.where, doing)

    def image(self, name: str) -> Mapping[str, Any]:
        """Return the engine's description of an image, which is pulled where the engine does not have it."""
        if known := self.known_image(name):
            return known
        from docker.utils import parse_repository_tag  # noqa: PLC0415 - see `connect`

        repository, tag = parse_repository_tag(name)
        try:
            with self.telling(f"pull image {name}"):
                self.client.images.pull(repository, tag=tag or "latest")
        except EngineError as error:
            told = str(error).partition(": ")[2] or str(error)
            raise EngineError(
                f"image {name} is not there and cannot be pulled; check its name, 'docker build -t {name}' or "
                f"'docker import' it: {told}"
            ) from None
        found = self.known_image(name)
        if found is None:
            raise EngineError(f"image {name} was pulled and is not there; is the disk of the engine full?")
        return found

    def known_image(self, name: str) -> Mapping[str, Any] | None:
        """Return the engine's description of an image; None where the engine has no image of that name."""
        from docker.errors import NotFound  # noqa: PLC0415 - see `connect`

        with self.telling(f"look for image {name}"):
            try:
                found: Mapping[str, Any] = self.api.inspect_image(name)
            except NotFound:
                return None
        return found

    def network(self, run: RunLabels) -> str:
        """Return the network of a run: its containers are reached by their published ports, and reach nobody.

        The engine translates no address of outgoing packets; `harness.containers.contained` lets them live for one hop.
        """
        with self._lock, self.telling("make a network"):
            if run.mark not in self._networks:
                options = {
                    "com.docker.network.bridge.enable_ip_masquerade": "false",
                    "com.docker.network.bridge.enable_icc": "false",
                    "com.docker.network.bridge.host_binding_ipv4": "127.0.0.1",
                }
                made = self.api.create_network(
                    f"harness-{run.mark[:12]}",
                    driver="bridge",
                    labels=run.labels,
                    options=options if "Podman" not in self.version else None,
                )
                self._networks[run.mark] = made["Id"]
            return self._networks[run.mark]

    def create(self, run: RunLabels, image: str, argv: Sequence[str], *, doing: str, **settings: object) -> str:
        """Create a container that carries the run's labels, and return its id; ``settings`` are the SDK's.

        The container cannot gain privileges, and its memory, processes and processor time are limited.
        """
        container = {
            name: settings.pop(name) for name in ("user", "environment", "ports", "stdin_open") if name in settings
        }
        host: dict[str, object] = {
            "security_opt": ["no-new-privileges"],
            "mem_limit": MEMORY,
            "memswap_limit": MEMORY,
            "pids_limit": PROCESSES,
            "nano_cpus": int(CPUS * 1e9),
            **settings,
        }
        with self.telling(doing):
            made = self.api.create_container(
                image,
                entrypoint=list(argv),
                labels=run.labels,
                host_config=self.api.create_host_config(**host),
                **container,
            )
        return str(made["Id"])

    def run(self, run: RunLabels, image: str, argv: Sequence[str], *, deadline_s: float) -> Completed:
        """Run a program of an image to its end, without a network; status `NOT_FOUND` where the image lacks it."""
        from docker.errors import APIError  # noqa: PLC0415 - see `connect`

        doing = f"run '{argv[0]}' in image {image}"
        container = self.create(run, image, argv, doing=doing, network_mode="none", cap_drop=["ALL"], read_only=True)
        try:
            with self.telling(doing):
                try:
                    self.api.start(container)
                except APIError as error:
                    if any(words in str(error) for words in ("not found", "no such file")):
                        return Completed(exit_status=NOT_FOUND, output=str(error.explanation))
                    raise
                status = self._status(container, deadline_s)
                return Completed(exit_status=status, output=self.api.logs(container).decode(errors="replace"))
        finally:
            self.remove(container)

    def _status(self, container: str, deadline_s: float) -> int | None:
        """Wait for a container to end, and return its exit status; None after ``deadline_s`` seconds."""
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:
            state = self.api.inspect_container(container)["State"]
            if not state["Running"] and state["Status"] != "created":
                return status_of(state)
            time.sleep(_POLL_S)
        return None

    def remove(self, container: str) -> None:
        """Remove a container, also while it runs; errors are ignored, since a later sweep removes what is left."""
        from docker.errors import APIError  # noqa: PLC0415 - see `connect`

        with contextlib.suppress(EngineError), self.telling("remove a container"), contextlib.suppress(APIError):
            self.api.remove_container(container, force=True, v=True)
