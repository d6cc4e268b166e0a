"""A trial uses a server in a container like a process of this machine, see `harness.processes.started.Started`.

The server's port is published on 127.0.0.1 of this machine and nowhere else, and so are a few spare ports. `init.py`
runs as the first process of the container and connects published ports to the addresses of the container's own on
which the server listens. It answers questions about the processes below it and sends them signals, see `conversation`:
nothing here ever names a process of this machine.
"""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import uuid
from typing import TYPE_CHECKING

import msgspec

from harness.containers.confinement import PUBLISHED, SOCKETS, SPARES, address_in, first_program, settings_of
from harness.containers.conversation import Conversation, Report
from harness.containers.engine import status_of
from harness.decoding import decode
from harness.errors import EngineError, EnvironmentFailedError, HarnessError
from harness.processes import sockets
from harness.processes.capture import Capture
from harness.processes.launch import INHERITED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.containers.engine import Engine, RunLabels
    from harness.model.addresses import Address, SocketAddress, Unix
    from harness.model.observations import Process
    from harness.processes.launch import Launch

_START_S = 60.0
_END_S = 10.0


class Contained:
    """A started program in a container of its own, with its output captured."""

    def __init__(
        self,
        engine: Engine,
        run: RunLabels,
        image: str,
        launch: Launch,
        *,
        programs: Path,
        variables: Mapping[str, str],
    ) -> None:
        """Start the program, not as root; it may read the trial's folder and write to a temporary folder.

        Args:
            engine: the engine that runs the container.
            run: the run whose labels the container carries.
            image: the image that the program runs in.
            launch: the program, and the trial's folder, which has the same path in the container.
            programs: the folder of the image's programs, one of which is the interpreter that runs the first process.
            variables: the environment variables that every server has.

        Raises:
            OSError: the image has no such program.
            EnvironmentFailedError: the container has no such address as the server is to be reached at.
            EngineError: the engine does not start the container.

        """
        filled = launch.filled(socket=sockets.path_in(SOCKETS, launch.socket), descriptor=INHERITED)
        self.argv = (str(programs / filled.program), *filled.arguments)
        self.variables = filled.variables
        self.capture = Capture()
        self.pid = 0
        self._engine = engine
        self._image = image
        self._told = threading.Condition()
        self._began: Report | None = None
        self._ended: Report | None = None
        self._is_over = False  # whether the container's output has ended
        self._asked = False
        self._stop = f"\0stop {uuid.uuid4().hex}\0".encode()  # the first process prints this when it passes on a stop
        self._held = b""
        self._bridging = threading.Lock()
        self._bridges = {address_in(launch.address): launch.port}
        first = [str(programs / "python"), "-I", "-S", "-c", first_program(), self._order(launch, variables)]
        settings = settings_of(launch)
        self._id = engine.create(
            run, image, first, doing="create a container", **settings, network_mode=engine.network(run)
        )
        self._conversation = Conversation(engine, self._id, is_over=lambda: self._is_over)
        self._reader = threading.Thread(target=self._read, name=f"output of {self._id[:12]}", daemon=True)
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _order(self, launch: Launch, variables: Mapping[str, str]) -> str:
        """Return what the first process is to carry out."""
        return json.dumps(
            {
                "stop": self._stop.decode(),
                "argv": self.argv,
                "env": {**variables, **self.variables},
                "folder": str(launch.folder),
                "address": address_in(launch.address),
                "socket": sockets.path_in(SOCKETS, launch.socket),
                "published": PUBLISHED,
                "inherits": launch.inherits,
                "stdin": None if launch.stdin is None else base64.b64encode(launch.stdin).decode(),
                "console": launch.console,
            }
        )

    def _begin(self) -> None:
        with self._engine.telling("start a container"):
            self._stream = self._engine.api.attach(self._id, stream=True, demux=True)
            self._reader.start()
            self._conversation.open()
            self._engine.api.start(self._id)
        with self._told:
            self._told.wait_for(lambda: self._began or self._is_over, timeout=_START_S)
        if self._began is None:
            said = " ".join(self.capture.text.split())
            raise EngineError(f"a container starts and its first process does not run: {said or 'it says nothing'}")
        if self._began.lacks:
            raise EnvironmentFailedError(f"a container of {self._image} has {self._began.lacks}")
        if self._began.failed:
            raise OSError(self._began.failed, self._began.reason)
        self.pid = self._began.started or 0

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
        self._conversation.hear(None)

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
        if report.answer is not None:
            self._conversation.hear(report)
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

    def wait(self, deadline_s: float) -> int | None:
        """See `Started`."""
        self._has_ended(deadline_s)
        return self.exit_status

    def signal(self, number: int) -> None:
        """See `Started`; the first process passes the signal on."""
        self._conversation.ask("signal", pid=None, signal=int(number))

    def processes(self) -> tuple[Process, ...]:
        """See `Started`; the numbers of the processes are the container's own."""
        return self._conversation.ask("look").processes

    def signal_process(self, process: Process, number: int) -> bool:
        """See `Started`; the signal is sent inside of the container."""
        return self._conversation.ask("signal", pid=process.pid, began=process.began, signal=int(number)).sent

    def listening(self) -> tuple[int, ...]:
        """See `Started`."""
        return self._conversation.ask("listening").ports

    def socket_exists(self, socket: Unix) -> bool:
        """See `Started`; the last report of the first process says what was there when the program had ended.

        Raises:
            HarnessError: the container ended without that report.

        """
        path = sockets.path_in(SOCKETS, socket)
        answered = Report() if self._ended else self._conversation.ask("exists", path=path)
        exists = (self._ended or answered).exists  # the program may have ended meanwhile
        if exists is None:
            raise HarnessError("a container ended without a report: nobody knows whether the Unix socket was there")
        return exists

    def accepts(self, address: Address) -> bool:
        """See `Started`; the first process knocks, since the engine accepts every connection to a published port."""
        return self._conversation.ask("knock", address=address_in(address)).accepted

    def reach(self, address: Address) -> SocketAddress:
        """See `Started`; a spare port is connected to an address that is asked for the first time."""
        wanted = address_in(address)
        with self._bridging:
            if wanted not in self._bridges:
                self._bridges[wanted] = self._bridged(wanted)
            return sockets.LOOPBACK, self._bridges[wanted]

    def _bridged(self, wanted: SocketAddress) -> int:
        """Return the port of this machine that leads to a further address of the server."""
        spare = next(iter(SPARES[len(self._bridges) - 1 :]), None)
        if spare is None:
            raise HarnessError(f"a server in a container is reached at {len(SPARES) + 1} addresses at most")
        self._conversation.ask("bridge", address=wanted, published=spare)
        with self._engine.telling("say where a port is published"):
            found = self._engine.api.inspect_container(self._id)["NetworkSettings"]["Ports"]
            return int(found[f"{spare}/tcp"][0]["HostPort"])

    def stop(self, grace_s: float) -> str:
        """Ask the program to end, and kill it after ``grace_s`` seconds; return what ended it.

        That is ``itself``, ``SIGTERM`` or ``SIGKILL``.
        """
        if self.exit_status is not None:
            return "itself"
        if grace_s > 0:
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
        self._conversation.close()
        if self._reader.ident is not None:
            self._reader.join(timeout=_END_S)
