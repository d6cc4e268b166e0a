"""The container engine of this machine: found, asked, and every refusal told as something a person can act on.

Whatever a run makes on it carries the run's label, with the folder whose lock says whether the run still lives.
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
PROCESSES = 512  # threads count
CPUS = 1.0
_POLL_S = 0.05
_ANSWER_S = 60
_ADDRESS = re.compile(r"(unix|npipe|tcp|https?|ssh)://[!-~]{1,1000}", re.ASCII)
_HERE = ("127.0.0.1", "localhost", "::1")
_connecting = threading.Lock()
_SIGNALS = 128  # an exit status above it is a signal's number and this


class RunLabels(msgspec.Struct, frozen=True, kw_only=True):
    """The run that everything is labelled by: its mark and its folder."""

    mark: str
    folder: Path

    @property
    def labels(self) -> dict[str, str]:
        """The labels; a container of another machine with this engine is another's, whatever its folder says."""
        return {RUN: self.mark, FOLDER: str(self.folder), MACHINE: platform.node(), USER: user()}


def user() -> str:
    """Return who runs this, as the labels say it: others may use the same engine."""
    return "" if sys.platform == "win32" else str(os.geteuid())


def is_address(text: str) -> bool:
    """Whether a text can be the address of an engine."""
    return bool(_ADDRESS.fullmatch(text))


def address() -> str:
    """Return where the engine is: ``DOCKER_HOST``, or the first socket that Docker or podman usually has."""
    if chosen := os.environ.get("DOCKER_HOST"):
        return chosen
    if sys.platform == "win32":
        return "npipe:////./pipe/docker_engine"
    own = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    usual = Path("/var/run/docker.sock")
    candidates = (usual, own / "docker.sock", own / "podman" / "podman.sock", Path("/run/podman/podman.sock"))
    return f"unix://{next((path for path in candidates if path.exists()), usual)}"


def connect(where: str) -> Engine:
    """Return the engine at an address: one value in all threads, which make one network of each run on it.

    Raises:
        EngineError: none answers there, or not to this user.

    """
    with _connecting:
        return _connected(where)


@functools.cache
def _connected(where: str) -> Engine:
    import docker  # noqa: PLC0415 - takes a tenth of a second, and most calls need no engine

    if where.startswith(("ssh:", "tcp:", "http")) and urllib.parse.urlsplit(where).hostname not in _HERE:
        raise EngineError(f"the engine at {where} is on another machine, whose loopback cannot be reached from here")
    if where.startswith("unix://"):
        _knock(Path(where.removeprefix("unix://")))
    with _telling(where, "say its version"):
        client = docker.DockerClient(base_url=where, version="auto", timeout=_ANSWER_S)
        return Engine(client, where, told=client.version())


def _knock(path: Path) -> None:
    """Say what to do about an engine whose socket does not let anyone in, by what is there instead."""
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
    """Turn whatever the SDK raises into one line."""
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
    """Return the exit status in what the engine knows of a program that has ended, negative for a signal."""
    status = int(state["ExitCode"])
    return _SIGNALS - status if status > _SIGNALS else status


class Engine:
    """One engine, safe for many threads. Every method raises `EngineError` where the engine refuses or is gone."""

    def __init__(self, client: docker.DockerClient, where: str, *, told: Mapping[str, Any]) -> None:
        """Wrap a client of the SDK that has been answered."""
        self.client = client
        self.api: Any = client.api  # its stubs lag behind
        self.where = where
        name = next((part["Name"] for part in told.get("Components") or () if "Podman" in part["Name"]), "Docker")
        self.version = f"{name} {told['Version']}"
        self._networks: dict[str, str] = {}
        self._lock = threading.Lock()

    def telling(self, doing: str) -> contextlib.AbstractContextManager[None]:
        """Turn what the SDK raises inside into one line that says what was to be done."""
        return _telling(self.where, doing)

    def image(self, name: str) -> Mapping[str, Any]:
        """Return what the engine knows of an image, pulled where it is not there."""
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
        """Return what the engine knows of an image, None where it has none of the name."""
        from docker.errors import NotFound  # noqa: PLC0415 - see `connect`

        with self.telling(f"look for image {name}"):
            try:
                found: Mapping[str, Any] = self.api.inspect_image(name)
            except NotFound:
                return None
        return found

    def network(self, run: RunLabels) -> str:
        """Return the network of a run: containers on it can be reached by their published ports, and reach nobody.

        No address is translated on the way out; see `create` for the rest.
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
        """Create a container that carries the run's labels and return its id; its settings are the SDK's.

        It has no privileges to gain, and limits. What it sends lives for one hop, which reaches this machine and
        nothing beyond, whatever the engine would forward.
        """
        container = {name: settings.pop(name) for name in ("user", "environment", "ports") if name in settings}
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
        """Run a program of an image to its end, without a network; `NOT_FOUND` where there is no such program."""
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
        """Wait for the end of a container; None at the deadline."""
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:
            state = self.api.inspect_container(container)["State"]
            if not state["Running"] and state["Status"] != "created":
                return status_of(state)
            time.sleep(_POLL_S)
        return None

    def remove(self, container: str) -> None:
        """Remove a container, whatever it does; it may be gone already, or the engine, which the sweep looks after."""
        from docker.errors import APIError  # noqa: PLC0415 - see `connect`

        with contextlib.suppress(EngineError), self.telling("remove a container"), contextlib.suppress(APIError):
            self.api.remove_container(container, force=True, v=True)
