"""Keeps the evidence of cells for the tests of their judge, reduced to what a judge reads.

    harness run SCENARIO --server SUBJECT==VERSION --results RESULTS
    python -m tests.keep RESULTS CELL

CELL is an id or a glob, as `harness show` takes it. Of each cell the first trial goes to the folder ``evidence`` beside
the scenario's module (``--scenarios DIR`` names further ones), as ``VERDICT-VERSION-VARIANT.json``; a file that is
there already is replaced, for `git diff` to show. The folders of the machine become neutral ones, what was exchanged
until the server was ready and what it printed while stopping is left out, the middle of a long log, and of a load what
was sent. A trial that would be judged in another way by what is left is not kept.
"""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from harness.catalog import loading
from harness.model.judge import judge
from harness.results.journal import Journal
from tests.kept import TOYS, folder_of, name_of

if TYPE_CHECKING:
    from harness.model.evidence import Evidence, Exchange, ServerRecord
    from harness.model.observations import Look

_LOAD = 20  # requests; more of them in one exchange are a load
_ENDS = 100  # lines of a log's beginning and of its end
_READY = "ready"
_ENVIRONMENT = re.compile(r"[^\s\"']*[\\/]environments[\\/][0-9a-f]+(?=[\\/])")
_PYTHON = re.compile(
    r"[^\s\"']*[\\/](?:pythons?|versions|runtimes)[\\/][^\s\"'\\/]+(?=[\\/](?:bin|lib|Lib|python\.exe)\b)"
)
_TRIAL = re.compile(r"[^\s\"']*[\\/]harness-run-[^\s\"'\\/]+(?:[\\/][^\s\"'\\/]+)?(?=[\\/\s\"']|$)")
_WORD = re.compile(r"[^\s\"']+")
_NEUTRAL = {
    "environments": (_ENVIRONMENT, "/environment"),
    "python": (_PYTHON, "/python"),
    "versions": (_PYTHON, "/python"),
    "runtimes": (_PYTHON, "/python"),
    "harness-run-": (_TRIAL, "/trial"),
}


def neutral(text: str) -> str:
    """Return a text without the folders of this machine."""
    return _WORD.sub(lambda found: _neutral_word(found[0]), text)


def _neutral_word(word: str) -> str:
    """Return a word without a folder of this machine; a long word without one, such as a URL, costs no search."""
    for mark, (folder, name) in _NEUTRAL.items():
        word = folder.sub(name, word) if mark in word else word
    return word


def reduced(evidence: Evidence) -> Evidence:
    """Return what is kept of a trial."""
    return msgspec.structs.replace(
        evidence,
        servers=tuple(_of_server(server) for server in evidence.servers),
        exchanges=tuple(_of_exchange(one) for one in evidence.exchanges if one.name != _READY),
        looks=tuple(_of_look(look) for look in evidence.looks),
    )


def _of_server(server: ServerRecord) -> ServerRecord:
    argv = tuple(neutral(word) for word in server.argv)
    return msgspec.structs.replace(server, argv=argv, log=_shorter(neutral(server.log)), log_stopping="")


def _shorter(log: str) -> str:
    """Return a log without its middle where it is long: a server that fails each request says so a thousand times."""
    lines = log.splitlines(keepends=True)
    beyond = len(lines) - 2 * _ENDS
    return log if beyond <= 0 else "".join((*lines[:_ENDS], f"… {beyond} lines left out\n", *lines[-_ENDS:]))


def _of_look(look: Look) -> Look:
    processes = (msgspec.structs.replace(one, argv=tuple(neutral(word) for word in one.argv)) for one in look.processes)
    return msgspec.structs.replace(look, processes=tuple(processes))


def _of_exchange(exchange: Exchange) -> Exchange:
    received = tuple(frame for frame in exchange.frames if frame.direction == "received")
    without = msgspec.structs.replace(exchange, frames=received)
    is_load = len(exchange.frames) - len(received) > _LOAD
    return without if is_load and without.heard == exchange.heard else exchange


def keep(evidence: Evidence, loaded: loading.LoadedScenario) -> Path:
    """Write a trial into the evidence of its scenario, and return the file.

    Raises:
        click.ClickException: what is left of the trial is judged in another way.

    """
    kept = reduced(evidence)
    less, whole = judge(loaded.scenario, kept), judge(loaded.scenario, evidence)
    if less.verdict is not whole.verdict:
        told = f"reduced, this trial is '{less.verdict}' instead of '{whole.verdict}'"
        raise click.ClickException(f"{evidence.cell}: {told}: its judge reads what is not kept")
    folder = folder_of(loaded)
    folder.mkdir(exist_ok=True)
    path = folder / name_of(evidence, whole.verdict)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
    return path


@click.command()
@click.argument("results", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("cell")
@click.option("--scenarios", multiple=True, type=click.Path(exists=True, path_type=Path), help="further scenarios")
def main(results: Path, cell: str, scenarios: tuple[Path, ...]) -> None:
    """Keep the evidence of the cells in RESULTS that CELL names, by an id or a glob."""
    catalog = loading.load([loading.bundled("scenarios"), TOYS, *scenarios])
    journal = Journal(results, tell=lambda line: click.echo(line, err=True))
    found = [one for one in journal.latest() if fnmatch.fnmatchcase(one.id, cell)]
    for result in found:
        if result.scenario not in catalog:
            raise click.ClickException(f"{result.id}: no scenario is called '{result.scenario}'; see --scenarios")
        if not (trials := journal.evidence_of(result)):
            raise click.ClickException(f"{result.id}: {results} has no evidence of this cell")
        click.echo(keep(trials[0], catalog[result.scenario]))
    journal.close()
    if not found:
        raise click.ClickException(f"{results} has no cell '{cell}'")


if __name__ == "__main__":
    main()
