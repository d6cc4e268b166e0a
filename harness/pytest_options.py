"""What `pytest` loads wherever the harness is installed: its options, and nothing else until one of them is given.

All of them begin with ``--harness-``, so that the options of anybody else's suite stay theirs. A suite that gives none
is not touched: no file of it is read, nothing of the harness is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_COLLECTOR = "harness.pytest_plugin"
_GIVEN = "harness_"  # begins the names under which pytest keeps the options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the selection of the command line."""
    group = parser.getgroup("harness", "known failures of servers (harness); a scenario's cells are tests with any of")
    group.addoption("--harness-matrix", type=Path, metavar="FILE", help="matrix of cells (default: seeds.toml)")
    for name, metavar, what in (
        ("server", "SPEC", "releases instead of the matrix's"),
        ("python", "LIST", "Pythons instead: 3.8,3.12"),
        ("platform", "LIST", "platforms instead: linux"),
        ("as-of", "LIST", "resolve all packages as of release, today or a day such as 2024-05-01"),
        ("cell", "GLOB", "only cells whose id matches"),
    ):
        group.addoption(f"--harness-{name}", action="append", metavar=metavar, help=what)
    group.addoption("--harness-results", type=Path, metavar="DIR", help="results folder (default: .harness)")
    group.addoption("--harness-trials", type=int, metavar="N", help="trials of each cell (default: 1)")
    group.addoption("--harness-rerun", action="store_true", help="ignore stored results")
    group.addoption("--harness-absent", action="store_true", help="pass only where the failure is absent")


def pytest_configure(config: pytest.Config) -> None:
    """Load what collects scenario modules, where the call gives an option of the harness."""
    if any(value for name, value in vars(config.option).items() if name.startswith(_GIVEN)):
        config.pluginmanager.import_plugin(_COLLECTOR)
