"""A trial uses a server in a container like a process of this machine, see `harness.processes.process.Started`.

The server's port is published on 127.0.0.1 of this machine and nowhere else. `init.py` runs as the first process of the
container and connects the published port to the container's own loopback, on which the server listens.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.containers.engine import status_of
from harness.decoding import decode
from harness.errors import EngineError
from harness.processes.capture import Capture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.containers.engine import Engine, RunLabels

PUBLISHED = 31_999  # the port in the container; outside the leased ports and the system's ephemeral ports
_FIRST_REAL_TIME = 34  # SIGRTMIN, for a libc that keeps two real-time signals for itself
_START_S = 60.0
_END_S = 10.0
_NOBODY = "65534:65534"
_TMPFS = {"/tmp": "rw,nosuid,nodev,size=256m,mode=1777"}  # noqa: S108 - the container's own


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One report of the first process: that the server was started, why it was not, or how it ended."""

    exit_status: int | None = None
    survivors: int = 0
    out_of_memory: bool = False
    started: int | None = None
    failed: int | None = None
    reason: str = ""


class Contained:
    """A started program in a container of its own, with its output captured."""

    def __init__(
        self,
        engine: Engine,
        run: RunLabels,
        image: str,
        argv: Sequence[str],
        *,
        python: str,
        env: Mapping[str, str],
        folder: Path,
        port: int,
        console: bool = False,
    ) -> None:
        """Start the program, not as root; it may read the trial's folder and write to a temporary folder.

        Args:
            engine: the engine that runs the container.
            run: the run whose labels the container carries.
            image: the image that the program runs in.
            argv: the program and its arguments.
            python: the path of the image's interpreter, which runs the first process.
            env: the program's whole environment.
            folder: the trial's folder; it has the same path in the container.
            port: the port that the program listens on in the container, and that is published on this machine.
            console: give the program a terminal as standard input.

        Raises:
            OSError: the image has no such program.
            EngineError: the engine does not start the container.

        """
        self.argv = tuple(argv)
        self.capture = Capture()
        self._engine = engine
        self._told = threading.Condition()
        self._began: Report | None = None
        self._ended: Report | None = None
        self._is_over = False  # whether the container's output has ended
        self._asked = False
        self._stop = f"\0stop {uuid.uuid4().hex}\0".encode()  # the first process prints this when it passes on a stop
        self._held = b""
        order = {
            "stop": self._stop.decode(),
            "argv": argv,
            "env": env,
            "folder": str(folder),
            "port": port,
            "published": PUBLISHED,
        }
        first = [python, "-I", "-S", "-c", _init(), json.dumps({**order, "console": console})]
        self._id = engine.create(
            run, image, first, doing="create a container", **_settings(folder, port), network_mode=engine.network(run)
        )
        self._reader = threading.Thread(target=self._read, name=f"output of {self._id[:12]}", daemon=True)
        try:
            self._begin()
        except BaseException:
            engine.remove(self._id)
            raise

    def _begin(self) -> None:
        with self._engine.telling("start a container"):
            self._stream = self._engine.api.attach(self._id, stream=True, demux=True)
            self._reader.start()
            self._engine.api.start(self._id)
        with self._told:
            self._told.wait_for(lambda: self._began or self._is_over, timeout=_START_S)
        if self._began is None:
            said = " ".join(self.capture.text.split())
            raise EngineError(f"a container starts and its first process does not run: {said or 'it says nothing'}")
        if self._began.failed:
            raise OSError(self._began.failed, self._began.reason)

    def _read(self) -> None:
        """Take the server's output, and the first process's reports line by line, until the container ends."""
        unread = b""
        with contextlib.suppress(Exception):  # the connection may break in any way; `exit_status` finds out why
            for printed, told in self._stream:
                if printed:
                    self._take(printed)
                *lines, unread = (unread + (told or b"")).split(b"\n")
                for line in lines:
                    self._hear(line)
        self.capture.add(self._held)
        with self._told:
            self._is_over = True
            self._told.notify_all()

    def _take(self, printed: bytes) -> None:
        """Capture output, split in two parts at the place where the request to stop was passed on."""
        data, self._held = self._held + printed, b""
        if self._asked:
            before, found, after = data.partition(self._stop)
            if found:
                self._asked = False
                self.capture.add(before)
                self.capture.split()
                data = after
            else:  # the output so far may end with the beginning of the mark
                kept = max(0, len(data) - len(self._stop) + 1)
                data, self._held = data[:kept], data[kept:]
        self.capture.add(data)

    def _hear(self, line: bytes) -> None:
        try:
            report = decode(line, Report)
        except msgspec.DecodeError:  # no report, but a message of the Python that runs the first process
            self.capture.add(line + b"\n")
            return
        with self._told:
            if report.exit_status is None:
                self._began = report
            else:
                self._ended = report
            self._told.notify_all()

    @property
    def exit_status(self) -> int | None:
        """The program's exit status, negative for a signal, or None while it runs.

        Raises:
            EngineError: the engine does not answer, or has lost the container while the container ran.

        """
        if self._ended is None and self._is_over:
            self._ended = self._last_state()
        return None if self._ended is None else self._ended.exit_status

    def _last_state(self) -> Report:
        """Ask the engine how the container ended, since its first process ended without a report."""
        from docker.errors import NotFound  # noqa: PLC0415 - see `harness.containers.engine.connect`

        with self._engine.telling("keep a container until its end"):
            try:
                state = self._engine.api.inspect_container(self._id)["State"]
            except NotFound:
                return Report(exit_status=-9)
        if state["Running"]:
            raise EngineError("the container engine let go of a container that runs; the same call tries it again")
        return Report(exit_status=status_of(state), out_of_memory=bool(state["OOMKilled"]))

    @property
    def out_of_memory(self) -> bool:
        """Whether the container's memory limit ended one of its processes; known once the program has ended."""
        return self._ended is not None and self._ended.out_of_memory

    def take(self) -> None:
        """Do nothing: output on its way from the engine cannot be taken here, so the first process marks the stop."""

    def signal(self, number: int) -> None:
        """Send the program a signal; the first process gets the real-time signal of that number and passes it on."""
        self._signal(str(_FIRST_REAL_TIME + number))

    def stop(self, grace_s: float) -> str:
        """Ask the program to end, and kill it after ``grace_s`` seconds; return what ended it.

        That is ``itself``, ``SIGTERM`` or ``SIGKILL``.
        """
        if self.exit_status is not None:
            return "itself"
        self._asked = True
        self._signal("SIGTERM")
        if self._has_ended(grace_s):
            return "SIGTERM"
        self._signal("SIGUSR1")  # on this the first process kills the server and lives to report how it ended
        if not self._has_ended(_END_S):
            self._signal("SIGKILL")
            self._has_ended(_END_S)
        return "SIGKILL"

    def _has_ended(self, patience_s: float) -> bool:
        with self._told:
            self._told.wait_for(lambda: self._ended or self._is_over, timeout=patience_s)
        return self.exit_status is not None

    def _signal(self, name: str) -> None:
        from docker.errors import APIError  # noqa: PLC0415 - see `harness.containers.engine.connect`

        with self._engine.telling("end a container"), contextlib.suppress(APIError):  # the container has just ended
            self._engine.api.kill(self._id, signal=name)

    def end(self) -> int:
        """Remove the container with all its processes; return the number of processes that outlived the program."""
        survivors = self._ended.survivors if self._ended else 0
        self._engine.remove(self._id)
        return survivors

    def close(self) -> None:
        """Remove the container if it is still there, and close the connection."""
        self._engine.remove(self._id)
        self._reader.join(timeout=_END_S)


@functools.cache
def _init() -> str:
    return Path(__file__).with_name("init.py").read_text(encoding="utf-8")


def _settings(folder: Path, port: int) -> dict[str, object]:
    """Return the settings that confine a server's container.

    Packets live for one hop: they reach this machine and nothing beyond, whatever the engine forwards.
    """
    from docker.types import Mount  # noqa: PLC0415 - see `harness.containers.engine.connect`

    own = f"{os.getuid()}:{os.getgid()}"
    return {
        "user": _NOBODY if os.getuid() == 0 else own,
        "ports": [PUBLISHED],
        "port_bindings": {PUBLISHED: ("127.0.0.1", port)},
        "mounts": [Mount(target=str(folder), source=str(folder), type="bind", read_only=True)],
        "read_only": True,
        "tmpfs": _TMPFS,
        "cap_drop": ["ALL"],
        "sysctls": {"net.ipv4.ip_default_ttl": "1"},
    }
