"""The examples of each page do what the page shows, in the page's order: on real releases, in an empty folder."""

from __future__ import annotations

import builtins
import difflib
import importlib
import inspect
import json
import os
import pkgutil
import re
import subprocess
import symtable
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import harness
from harness import subjects

from .pages import ROOT, Block, Call, Page, pages

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = pages()
TRIED = [pytest.param(page, id=page.name) for page in PAGES if page.is_tried]
PARTS = [
    pytest.param(block, id=f"{page.name}:{block.line}")
    for page in PAGES
    for block in page.blocks
    if block.language == "python" and block.path is None
]
Make = Callable[[str, Path], "subprocess.CompletedProcess[str]"]


@pytest.mark.skipif(sys.platform != "linux", reason="the pages show what Linux shows")
@pytest.mark.parametrize("page", TRIED)
def test_page(page: Page, tmp_path: Path, make: Make) -> None:
    """Every call ends as shown, and prints what is shown; every scenario shows both of its sides."""
    (tmp_path / "reports").symlink_to(ROOT / "reports")  # as in a checkout
    for block in page.blocks:
        if block.not_run:
            continue
        if block.path:
            path = tmp_path / block.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        for call in block.calls:
            done = make(call.words, tmp_path)
            where = f"{page.name}:{block.line}: $ {call.words}"
            assert done.returncode == call.status, f"{where}\n{done.stdout}"
            compare(call, done.stdout, where)
    sides = verdicts(tmp_path, make)
    for name in scenarios(page):
        assert sides.get(name, set()) >= {"reproduced", "absent"}, f"{page.name}: {name}: {sides.get(name)}"


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return what makes a call in a folder, as the user of a shell whose environment has the program.

    The pages share a cache of their own: what ``harness cache`` says is of this session.
    """
    environment = {name: value for name, value in os.environ.items() if name != "GITHUB_STEP_SUMMARY"} | {
        "COLUMNS": "100",
        "HARNESS_CACHE": str(tmp_path_factory.mktemp("cache")),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return lambda words, folder: subprocess.run(  # noqa: S603 - what the documentation tells to do
        ["/bin/bash", "-c", words],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )


def compare(call: Call, printed: str, where: str) -> None:
    """Fail where something else was printed than is shown."""
    actual = [line.rstrip() for line in printed.splitlines()]
    if call.output is None:
        return
    shown = [line.rstrip() for line in call.output.rstrip("\n").splitlines()]
    pattern = "".join(r"(?:.*\n)*?" if line == "…" else f"{_of_line(line)}\\n" for line in shown)
    if not re.fullmatch(pattern, "".join(f"{line}\n" for line in actual)):
        difference = "\n".join(difflib.unified_diff(shown, actual, "shown", "printed", lineterm=""))
        pytest.fail(f"{where}\n{difference}", pytrace=False)


def _of_line(line: str) -> str:
    return ".*".join(map(re.escape, line.split("…")))


def scenarios(page: Page) -> Iterator[str]:
    """Yield the ids of the scenarios that a page writes."""
    for block in page.blocks:
        if block.path and re.search(r"^SCENARIO = ", block.text, re.MULTILINE):
            stated, path = re.search(r"^    id=\"([a-z0-9-]+)\"", block.text, re.MULTILINE), Path(block.path)
            yield stated[1] if stated else path.parent.name


def verdicts(folder: Path, make: Make) -> dict[str, set[str]]:
    """Return the verdicts of all cells that the calls of a page have made, by scenario."""
    found: dict[str, set[str]] = {}
    if (folder / ".harness").exists():
        mine = " --scenarios mine" if (folder / "mine").exists() else ""
        report = folder / "last.json"
        make(f"harness report{mine} --format json --output {report}", folder)
        for cell in json.loads(report.read_bytes())["cells"]:
            found.setdefault(cell["scenario"], set()).add(cell["verdict"])
    return found


@pytest.mark.parametrize("block", PARTS)
def test_part_of_a_scenario(block: Block) -> None:
    """It is executed as it stands, and every name in it is one that an author can import from the package."""
    known = {name: getattr(harness, name) for name in harness.__all__}
    modules = pkgutil.iter_modules(subjects.__path__, f"{subjects.__name__}.")
    known |= {one.name.rpartition(".")[2]: importlib.import_module(one.name) for one in modules}
    assert _free_names(block.text) <= {*known, *dir(builtins)}
    exec(compile(block.text, f"block at line {block.line}", "exec"), known)  # noqa: S102 - the project's own page


def test_one_page_suffices() -> None:
    """Every function that an author can import stands on the author's page."""
    text = (ROOT / "docs" / "authors" / "scenario.md").read_text(encoding="utf-8")
    functions = [name for name in harness.__all__ if name.islower()]
    assert functions
    assert [name for name in functions if f"{name}(" not in text and f"`{name}`" not in text] == []


@pytest.mark.parametrize("kind", [harness.Trial, harness.Server, harness.Evidence])
def test_the_page_names_what_is_there(kind: type) -> None:
    """Every attribute of a trial, a server and evidence that the author's page speaks of."""
    text = (ROOT / "docs" / "authors" / "scenario.md").read_text(encoding="utf-8")
    named = set(re.findall(rf"\b{kind.__name__.lower()}\.([a-z_0-9]+)", text))
    source = "".join(inspect.getsource(one) for one in kind.__mro__ if one.__module__.startswith("harness."))
    assert named
    assert [name for name in named if not hasattr(kind, name) and f"self.{name} =" not in source] == []


def _free_names(text: str) -> set[str]:
    """Return the names that a part of a module uses and nothing in it defines."""
    found: set[str] = set()
    tables = [symtable.symtable(text, "part", "exec")]
    defined = {symbol.get_name() for symbol in tables[0].get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    while tables:
        table = tables.pop()
        tables.extend(table.get_children())
        is_top = table.get_type() == "module"
        found |= {one.get_name() for one in table.get_symbols() if one.is_referenced() and (is_top or one.is_global())}
    return found - defined
