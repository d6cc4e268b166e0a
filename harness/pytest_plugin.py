"""Cells as pytest tests: ``pytest scenarios/ --harness-matrix matrices/seeds.toml``.

A scenario module, which is ``scenario.py`` in a scenario's folder or a flat module, is collected as a file of tests,
one for each selected cell. A collected cell is executed once in a session, any other cell never. A test passes where
the verdict is the expected one; with ``--harness-absent``, and for a working tree, only where the failure is absent. A
cell that cannot exist is skipped with its reason. A cell that could not be judged fails with its reason, unless that
was expected. `harness.pytest_options` has the options, and says when this module is loaded at all.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.catalog import finding, loading
from harness.catalog.folders import whole
from harness.commands.executing import executor
from harness.errors import EmptySelectionError, HarnessError
from harness.model.verdict import Verdict
from harness.report import evidence
from harness.selection.options import RESULTS, Options, split
from harness.selection.plan import Plan
from harness.selection.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    from harness.catalog.loading import Catalog
    from harness.execution.executors.executor import Executor
    from harness.model.cell import Cell
    from harness.model.result import CellResult

_EXECUTORS = pytest.StashKey[contextlib.ExitStack]()
_CATALOGS = pytest.StashKey[dict[Path, "Catalog"]]()  # by the place that was searched, once in a session


class VerdictError(Exception):
    """The verdict of a cell is not the one that its test demands; the message is what a person reads."""


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the places where executors and scenarios are kept until the session ends."""
    config.stash[_EXECUTORS] = contextlib.ExitStack()
    config.stash[_CATALOGS] = {}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the executors, and with them all that they started."""
    config.stash[_EXECUTORS].close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect scenario modules; leave alone test modules, and files that do not even name the harness."""
    if any(file_path.match(pattern) for pattern in parent.config.getini("python_files")):
        return None
    if finding.nearly(file_path) or (finding.is_scenario(file_path) and b"harness" in file_path.read_bytes()):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    """A scenario module, whose tests are cells."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each selected cell of the scenario."""
        try:
            catalog, path = self._catalog(), whole(self.path)
            name = next(name for name, module in catalog.modules.items() if module == path)
            plan = Plan(_options(self.config, name), catalog)
            shared = Shared(plan)
            for cell in plan.cells:
                yield CellItem.from_parent(self, name=cell.id, cell=cell, plan=plan, shared=shared)
        except EmptySelectionError as error:
            # a glob may leave out a whole file, as -k may, and so may a server of another subject
            if not (self.config.getoption("--harness-cell") or self.config.getoption("--harness-server")):
                raise self.CollectError(str(error)) from None
        except HarnessError as error:
            raise self.CollectError(str(error)) from None

    def _catalog(self) -> Catalog:
        """Return the project's own scenarios, found when the first file is collected, and this file's.

        Raises:
            ScenarioError: the file is no scenario, or has the id of one of the project's own.

        """
        kept, project, path = self.config.stash[_CATALOGS], loading.bundled("scenarios"), whole(self.path)
        if project not in kept:
            kept[project] = loading.load([project])
        if path in kept[project].modules.values():
            return kept[project]
        if path not in kept:
            kept[path] = kept[project].joined(loading.load([path]))
        return kept[path]


class Shared:
    """What the cells of a file share: their results, and an executor, which the first cell that runs enters."""

    def __init__(self, plan: Plan) -> None:
        """Read the stored results."""
        self.stored = Stored(plan)
        self._plan = plan
        self._executor: Executor | None = None

    def result(self, cell: Cell, config: pytest.Config) -> CellResult:
        """Execute a cell and return its result."""
        if self._executor is None:
            self._executor = config.stash[_EXECUTORS].enter_context(executor(self._plan, self.stored))
        found: list[CellResult] = []
        self._executor.execute([self._plan.task(cell)], on_result=found.append)
        return self._plan.expecting(found[0])


class CellItem(pytest.Item):
    """One cell."""

    def __init__(self, *, cell: Cell, plan: Plan, shared: Shared, **rest: object) -> None:
        """Take the cell and what it is executed with."""
        super().__init__(**rest)  # type: ignore[arg-type]
        self.cell = cell
        self.plan = plan
        self.shared = shared

    def runtest(self) -> None:
        """Execute the cell and demand its verdict."""
        result = self.shared.result(self.cell, self.config)
        if result.verdict is Verdict.UNSUPPORTED:
            pytest.skip(f"unsupported: {result.reason}")
        if message := _complaint(result):
            raise VerdictError(f"{message}\n\n{self._evidence(result)}")

    def _evidence(self, result: CellResult) -> str:
        return evidence.render(result, self.shared.stored.trials_of(result), folder=self.plan.options.results)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: None = None) -> str:  # type: ignore[override]
        """Show verdict and evidence instead of a traceback of the harness."""
        if isinstance(excinfo.value, VerdictError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        """Name the cell."""
        return self.path, None, self.name


def _complaint(result: CellResult) -> str | None:
    """Say what is wrong with a verdict; None where nothing is."""
    if result.verdict == result.expected:
        return None
    if not result.verdict.is_judged:
        return f"{result.id} could not be judged: {result.verdict}: {result.reason}"
    if not result.contradicts:
        return None
    seen = f": {result.signature}" if result.signature else ""
    return f"{result.id}: expected {result.expected}, measured {result.verdict}{seen}"


def _options(config: pytest.Config, name: str) -> Options:
    return Options(
        names=(name,),
        matrix=config.getoption("--harness-matrix"),
        servers=tuple(config.getoption("--harness-server") or ()),
        pythons=split(config.getoption("--harness-python") or ()),
        platforms=split(config.getoption("--harness-platform") or ()),
        moments=split(config.getoption("--harness-as-of") or ()),
        cells=tuple(config.getoption("--harness-cell") or ()),
        results=config.getoption("--harness-results") or RESULTS,
        trials=config.getoption("--harness-trials") or 1,
        rerun=config.getoption("--harness-rerun"),
        absent=config.getoption("--harness-absent"),
    )
