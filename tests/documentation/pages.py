"""The pages of the documentation, and what a page promises.

A page is the session of one user, from top to bottom, in one empty folder:

- A block whose first line is a comment with a path (``# mine/hello.py``) is a file that the user writes. A ``python``
  block without a path is a part of a scenario: its names are those of `harness`.
- A ``console`` block has calls, each after ``$``, and what they print, on standard output and standard error together.
  ``…`` stands for any text in a line, and alone for any lines. A call without output may print anything. A call ends
  with status 0, unless ``$ echo $?`` after the call shows another one.
- ``<!-- not run: REASON -->`` before a block says why the block cannot be tried everywhere. Its calls still are calls
  that the program knows.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
_NOT_RUN = re.compile(r"<!-- not run: (.+?) -->")
_PATH = re.compile(r"# ([\w./-]+\.\w+)\n")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """A call that a page shows, with the output and the exit status that the page shows of it; None: any output."""

    words: str
    output: str | None
    status: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block: its language, its text, the line where it begins, and why it is not run, else None."""

    language: str
    text: str
    line: int
    not_run: str | None

    @property
    def path(self) -> str | None:
        """Where the user writes this file; None where the block is no file."""
        named = _PATH.match(self.text)
        return named[1] if named and self.language != "console" else None

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls of a ``console`` block, in order."""
        return tuple(_calls(self.text)) if self.language == "console" else ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """One Markdown file: its name from the top of the repository, its blocks, and the code inside of its sentences."""

    name: str
    blocks: tuple[Block, ...]
    spans: tuple[str, ...]

    @property
    def is_tried(self) -> bool:
        """Whether a call of the page is tried."""
        return any(block.calls and not block.not_run for block in self.blocks)


def read(path: Path) -> Page:
    """Read a page."""
    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
    spans = (child.content for token in tokens for child in token.children or () if child.type == "code_inline")
    return Page(
        name=path.relative_to(ROOT).as_posix(),
        blocks=tuple(_block(tokens, place) for place, token in enumerate(tokens) if token.type == "fence"),
        spans=tuple(spans),
    )


def pages() -> list[Page]:
    """Read all pages for readers: the README and ``docs/``."""
    return [read(path) for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]


def _block(tokens: Sequence[Token], place: int) -> Block:
    token = tokens[place]
    before = tokens[place - 1].content if place and tokens[place - 1].type == "html_block" else ""
    not_run = _NOT_RUN.search(before)
    return Block(
        language=token.info.strip(),
        text=token.content,
        line=(token.map or [0])[0] + 1,
        not_run=not_run[1] if not_run else None,
    )


def _calls(text: str) -> Iterator[Call]:
    shown = [part.partition("\n") for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]]
    for place, (words, _, output) in enumerate(shown):
        if words == "echo $?":
            continue
        is_asked = place + 1 < len(shown) and shown[place + 1][0] == "echo $?"
        status = int(shown[place + 1][2]) if is_asked else 0
        yield Call(words=words, output=output or None, status=status)
