"""One trial: a scenario's ``observe`` carried out against one environment, and the evidence of it.

Whatever happens in between, a trial ends with evidence, with all of its processes ended and its folder removed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import threading
import time
import traceback
from typing import TYPE_CHECKING

from packaging.version import Version

from harness import process
from harness.errors import DeadlineError, EngineError, EnvironmentFailedError, HarnessError
from harness.execution.server import NotReadyError, Server
from harness.model.evidence import Evidence
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.environments import Environment
    from harness.execution.catalog import LoadedScenario
    from harness.execution.ports import Ports
    from harness.model.cell import Cell
    from harness.model.evidence import Exchange, ServerRecord

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

    def __init__(self, cell: Cell, environment: Environment, *, folder: Path, ports: Ports, mark: str) -> None:
        """Begin the trial's clock."""
        self.variant = cell.variant
        self.version = Version(cell.release.version)
        self.python = tuple(int(part) for part in cell.python.split("."))
        self.platform = cell.platform
        self.folder = folder
        self._environment = environment
        self._ports = ports
        self._mark = mark
        self._began = time.monotonic()
        self._running: list[Server] = []
        self._over = threading.Event()
        self.servers: list[ServerRecord] = []
        self.exchanges: list[Exchange] = []
        self.facts: dict[str, str | int | float | bool] = {}

    def clock(self) -> float:
        """Return the seconds since the trial began."""
        return time.monotonic() - self._began

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

        """
        lease = self._ports.lease()
        filled = [part.replace("{port}", str(lease.port)) for part in arguments]
        mark = f"{self._mark}/{lease.port}"
        try:
            started = self._environment.start(
                program, filled, folder=self.folder, server=name, port=lease.port, mark=mark, console=console
            )
        except EnvironmentFailedError:
            lease.release()
            raise
        except OSError as error:
            lease.release()
            message = f"'{program}' cannot be started in this environment: {error.strerror}"
            raise HarnessError(message) from None
        server = Server(name, started, lease, clock=self.clock, record=self.exchanges.append)
        self._running.append(server)
        try:
            server.wait_until_ready(ready_path, ready_s)
            yield server
        finally:
            self._running.remove(server)
            self.servers.append(server.stop())

    def last(self, name: str) -> Exchange | None:
        """Return the last exchange of this name so far."""
        return next((one for one in reversed(self.exchanges) if one.name == name), None)

    def record(self, name: str, value: str | float | bool) -> None:  # noqa: FBT001 - a value, not a switch
        """Keep a fact that the scenario measured itself."""
        self.facts[name] = value

    def sleep(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            DeadlineError: the trial's time is over.

        """
        if self._over.wait(seconds):
            message = "the trial's time is over"
            raise DeadlineError(message)

    def expire(self) -> None:
        """End all of the trial's servers, from another thread; what waits for them comes back."""
        self._over.set()
        for server in tuple(self._running):
            server.kill()

    @property
    def is_over(self) -> bool:
        """Whether the trial's deadline passed."""
        return self._over.is_set()


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
    trial = Trial(cell, environment, folder=folder, ports=ports, mark=mark)
    timer = threading.Timer(scenario.deadline_s, trial.expire)
    timer.start()
    error: str | None = None
    error_verdict: Verdict | None = None
    try:
        scenario.observe(trial)
    except (NotReadyError, DeadlineError):
        pass  # the records say it; a passed deadline is handled below
    except EngineError:
        raise  # nothing of this trial counts, not even that it failed
    except HarnessError as failure:
        error, error_verdict = str(failure), Verdict.ENVIRONMENT_FAILED
    except Exception:  # noqa: BLE001 - a scenario's own mistake is reported with its cell, the run goes on
        error = "the scenario's observe failed: " + traceback.format_exc(limit=-3)
        error_verdict = Verdict.ENVIRONMENT_FAILED
    finally:
        timer.cancel()
        process.end_marked(mark)
        shutil.rmtree(folder, ignore_errors=True)
    if trial.is_over:
        error = f"the trial did not end within its {scenario.deadline_s:.0f} s"
        error_verdict = Verdict.INCONCLUSIVE
    return Evidence(
        cell=cell.id,
        trial=number,
        scenario=cell.scenario,
        variant=cell.variant,
        subject=cell.subject,
        version=cell.release.version,
        python=cell.python,
        platform=cell.platform,
        began_at=began.isoformat(timespec="milliseconds"),
        duration_s=round(trial.clock(), 3),
        servers=tuple(trial.servers),
        exchanges=tuple(trial.exchanges),
        facts=trial.facts,
        error=error,
        error_verdict=error_verdict,
    )
