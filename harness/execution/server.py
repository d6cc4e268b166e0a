"""A server under test, as a scenario uses it: asked until it answers, and stopped with all that it started.

Each request, each crafted byte and each signal of the scenario becomes a part of the evidence.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from harness.client.client import Client
from harness.client.recorder import ExchangeRecorder
from harness.errors import HarnessError
from harness.model.addresses import Address, Log
from harness.model.evidence import ServerRecord, writable
from harness.model.observations import KEPT_OF_LOOK, Exit, Look, SignalToChild
from harness.processes.launch import with_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.client.certificate import Certificate
    from harness.client.clock import TrialClock
    from harness.execution.seen import Observation
    from harness.model.addresses import SocketAddress
    from harness.model.evidence import Awaited
    from harness.model.observations import Process
    from harness.model.platforms import Platform
    from harness.processes.launch import Launch
    from harness.processes.started import Started

Ready = str | Address | Log | None
GRACE_S = 3.0  # between asking a server to stop and killing it
_KEPT_OF_SIGNALS = 1000  # of each kind
_POLL_S = 0.02
_LOOK_S = 0.2  # between two checks whether a silent server still runs


class NotReadyError(HarnessError):
    """The server of this name was never ready. Its record says why, and the judge says what that means."""


class Server(Client):
    """One running server, as a scenario's ``observe`` sees it. All that it is sent and answers is kept as evidence.

    Every method raises `harness.client.clock.TrialOverError` once the trial's time is over.

    Attributes:
        name: the server's name in the evidence.
        port: the TCP port that was leased for the server.

    """

    def __init__(
        self,
        name: str,
        process: Started,
        launch: Launch,
        *,
        platform: Platform,
        clock: TrialClock,
        keep: Callable[[Observation], None],
        tls: Certificate | None = None,
    ) -> None:
        """Wrap a started process; ``keep`` takes each exchange, exit and look when it is over."""
        may_reset = "reset" not in platform.lacks
        super().__init__(
            name,
            launch.port,
            reach=self._reached,
            clock=clock,
            record=keep,
            at=launch.at,
            tls=tls,
            may_reset=may_reset,
        )
        self._process = process
        self._launch = launch
        self._platform = platform
        self._keep = keep
        self._started_s = clock.now()
        self._awaited: Awaited | None = None
        self._ready_s: float | None = None
        self._signals: list[int] = []
        self._signals_to_children: list[SignalToChild] = []
        self._was_killed = False
        self._stopping = threading.Lock()
        self._stopped: ServerRecord | None = None

    def _reached(self, address: Address) -> SocketAddress:
        """Return where a client reaches an address of the server."""
        return self._process.reach(with_port(address, self.port))

    @property
    def is_running(self) -> bool:
        """Whether the started program itself still runs."""
        return self._process.exit_status is None

    @property
    def log(self) -> str:
        """What the server has printed by now, up to the request to stop."""
        self._clock.check()
        self._process.take()
        return self._process.capture.before

    def lines_with(self, *needles: str) -> int:
        """Return how many lines of the log so far hold all the needles."""
        return sum(all(needle in line for needle in needles) for line in self.log.splitlines())

    def wait_until_ready(self, ready: Ready, deadline_s: float) -> None:
        """Wait until the server is ready, for at most ``deadline_s`` seconds in all, see `Trial.server`.

        Raises:
            NotReadyError: the program ended, or was not ready in time.

        """
        if ready is None:
            return
        if isinstance(ready, Log):
            self._awaited = "log"
            is_ready = self.wait_for_log(ready.text, deadline_s=deadline_s)
        else:
            self._awaited = "answer" if isinstance(ready, str) else "connection"
            is_ready = self._wait_for(ready, deadline_s)
        if not is_ready:
            raise NotReadyError(self.name)
        self._ready_s = self._clock.now()

    def _wait_for(self, ready: str | Address, deadline_s: float) -> bool:
        """Ask for a path, or knock at an address, until the server answers; return whether the server did."""
        end = time.monotonic() + deadline_s
        while self.is_running and (left := end - time.monotonic()) > 0:
            if (
                self._answers(ready, left)
                if isinstance(ready, str)
                else self._process.accepts(with_port(ready, self.port))
            ):
                return True
            self._clock.sleep(_POLL_S)
        return False

    def _answers(self, path: str, deadline_s: float) -> bool:
        """Whether a request of the path is answered; only then is the request kept, as ``ready``."""
        recorder = ExchangeRecorder("ready", server=self.name, clock=self._clock)
        answer = self._ask(recorder, "GET", path, deadline_s=deadline_s)
        if answer is not None:
            self._keep(recorder.exchange())
        return answer is not None

    @contextlib.contextmanager
    def asking(self, name: str, path: str, *, pause_s: float = 0.02, deadline_s: float = 10.0) -> Iterator[None]:
        """Ask for a path again and again on one connection while the context lasts; see `request` for the arguments.

        Each connection is an exchange ``name``; a new one is made where the server has ended the last one. The next
        request follows ``pause_s`` seconds after an answer.
        """
        over = threading.Event()
        asker = threading.Thread(target=self._ask_until, args=(over, name, path, pause_s, deadline_s), daemon=True)
        asker.start()
        try:
            yield
        finally:
            over.set()
            asker.join()

    def _ask_until(self, over: threading.Event, name: str, path: str, pause_s: float, deadline_s: float) -> None:
        while not over.is_set() and self.is_running:
            with self.connect(name) as connection:
                while connection.is_open and not over.is_set():
                    connection.request("GET", path, deadline_s=deadline_s)
                    over.wait(pause_s)
            over.wait(pause_s)

    def wait_for_log(self, *needles: str, deadline_s: float) -> bool:
        """Wait until one line of the log holds all the needles; return whether one does.

        The wait ends after ``deadline_s`` seconds, or earlier where the server ends.
        """
        end, taken = time.monotonic() + deadline_s, 0
        while True:
            running = self.is_running  # asked first: the log below then has all of an ended server
            seen = self.lines_with(*needles) > 0
            left = end - time.monotonic()
            if seen or left <= 0 or not running:
                return seen
            taken = self._process.capture.wait(taken, self._clock.bounded(min(_LOOK_S, left)))

    def wait_for_end(self, deadline_s: float) -> int | None:
        """Wait at most ``deadline_s`` seconds for the program's end; return its exit status, None while it runs."""
        status = self._process.wait(self._clock.bounded(deadline_s))
        self._clock.check()
        return status

    def exit(self, name: str, deadline_s: float) -> int | None:
        """Wait for the program's end, which becomes the observation ``name``.

        Returns:
            The exit status, negative for the signal that ended the program; None where the program still runs after
            ``deadline_s`` seconds.

        """
        began = self._clock.now()
        status = self.wait_for_end(deadline_s)
        ended = self._clock.now()
        self._keep(
            Exit(
                name=writable(name),
                server=self.name,
                at_s=round(ended, 4),
                waited_s=round(ended - began, 4),
                status=status,
            )
        )
        return status

    def signal(self, number: int, to: Process | None = None) -> bool:
        """Send the program a signal, or one of its processes, and record that the scenario sent the signal.

        Args:
            number: the number of the signal.
            to: a process of `children` or `look`; None: the program itself.

        Returns:
            Whether the signal was sent; a program or a process that has ended is sent none.

        Raises:
            HarnessError: the process is not the server's own, or the platform has no such signal.

        """
        self._clock.check()
        is_program = to is None or to.pid == self._process.pid
        known = self._platform.signals if is_program else self._platform.signals_to_children
        if known is not None and number not in known:
            whom = "a program" if is_program else "a process below the program"
            raise HarnessError(f"{self._platform.name} has no signal {int(number)} for {whom}")
        if len(self._signals) + len(self._signals_to_children) >= _KEPT_OF_SIGNALS:
            raise HarnessError(f"a scenario sends a server at most {_KEPT_OF_SIGNALS} signals")
        if to is None:
            is_sent = self.is_running
            self._signals += [int(number)] if is_sent else []  # first: the program may end before the next line
            self._process.signal(number)
            return is_sent
        at_s = round(self._clock.now(), 4)
        is_sent = self._process.signal_process(to, number)
        if is_sent and is_program:
            self._signals.append(int(number))
        elif is_sent:
            self._signals_to_children.append(SignalToChild(at_s=at_s, number=int(number), pid=to.pid))
        return is_sent

    def children(self, *words: str) -> tuple[Process, ...]:
        """Return the processes below the program now whose command line holds all the words."""
        self._clock.check()
        below = (one for one in self._process.processes() if one.pid != self._process.pid)
        return tuple(one for one in below if all(word in one.command for word in words))

    def look(self, name: str) -> Look:
        """Look at all processes of the server, which becomes the observation ``name``.

        Raises:
            HarnessError: the platform cannot count what they use.

        """
        self._check("look")
        at_s = round(self._clock.now(), 4)
        found = self._process.processes()
        kept, beyond = found[:KEPT_OF_LOOK], max(0, len(found) - KEPT_OF_LOOK)
        look = Look(name=writable(name), server=self.name, at_s=at_s, processes=kept, beyond=beyond)
        self._keep(look)
        return look

    def listening(self) -> tuple[int, ...]:
        """Return the TCP ports on which the server's processes listen now, in order.

        Raises:
            HarnessError: the platform does not know.

        """
        self._check("listening")
        return self._process.listening()

    def socket_exists(self) -> bool:
        """Whether the file of the server's Unix socket is there now; of a program that has ended, whether it was left.

        The socket is the one that ``{socket}`` stands for, see `harness.execution.trial.Trial.server`.
        """
        self._clock.check()
        return self._process.socket_exists(self._launch.socket)

    def _check(self, verb: str) -> None:
        self._clock.check()
        if verb in self._platform.lacks:
            raise HarnessError(f"{self._platform.name} has no {verb}() for a server")

    def stop(self, *, is_killed: bool = False) -> ServerRecord:
        """Ask the server to stop, end all that is left of it, and return its record, the same one on every call.

        Args:
            is_killed: leave the server no time to stop.

        """
        with self._stopping:
            if self._stopped is None:
                self._stopped = self._stop(0.0 if is_killed else GRACE_S)
            return self._stopped

    def _stop(self, grace_s: float) -> ServerRecord:
        try:
            stopped_by = self._process.stop(grace_s)
            survivors = self._process.end()
        finally:
            self._process.close()
        capture = self._process.capture
        return ServerRecord(
            name=self.name,
            argv=self._process.argv,
            port=self.port,
            started_s=round(self._started_s, 4),
            ready_s=None if self._ready_s is None else round(self._ready_s, 4),
            ended_s=round(self._clock.now(), 4),
            exit_status=self._process.exit_status,
            stopped_by="SIGKILL" if self._was_killed else stopped_by,
            survivors=survivors,
            out_of_memory=self._process.out_of_memory,
            log=capture.before,
            log_stopping=capture.after,
            log_dropped=capture.dropped,
            signals=tuple(self._signals),
            signals_to_children=tuple(self._signals_to_children),
            variables=self._process.variables,
            awaited=self._awaited,
        )

    def kill(self) -> None:
        """End the server at once, because the trial's time is over; called from another thread."""
        self._was_killed = self.is_running
        self._process.end()
