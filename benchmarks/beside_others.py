"""Compares the harness with the tools that people use for this, in one run, on the same cells, by the same oracle.

    python -m benchmarks.beside_others [--rounds N] [--cell GLOB …] [--only TOOL …] [--no-warm] [--write]
    python -m benchmarks.beside_others --search [--write]

The cells are the Linux part of the default matrix, or those of them that the globs match. Every tool makes an
environment for each cell, with the very same packages on the same Python, and runs one trial of the cell in that
environment (`benchmarks/oracle.py`). *Cold* is with empty caches; *warm* (in the first round only) is the same again
with the environments and caches of the cold run. Tools run one cell after the other, as they do by default. Verdicts
that differ are counted.

``--search`` looks for the first fixed release instead, by ``pypi-version-bisect`` and by ``harness history``, in
environments that stand ready, for a failure that went once and for a failure that came back. ``--write`` puts the
printed text into ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import psutil
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from benchmarks.limit import measure, prepare
from harness.environments import indexes
from harness.selection.options import Options
from harness.selection.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
LINUX = ("*_linux",)
LIMIT_S = 3600
# Later versions of virtualenv make no environments for Python 3.7, and later ones of tox want those.
TOOLS = {
    "tox": ("tox==4.23.2", "virtualenv<20.27"),
    "tox-uv": ("tox==4.23.2", "virtualenv<20.27", "tox-uv==1.19.1"),
    "nox-uv": ("nox[uv]",),
    "pypi-version-bisect": ("pypi-version-bisect",),
}
# Old source distributions were made for build tools of their day.
BUILD = "setuptools<60\nwheel<0.38\n"
SEARCHES = (
    ("pipelined-keep-alive", "h11", "3.8", "linux"),  # went once
    ("winerror87-workers", "run", "3.8", "windows-wine"),  # came back, and went again
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Round:
    """What one tool did in one round: seconds and verdicts, with empty caches and, where asked for, with warm ones."""

    tool: str
    cold_s: float
    warm_s: float | None
    verdicts: dict[str, str]


class Bench:
    """The cells of a comparison, and the folders that tools work in."""

    def __init__(self, folder: Path, globs: Sequence[str]) -> None:
        """Run the cells once to learn their packages and verdicts."""
        self.folder = folder
        self.options = [word for glob in globs for word in ("--cell", glob)]
        done = call([sys.executable, "-m", "harness", "run", "--quiet", "--format", "json", *self.options], folder, {})
        found = json.loads(done)["cells"]
        self.reference: dict[str, str] = {cell["id"]: cell["verdict"] for cell in found if cell["environment"]}
        self._results = {cell["id"]: cell for cell in found if cell["environment"]}
        self._cells = {cell.id: cell for cell in Plan(Options(cells=tuple(globs), results=folder / ".harness")).cells}

    def project(self, folder: Path) -> None:
        """Write the files that every tool needs for the cells: packages, interpreter, the cell itself."""
        folder.mkdir(parents=True)
        (folder / "build.txt").write_text(BUILD)
        (folder / "uv.toml").write_text(indexes.configuration(indexes.configured()))
        for number, (name, cell) in enumerate(self._cells.items()):
            environment = self._results[name]["environment"]
            pins = [f"{package}=={version}" for package, version in environment["pins"].items()]
            (folder / f"c{number}.txt").write_text("\n".join(pins) + "\n")
            (folder / f"c{number}.json").write_bytes(msgspec.json.encode(cell))
            (folder / f"c{number}.python").write_text(str(Path(environment["interpreter"]).expanduser()))

    def tox(self, folder: Path) -> None:
        """Write the project as tox reads it."""
        names = [path.stem for path in sorted(folder.glob("*.python"))]
        lines = [
            "[tox]",
            f"env_list = {', '.join(names)}",
            "no_package = true",
            "[testenv]",
            "skip_install = true",
            "deps = -r {tox_root}/{env_name}.txt",
            "pass_env = *",
            "allowlist_externals = *",
            f"commands = {sys.executable} {HERE / 'oracle.py'} {{env_name}}.json {{env_dir}} verdicts",
        ]
        for name in names:
            lines += [f"[testenv:{name}]", f"base_python = {(folder / f'{name}.python').read_text()}"]
        (folder / "tox.ini").write_text("\n".join(lines) + "\n")

    def nox(self, folder: Path) -> None:
        """Write the project as nox reads it."""
        (folder / "noxfile.py").write_text(
            "import pathlib, nox\n"
            "def add(name, python):\n"
            "    @nox.session(name=name, python=python, venv_backend='uv')\n"
            "    def session(session):\n"
            "        session.install('-r', f'{name}.txt')\n"
            f"        session.run({sys.executable!r}, {str(HERE / 'oracle.py')!r}, f'{{name}}.json',\n"
            "            session.virtualenv.location, 'verdicts', external=True, success_codes=[0, 1])\n"
            "for path in sorted(pathlib.Path(__file__).parent.glob('*.python')):\n"
            "    add(path.stem, path.read_text())\n"
        )

    def harness(self, folder: Path, *, warm: bool) -> Round:
        """Let the harness run the cells."""
        folder.mkdir(parents=True)
        env = caches(folder)
        argv = [sys.executable, "-m", "harness", "run", "--quiet", "--format", "json", *self.options]
        cold_s, out = timed(argv, folder, env)
        warm_s = timed([*argv, "--rerun"], folder, env)[0] if warm else None
        verdicts = {cell["id"]: cell["verdict"] for cell in json.loads(out)["cells"]}
        return Round(tool="harness", cold_s=cold_s, warm_s=warm_s, verdicts=verdicts)

    def other(self, name: str, folder: Path, *, warm: bool) -> Round:
        """Let another tool run the cells."""
        self.project(folder)
        (self.nox if name == "nox-uv" else self.tox)(folder)
        programs = install(name, self.folder)
        argv = [str(programs / name.removesuffix("-uv"))]
        env = {**caches(folder), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        cold_s, _ = timed(argv, folder, env)
        verdicts = dict(line.split() for line in (folder / "verdicts").read_text().splitlines())
        again = ["--reuse-existing-virtualenvs"] if name == "nox-uv" else []
        warm_s = timed([*argv, *again], folder, env)[0] if warm else None
        return Round(tool=name, cold_s=cold_s, warm_s=warm_s, verdicts=verdicts)


def install(tool: str, folder: Path) -> Path:
    """Install a tool in an environment of its own, where that is missing; return the folder of its programs."""
    programs = folder / "tools" / tool / "bin"
    if not programs.exists():
        call([sys.executable, "-m", "venv", str(programs.parent)], folder, {})
        call([str(programs / "python"), "-m", "pip", "install", "-q", *TOOLS[tool]], folder, {})
    return programs


def caches(folder: Path) -> dict[str, str]:
    """Return the variables that place all caches in a folder, where uv keeps files as it does for the harness."""
    own = {name: str(folder / name) if (folder / name).exists() else "" for name in ("build.txt", "uv.toml")}
    return {
        "HARNESS_CACHE": str(folder / "cache"),
        "UV_CACHE_DIR": str(folder / "uv"),
        "PIP_CACHE_DIR": str(folder / "pip"),
        "PIP_CONSTRAINT": own["build.txt"],
        "UV_BUILD_CONSTRAINT": own["build.txt"],
        "UV_CONFIG_FILE": own["uv.toml"],
    }


def call(argv: Sequence[str], folder: Path, env: dict[str, str]) -> str:
    """Run a command and return its output, whatever its exit status."""
    with (folder / "log").open("ab") as log:
        done = subprocess.run(  # noqa: S603 - the tools on trial
            argv,
            cwd=folder,
            env={key: value for key, value in {**os.environ, **env}.items() if value},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
        log.write(done.stdout.encode())
    return done.stdout


def timed(argv: Sequence[str], folder: Path, env: dict[str, str]) -> tuple[float, str]:
    """Run a command; return its seconds and its output."""
    began = time.monotonic()
    printed = call(argv, folder, env)
    return time.monotonic() - began, printed


def table(rounds: Sequence[Round], reference: dict[str, str]) -> list[str]:
    """Return a row for each tool: its times, and their ratios to the harness's times, by median and spread."""
    own = [one for one in rounds if one.tool == "harness"]
    lines = ["| tool | cold | times the harness | warm | times the harness | verdicts that differ |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    for tool in dict.fromkeys(one.tool for one in rounds):
        its = [one for one in rounds if one.tool == tool]
        row = [tool]
        for which in ("cold_s", "warm_s"):
            pairs = [(getattr(one, which), getattr(base, which)) for one, base in zip(its, own, strict=True)]
            pairs = [(seconds, base) for seconds, base in pairs if seconds]
            middle = statistics.median(seconds for seconds, _ in pairs) if pairs else None
            row += [f"{middle:.0f} s", spread([seconds / base for seconds, base in pairs])] if middle else ["", ""]
        differing = {cell for one in its for cell, verdict in reference.items() if one.verdicts.get(cell) != verdict}
        lines.append(f"| {' | '.join([*row, str(len(differing))])} |")
    return lines


def spread(values: Sequence[float]) -> str:
    """Return the median, with the least and the greatest value where there are several."""
    middle = f"{statistics.median(values):.1f}"
    return f"{middle} ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else middle


def compared(arguments: argparse.Namespace, folder: Path) -> list[str]:
    """Run all tools on the cells and return the lines of the table."""
    bench = Bench(folder, arguments.cell or LINUX)
    names = arguments.only or ["harness", "tox", "tox-uv", "nox-uv"]
    for name in names:
        if name != "harness":
            install(name, folder)
    rounds = []
    for number in range(1, arguments.rounds + 1):
        for name in names:
            place = folder / f"round-{number}" / name
            warm = number == 1 and not arguments.no_warm
            found = bench.harness(place, warm=warm) if name == "harness" else bench.other(name, place, warm=warm)
            rounds.append(found)
            again = f", warm {found.warm_s:.1f} s" if found.warm_s else ""
            print(f"round {number}: {name} cold {found.cold_s:.1f} s{again}", file=sys.stderr)
            shutil.rmtree(place)
    with tempfile.TemporaryDirectory() as anew:
        limit = measure(bench.options, anew)
    unchanged, _ = timed([sys.executable, "-m", "harness", "run", "--quiet", *bench.options], folder, {})
    return [
        f"{len(bench.reference)} cells: `harness run {' '.join(bench.options)}`; rounds: {arguments.rounds}.",
        "",
        *table(rounds, bench.reference),
        "",
        "```",
        *limit.lines(),
        f"unchanged                    {unchanged:7.2f} s   (under 1 s is promised)",
        "```",
    ]


class Search:
    """A search for the affected releases of one series of cells, in environments that stand ready."""

    def __init__(self, folder: Path, *, scenario: str, variant: str, python: str, platform: str) -> None:
        """Take what was measured of every release."""
        self.folder = folder
        self._select = (scenario, "--cell", f"*_{variant}_*", "--python", python, "--platform", platform)
        self._where = {"scenario": scenario, "variant": variant, "python": python, "platform": platform}
        cells = json.loads((HERE.parent / "reports" / "measured.json").read_text())["cells"]
        self._truth = {
            Version(cell["version"]): cell["verdict"] == "reproduced"
            for cell in cells
            if cell["verdict"] in {"reproduced", "absent"}
            and not cell["control"]
            and all(cell[key] == value for key, value in self._where.items())
        }

    def row(self, tool: str, seconds: float, ran: int, specifiers: Sequence[str]) -> str:
        """Return a row of the table, which compares the answer with what was measured of each release."""
        sets = [SpecifierSet(text) for text in specifiers]
        said = {version: any(one.contains(version, prereleases=True) for one in sets) for version in self._truth}
        wrong = sum(said[version] is not affected for version, affected in self._truth.items())
        what = f"{self._where['scenario']} {self._where['variant']}, {self._where['python']}, {self._where['platform']}"
        answer = ", ".join(f"`{text}`" for text in specifiers)
        return f"| {what} | {tool} | {seconds:.0f} s | {ran} | {answer} | {wrong} of {len(self._truth)} |"

    def prepare(self) -> None:
        """Have the environments of all releases built."""
        prepare([*self._select, "--server", "uvicorn>=0"], str(self.folder / "prepared"))

    def by_harness(self) -> str:
        """Search by ``harness history``."""
        argv = [sys.executable, "-m", "harness", "history", *self._select, "--strategy", "bisect"]
        seconds, printed = timed([*argv, "--quiet", "--format", "json"], self.folder, {})
        document = json.loads(printed)
        (history,) = document["histories"]
        return self.row("harness", seconds, len(document["cells"]), history["specifiers"])

    def by_other(self, programs: Path) -> str:
        """Search by ``pypi-version-bisect``, to which a release that cannot be judged is one that is not affected."""
        check = shlex.join([sys.executable, "-m", "benchmarks.beside_others", "--check", "{version}", *self._select])
        argv = [str(programs / "pypi-version-bisect"), "range", "uvicorn", "--delay", "0", "--check-cmd", check]
        seconds, printed = timed(argv, self.folder, {"PYTHONPATH": str(HERE.parent)})
        told = dict(line.split(":", 1) for line in printed.splitlines() if line.startswith(("specifier:", "checked:")))
        specifiers = [told["specifier"].strip()] if told.get("specifier", "unknown").strip() != "unknown" else []
        return self.row("pypi-version-bisect", seconds, int(told.get("checked", "0").split()[0]), specifiers)


def check(version: str, options: Sequence[str]) -> int:
    """Run the cell of one release; return 0 where the failure is reproduced."""
    argv = [sys.executable, "-m", "harness", "run", "--quiet", "--format", "json", "--server", f"uvicorn=={version}"]
    printed = call([*argv, *options], Path.cwd(), {})
    cells = json.loads(printed)["cells"] if printed else []
    return 0 if any(cell["verdict"] == "reproduced" for cell in cells) else 1


def searched(folder: Path) -> list[str]:
    """Search for the first fixed release in both ways and return the lines of a table."""
    programs = install("pypi-version-bisect", folder)
    lines = ["| failure | tool | time | cells run | affected, it says | releases that it is wrong about |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    for scenario, variant, python, on in SEARCHES:
        for tool in ("harness", "other"):
            place = folder / "search" / f"{scenario}-{tool}"
            place.mkdir(parents=True)
            search = Search(place, scenario=scenario, variant=variant, python=python, platform=on)
            search.prepare()
            lines.append(search.by_harness() if tool == "harness" else search.by_other(programs))
            print(lines[-1], file=sys.stderr)
    return lines


def machine() -> str:
    """Return the date and the machine, in words."""
    size = psutil.virtual_memory().total / 2**30
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} processors, {size:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, load before {os.getloadavg()[0]:.1f}."
    )


def main() -> int:
    """Measure and print; write where the call asks for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--cell", action="append", metavar="GLOB")
    parser.add_argument("--only", action="append", choices=("harness", *TOOLS), help="this tool; give harness first")
    parser.add_argument("--no-warm", action="store_true", help="empty caches only")
    parser.add_argument("--search", action="store_true")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    head = machine()
    with tempfile.TemporaryDirectory() as name:
        lines = searched(Path(name)) if arguments.search else compared(arguments, Path(name))
    printed = "\n".join([head, "", *lines])
    print(printed)
    if arguments.write:
        write(printed, "search" if arguments.search else "compared")
    return 0


def write(printed: str, name: str) -> None:
    """Put the printed text between its two marks in ``benchmarks/README.md``."""
    path = HERE / "README.md"
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, _, rest = path.read_text().partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n{printed}\n{end}{after}")


if __name__ == "__main__":
    sys.exit(check(sys.argv[2], sys.argv[3:]) if sys.argv[1:2] == ["--check"] else main())
