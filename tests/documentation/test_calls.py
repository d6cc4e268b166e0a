"""Every call that the documentation shows is a call that the program knows, whether the tests can make it or not."""

from __future__ import annotations

import itertools
import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest

from harness import cli

from .pages import Page, pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REASONS = {
    "changes the machine": "installs system packages or removes what others keep",
    "depends on the machine": "tests/faults tries 'harness doctor' on machines that lack something",
    "needs a container engine": "tests/containers tries containers, where there is an engine",
    "needs Wine": "tests/integration/test_windows.py tries Windows CPythons, where there is Wine",
    "takes minutes": "tests/integration tries the same on fewer releases",
    "needs other machines": "tests/minimatrix/test_divided.py divides and joins on one machine",
}
"""Why a block may not be tried, and what is tried in its place."""

PAGES = pages()
OPERATORS = "();<>|&"


def calls(page: Page) -> Iterator[tuple[str, ...]]:
    """Yield the words that follow ``harness`` in every call that a page shows."""
    consoles = [call.words for block in page.blocks for call in block.calls]
    plain = [line for block in page.blocks if block.language == "" for line in block.text.splitlines()]
    inline = [span for span in page.spans if len(span.split()) > 2]  # with fewer words, the name of a command
    for line in (*consoles, *filter(re.compile(r"(?:.*/)?harness ").match, (*plain, *inline))):
        yield from calls_of(line)


def calls_of(line: str) -> Iterator[tuple[str, ...]]:
    """Yield the words that follow ``harness`` in every call of one line of a shell."""
    reader = shlex.shlex(line, posix=True, punctuation_chars=OPERATORS)
    reader.whitespace_split = True
    for is_operator, group in itertools.groupby(reader, lambda word: set(word) <= set(OPERATORS)):
        program, *words = (word for word in group if word != "…")
        if not is_operator and program.rpartition("/")[2] == "harness":
            yield tuple(words)


def parse(words: list[str]) -> None:
    """Read a call as the program does, down to the last subcommand, and do nothing.

    Raises:
        click.ClickException: the program would refuse the call.

    """
    command: click.Command = cli.cli
    context = click.Context(command, info_name="harness", obj="harness")
    while words and isinstance(command, click.Group) and (found := command.get_command(context, words[0])):
        command, words = found, words[1:]
    if command is cli.cli:
        raise click.UsageError(f"no command is called {words[:1]}")
    command.make_context(command.name, words, parent=context)


@pytest.mark.parametrize(
    ("page", "words"), [pytest.param(page.name, words, id=shlex.join(words)) for page in PAGES for words in calls(page)]
)
def test_the_program_knows_the_call(
    page: str, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its command and each of its options, as they are today; any word may name a file that is there."""
    monkeypatch.chdir(tmp_path)
    for word in filter(re.compile(r"[\w-]+").fullmatch, words):
        (tmp_path / word).touch()
    try:
        parse(list(words))
    except click.ClickException as error:
        pytest.fail(f"{page} shows 'harness {shlex.join(words)}': {error.format_message()}")


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_an_example(command: str) -> None:
    """In a session that is tried, or that says why it cannot be."""
    lines = [call.words for page in PAGES for block in page.blocks for call in block.calls]
    assert command in {words[0] for line in lines for words in calls_of(line)}


def test_a_block_that_is_not_tried_says_why() -> None:
    """With a reason for which something else is tried."""
    given = {block.not_run for page in PAGES for block in page.blocks if block.not_run}
    assert given <= REASONS.keys()
