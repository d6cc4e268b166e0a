"""Cells as pytest tests: ``pytest scenarios/ --harness-matrix matrices/seeds.toml``.

A scenario module is collected as a file of tests, one for each selected cell. A test passes where the verdict is
the expected one; with ``--harness-absent`` only where the failure is absent, whatever is expected. A cell that
cannot exist is skipped with its reason; one that could not be judged fails with its reason.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import EmptySelectionError, HarnessError
from harness.execution import catalog
from harness.model.judge import judge
from harness.model.verdict import Verdict
from harness.plan import RESULTS, Options, Plan, split
from harness.report import evidence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    from harness.execution.laboratory import Laboratory
    from harness.model.cell import Cell
    from harness.model.result import CellResult

_LABORATORIES = pytest.StashKey[contextlib.ExitStack]()


class VerdictError(Exception):
    """The verdict of a cell is not the one its test demands; the message is what a person reads."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the selection of the command line, under the same names."""
    group = parser.getgroup("harness", "known failures of servers (harness)")
    group.addoption("--harness-matrix", type=Path, metavar="FILE", help="matrix of cells (default: seeds.toml)")
    group.addoption("--server", action="append", default=[], metavar="SPEC", help="releases instead of the matrix's")
    group.addoption("--python", action="append", default=[], metavar="LIST", help="Pythons instead: 3.8,3.12")
    group.addoption("--platform", action="append", default=[], metavar="LIST", help="platforms instead: linux")
    group.addoption("--cell", action="append", default=[], metavar="GLOB", help="only cells whose id matches")
    group.addoption("--harness-results", type=Path, default=RESULTS, metavar="DIR", help="results folder")
    group.addoption("--harness-trials", type=int, default=1, metavar="N", help="trials of each cell")
    group.addoption("--harness-rerun", action="store_true", help="ignore stored results")
    group.addoption("--harness-absent", action="store_true", help="pass only where the failure is absent")


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the place where laboratories are kept until the session ends."""
    config.stash[_LABORATORIES] = contextlib.ExitStack()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the laboratories, and with them all that they started."""
    config.stash[_LABORATORIES].close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect scenario modules; leave alone test modules, and what does not even speak of the harness."""
    if any(file_path.match(pattern) for pattern in parent.config.getini("python_files")):
        return None
    if catalog.is_scenario(file_path) and b"harness" in file_path.read_bytes():
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    """A scenario module, whose tests are cells."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each selected cell of the scenario."""
        try:
            loaded = catalog.load_file(self.path)
            own = self.path.parent.resolve() == catalog.bundled("scenarios").resolve()
            plan = Plan(_options(self.config, loaded.scenario.id, () if own else (self.path,)))
            laboratory: list[Laboratory] = []
            for cell in plan.cells:
                yield CellItem.from_parent(self, name=cell.id, cell=cell, plan=plan, laboratory=laboratory)
        except EmptySelectionError as error:
            if not self.config.getoption("--cell"):  # a glob may pass over a whole file, as -k may
                raise self.CollectError(str(error)) from None
        except HarnessError as error:
            raise self.CollectError(str(error)) from None


class CellItem(pytest.Item):
    """One cell; ``laboratory`` is shared by the cells of a file and filled by the first that runs."""

    def __init__(self, *, cell: Cell, plan: Plan, laboratory: list[Laboratory], **rest: object) -> None:
        """Take the cell and what it is executed with."""
        super().__init__(**rest)  # type: ignore[arg-type]
        self.cell = cell
        self.plan = plan
        self._laboratory = laboratory

    def runtest(self) -> None:
        """Execute the cell and demand its verdict."""
        if not self._laboratory:
            entered = self.config.stash[_LABORATORIES].enter_context(self.plan.laboratory())
            self._laboratory.append(entered)
        trials = self.plan.trials_of(self.cell.scenario, self.plan.options.trials)
        result = self._laboratory[0].result(self.cell, trials)
        if result.verdict is Verdict.UNSUPPORTED:
            pytest.skip(f"unsupported: {result.reason}")
        if message := _complaint(result, demand_absent=bool(self.config.getoption("--harness-absent"))):
            raise VerdictError(f"{message}\n\n{self._evidence(result)}")

    def _evidence(self, result: CellResult) -> str:
        scenario = self.plan.scenarios[result.scenario].scenario
        trials = [(trial, judge(scenario, trial)) for trial in self.plan.journal.evidence_of(result)]
        return evidence.render(result, trials, folder=self.plan.options.results)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: None = None) -> str:  # type: ignore[override]
        """Show verdict and evidence instead of a traceback of the harness."""
        if isinstance(excinfo.value, VerdictError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        """Name the cell."""
        return self.path, None, self.name


def _complaint(result: CellResult, *, demand_absent: bool) -> str | None:
    """Say what is wrong with a verdict; None where nothing is."""
    if not result.verdict.is_judged:
        return f"{result.id} could not be judged: {result.verdict}: {result.reason}"
    if demand_absent and result.verdict is not Verdict.ABSENT:
        return f"{result.id} has the failure: {result.signature}"
    if not demand_absent and result.contradicts:
        return f"{result.id}: expected {result.expected}, measured {result.verdict}"
    return None


def _options(config: pytest.Config, name: str, folders: tuple[Path, ...]) -> Options:
    return Options(
        names=(name,),
        matrix=config.getoption("--harness-matrix"),
        servers=tuple(config.getoption("--server")),
        pythons=split(config.getoption("--python")),
        platforms=split(config.getoption("--platform")),
        cells=tuple(config.getoption("--cell")),
        scenarios=folders,
        results=config.getoption("--harness-results"),
        trials=config.getoption("--harness-trials"),
        rerun=config.getoption("--harness-rerun"),
    )
