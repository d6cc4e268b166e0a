"""One trial: a scenario's ``observe`` carried out against one environment, and the evidence of it.

Whatever happens in between, a trial ends with evidence, with all of its processes ended and its folder removed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import math
import shutil
import threading
from typing import TYPE_CHECKING

from packaging.version import Version

from harness.client.clock import TrialClock, TrialOverError
from harness.errors import EngineError, HarnessError, mistake
from harness.execution.server import NotReadyError, Server
from harness.model.evidence import Evidence, writable
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from harness.catalog.loading import LoadedScenario
    from harness.environments.backend import Environment
    from harness.execution.ports import Ports
    from harness.model.cell import Cell
    from harness.model.evidence import Exchange, ServerRecord

GRACE_S = 5.0  # after its deadline, until an observation that does not come back is left behind
KEPT_OF_TRIAL = 5000  # exchanges
KEPT_OF_FACT = 64 * 1024  # characters of a text
READY_S = 30.0  # a healthy server of these answers within 3 s on an idle core, ten times that is for busy ones


class Trial:
    """What a scenario's ``observe`` is handed: facts about the cell, and the means to act that record all.

    Attributes:
        variant: the name of the variant on trial.
        version: the release on trial.
        python: the Python on trial, such as ``(3, 8)``.
        platform: the platform, such as ``linux``.
        folder: the working folder, where the scenario's applications lie.

    """

    def __init__(
        self,
        cell: Cell,
        environment: Environment,
        *,
        folder: Path,
        ports: Ports,
        mark: str,
        deadline_s: float = math.inf,
    ) -> None:
        """Begin the trial's clock."""
        self.variant = cell.variant
        self.version = Version(cell.release.version)
        self.python = tuple(int(part) for part in cell.python.split("."))
        self.platform = cell.platform
        self.folder = folder
        self._environment = environment
        self._ports = ports
        self._mark = mark
        self._time = TrialClock(deadline_s)
        self._guard = threading.RLock()
        self._running: list[Server] = []
        self._servers: list[ServerRecord] = []
        self._exchanges: list[Exchange] = []
        self._dropped = 0
        self._facts: dict[str, str | int | float | bool] = {}

    def clock(self) -> float:
        """Return the seconds since the trial began."""
        return self._time.now()

    @contextlib.contextmanager
    def server(
        self,
        name: str,
        program: str,
        *arguments: str,
        ready_path: str = "/",
        ready_s: float = READY_S,
        console: bool = False,
    ) -> Iterator[Server]:
        """Start a server, wait until it answers, and stop it when the context is left.

        Args:
            name: what the evidence calls it.
            program: a console script of the environment (``uvicorn``), or ``python``.
            arguments: as its user would write them; ``{port}`` stands for the port.
            ready_path: what is asked for until an answer comes.
            ready_s: for how many seconds it is asked.
            console: give it a terminal of its own to read from; its output is captured all the same.

        Raises:
            NotReadyError: it never answered; where nobody catches that, the observation is over and counts as seen.
            TrialOverError: the trial's time is over.

        """
        server = self._start(name, program, arguments, console=console)
        try:
            server.wait_until_ready(ready_path, ready_s)
            yield server
        finally:
            self._stop(server)

    def _start(self, name: str, program: str, arguments: Sequence[str], *, console: bool) -> Server:
        self._time.check()
        lease = self._ports.lease()
        try:
            started = self._environment.start(
                program,
                [part.replace("{port}", str(lease.port)) for part in arguments],
                folder=self.folder,
                server=name,
                port=lease.port,
                mark=f"{self._mark}/{lease.port}",
                console=console,
            )
        except OSError as error:
            lease.release()
            message = f"'{program}' cannot be started in this environment: {error.strerror}"
            raise HarnessError(message) from None
        except BaseException:
            lease.release()
            raise
        server = Server(writable(name), started, lease, clock=self._time, record=self._keep)
        with self._guard:
            self._running.append(server)
        if self._time.is_over:  # it was over while the server was being started: nobody else will stop it
            self._stop(server)
            self._time.check()
        return server

    def _stop(self, server: Server) -> None:
        record = server.stop()
        with self._guard:
            if server in self._running:
                self._running.remove(server)
                self._servers.append(record)

    def _keep(self, exchange: Exchange) -> None:
        """Take an exchange as evidence, of a load only so many."""
        with self._guard:
            if len(self._exchanges) < KEPT_OF_TRIAL:
                self._exchanges.append(exchange)
            else:
                self._dropped += 1

    def last(self, name: str) -> Exchange | None:
        """Return the last exchange of this name so far."""
        with self._guard:
            return next((one for one in reversed(self._exchanges) if one.name == name), None)

    def record(self, name: str, value: str | float | bool) -> None:  # noqa: FBT001 - a value, not a switch
        """Keep a fact that the scenario measured itself; of a text so many characters.

        Raises:
            TypeError: it is neither a text nor a number.

        """
        self._time.check()
        with self._guard:
            self._facts[writable(name)] = _fact(value)

    def sleep(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            TrialOverError: the trial's time is over.

        """
        self._time.sleep(seconds)

    def expire(self) -> None:
        """End the trial's time and all of its servers, from another thread; what waits for them comes back."""
        self._time.expire()
        with self._guard:
            running = tuple(self._running)
        for server in running:
            server.kill()

    def seen(self) -> Seen:
        """Stop what still runs, and return what was seen; what is seen later is not."""
        self._time.expire()
        with self._guard:
            running = tuple(self._running)
        for server in running:
            self._stop(server)
        with self._guard:
            return Seen(
                servers=tuple(self._servers),
                exchanges=tuple(self._exchanges),
                facts=dict(self._facts),
                dropped=self._dropped,
            )


def _fact(value: object) -> str | int | float | bool:
    """Return a fact as it can be kept: finite, and not too long."""
    if isinstance(value, str):
        left_out = len(value) - KEPT_OF_FACT
        return writable(value[:KEPT_OF_FACT]) + (f"… {left_out} characters left out" if left_out > 0 else "")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bool | int | float):
        return value
    message = f"a fact is a text or a number, not {type(value).__name__}"
    raise TypeError(message)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """What a trial has seen: see `harness.model.evidence.Evidence`."""

    servers: tuple[ServerRecord, ...]
    exchanges: tuple[Exchange, ...]
    facts: dict[str, str | int | float | bool]
    dropped: int


class _Observer:
    """A scenario's ``observe`` in a thread of its own, which may be left behind where it does not come back."""

    def __init__(self, observe: Callable[[Trial], None], trial: Trial) -> None:
        """Begin."""
        self.raised: BaseException | None = None
        self._thread = threading.Thread(target=self._observe, args=(observe, trial), name="observe", daemon=True)
        self._thread.start()

    def _observe(self, observe: Callable[[Trial], None], trial: Trial) -> None:
        try:
            observe(trial)
        except BaseException as error:  # noqa: BLE001 - whatever it raises ends this trial and nothing else
            self.raised = error

    def is_back(self, patience_s: float) -> bool:
        """Wait for its end, at most so many seconds; return whether it has come."""
        self._thread.join(patience_s)
        return not self._thread.is_alive()


def run_trial(
    loaded: LoadedScenario, cell: Cell, environment: Environment, *, number: int, folder: Path, ports: Ports, mark: str
) -> Evidence:
    """Carry out one trial in a new folder and return its evidence; nothing of it outlives the call."""
    scenario = loaded.scenario
    began = dt.datetime.now(dt.UTC)
    mark = f"{mark}/{cell.id}/{number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for application in loaded.applications:
        application.copy_into(folder)
    trial = Trial(cell, environment, folder=folder, ports=ports, mark=mark, deadline_s=scenario.deadline_s)
    try:
        observer = _Observer(scenario.observe, trial)
        is_back = observer.is_back(scenario.deadline_s)
        is_over = not is_back
        if not is_back:
            trial.expire()
            is_back = observer.is_back(GRACE_S)
        took_s = trial.clock()
        seen = trial.seen()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    error, verdict = _what_went_wrong(observer.raised)
    if is_over or isinstance(observer.raised, TrialOverError):
        left = "" if is_back else f"; its observe did not come back in {GRACE_S:.0f} s more and was left behind"
        error = f"the trial did not end within its {scenario.deadline_s:.0f} s{left}"
        verdict = Verdict.INCONCLUSIVE
    return Evidence(
        **cell.fields,
        cell=cell.id,
        trial=number,
        began_at=began.isoformat(timespec="milliseconds"),
        duration_s=round(took_s, 3),
        servers=seen.servers,
        exchanges=seen.exchanges,
        facts=seen.facts,
        error=error,
        error_verdict=verdict,
        silent=str(observer.raised) if isinstance(observer.raised, NotReadyError) else None,
        dropped=seen.dropped,
    )


def _what_went_wrong(raised: BaseException | None) -> tuple[str | None, Verdict | None]:
    """Return what an observation that raised shows, and the verdict that it makes; None where the records say it.

    Raises:
        EngineError: nothing of the trial counts, not even that it failed.

    """
    if raised is None or isinstance(raised, NotReadyError):
        return None, None
    if isinstance(raised, EngineError):
        raise raised
    if isinstance(raised, HarnessError):
        return str(raised), Verdict.ENVIRONMENT_FAILED
    return f"the scenario's observe failed: {mistake(raised)}", Verdict.ENVIRONMENT_FAILED
