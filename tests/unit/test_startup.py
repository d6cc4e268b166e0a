"""What a call loads: no more than it uses. How long that takes is measured by `benchmarks.startup`, not here."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import harness
from harness.commands import ending

if TYPE_CHECKING:
    from pathlib import Path

MODEL = {"msgspec", "packaging", "harness.model", "harness.selection", "harness.report"}
"""What no call needs that only says something about the program."""
ACTING = {"httpx", "docker", "jinja2", "rich", "harness.environments.simple", "harness.environments.sources"}
ACTING |= {"h11", "h2", "hpack", "hyperframe", "trustme", "wsproto"}
"""What asks an index or an engine, reads what servers send, or prints tables and pages."""
FAILING = {"harness.commands.failure"}
STANDARD = {"asyncio", "ssl", "http.client", "html.parser", "xml", "multiprocessing", "sqlite3", "unittest"}
_LOADED = """
import sys
from harness.__main__ import main
status = main()
print("\\n".join(sys.modules), file=sys.stderr)
sys.exit(status)
"""


def python(script: str, *arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Execute a script on an interpreter of its own."""
    return subprocess.run(  # noqa: S603 - the program that is tested
        [sys.executable, "-c", script, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("call", "unused"),
    [
        (("--version",), MODEL | ACTING | FAILING | STANDARD),
        (("--help",), {"docker", "jinja2"} | FAILING),
        (("list",), ACTING | FAILING | STANDARD),
        (("list", "--help"), ACTING | FAILING | STANDARD),
    ],
    ids=["--version", "--help", "list", "list --help"],
)
def test_a_call_loads_what_it_uses(call: tuple[str, ...], unused: set[str], tmp_path: Path) -> None:
    """Neither what another command needs, nor what fetches, runs or draws where nothing is fetched, run or drawn."""
    done = python(_LOADED, *call, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    loaded = set(done.stderr.splitlines())
    assert {"click", "harness.commands.ending"} <= loaded
    assert sorted(loaded & unused) == []


def test_every_name_for_scenarios_can_be_had() -> None:
    """By import, by attribute and by `dir`, the same one each time; another name is refused as in every module."""
    for name in harness.__all__:
        assert getattr(harness, name) is getattr(harness, name)
        assert getattr(harness, name).__name__ == name
    assert set(harness.__all__) == set(harness._MODULES)
    assert set(harness.__all__) <= set(dir(harness))
    with pytest.raises(AttributeError, match="module 'harness' has no attribute 'Scenari'"):
        _ = harness.Scenari  # type: ignore[attr-defined]
    with pytest.raises(ImportError, match="Scenari"):
        exec("from harness import Scenari")  # noqa: S102 - as a scenario's module would


def test_what_prints_is_known_by_its_names() -> None:
    """By these alone a reader that has gone is told from other broken files."""
    for module, name in ending._PRINTERS:
        found: object = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        assert found.__code__.co_qualname == name  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of open files to be lowered")
def test_a_failure_is_told_where_no_file_can_be_opened(tmp_path: Path) -> None:
    """Not even that of a module: in one line, with status 4, and without a traceback."""
    script = """
import resource, sys
from harness.commands import ending

def call():
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    raise RuntimeError("nobody foresaw this")

sys.exit(ending.ended(call, named="harness"))
"""
    done = python(script, cwd=tmp_path, XDG_STATE_HOME=str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (4, 1), done.stderr
    assert "the program itself failed: RuntimeError: nobody foresaw this" in done.stderr
    assert "no file with more of it can be written (exit status 4)" in done.stderr
