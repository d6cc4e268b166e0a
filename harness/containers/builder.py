"""A container to build in: programs run in it one after the other, and its files are kept as an image."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness.containers.engine import ENVIRONMENT, RUN, status_of
from harness.errors import EngineError
from harness.processes.process import Completed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from harness.containers.engine import Engine, RunLabels

_IDLE = "import time; time.sleep(86400)"
_UV = "/tmp/harness-uv"  # noqa: S108 - the container's own; what lies there is no part of the image
_CERTIFICATES = "/tmp/harness-certificates.pem"  # noqa: S108


class Builder:
    """A container on this machine's own network whose programs run as root; removed when the context is left."""

    def __init__(
        self, engine: Engine, run: RunLabels, image: str, *, python: str, uv: Path, shared: Sequence[Path] = ()
    ) -> None:
        """Describe the container.

        Args:
            engine: the engine that runs the container.
            run: the run whose labels the container carries.
            image: the image that the container is made of.
            python: the path of the image's interpreter.
            uv: the path on this machine of a uv that runs in the container.
            shared: folders of this machine that the container may read at the same paths.

        """
        self.uv = _UV
        self._engine = engine
        self._run = run
        self._image = image
        self._python = python
        certificates = _certificates()
        self._mounts = {str(path): str(path) for path in shared if path.exists()} | {str(uv): _UV}
        self._env = _index_environment()
        if certificates:
            self._mounts[str(certificates)] = _CERTIFICATES
            self._env["SSL_CERT_FILE"] = _CERTIFICATES

    def __enter__(self) -> Self:
        """Start the container."""
        from docker.types import Mount  # noqa: PLC0415 - see `harness.containers.engine.connect`

        self._id = self._engine.create(
            self._run,
            self._image,
            (self._python, "-I", "-c", _IDLE),
            doing="create a container to build in",
            user="0:0",
            network_mode="host",
            mounts=[
                Mount(target=there, source=here, type="bind", read_only=True) for here, there in self._mounts.items()
            ],
            tmpfs={"/tmp": "rw,exec,size=1g,mode=1777"},  # noqa: S108 - the container's own
        )
        try:
            with self._engine.telling("start a container to build in"):
                self._engine.api.start(self._id)
        except BaseException:
            self._engine.remove(self._id)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the container."""
        self._engine.remove(self._id)

    def run(self, argv: Sequence[str], *, env: Mapping[str, str], deadline_s: float) -> Completed:
        """Run a program to its end; after ``deadline_s`` seconds remove the container and return no exit status."""
        api, expired = self._engine.api, threading.Event()

        def expire() -> None:
            expired.set()
            self._engine.remove(self._id)

        timer = threading.Timer(deadline_s, expire)
        timer.start()
        try:
            with self._engine.telling(f"run '{Path(argv[0]).name}' in a container"):
                made = api.exec_create(self._id, list(argv), environment={**self._env, **env})
                output = api.exec_start(made["Id"]).decode(errors="replace")
                return Completed(exit_status=status_of(api.exec_inspect(made["Id"])), output=output)
        except EngineError:  # of a container that is gone, or that goes: the engine has several words for that
            if not expired.is_set():
                raise
        finally:
            timer.cancel()
        return Completed(exit_status=None, output="")

    def keep(self, image: str, digest: str) -> None:
        """Keep the container's files as an image, which belongs to no run."""
        repository, tag = image.rsplit(":", 1)
        changes = [f'LABEL {RUN}="" {ENVIRONMENT}="{digest}"']
        with self._engine.telling("keep a container as an image"):
            self._engine.api.commit(self._id, repository=repository, tag=tag, changes=changes)


def _index_environment() -> dict[str, str]:
    """Return this machine's variables about indexes and proxies for uv, and the folders for uv's own files."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.lower() in {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
        or (name.startswith(("UV_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX", "UV_HTTP", "UV_INSECURE", "UV_KEYRING")))
    }
    return {**kept, "UV_CACHE_DIR": "/tmp/uv", "UV_LINK_MODE": "copy", "UV_NO_CONFIG": "1", "TMPDIR": "/tmp"}  # noqa: S108


def _certificates() -> Path | None:
    """Return the file of certificates that this machine trusts; an image may not trust this machine's proxy."""
    candidates = (os.environ.get("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/cert.pem")
    return next((Path(path).resolve() for path in candidates if path and Path(path).is_file()), None)
