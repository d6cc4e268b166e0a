"""Where commands write what they print: a file that the call names, or standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harness.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def head(call: str, form: str, output: Path | None) -> str:
    """Return the line that says how a file in Markdown was made; nothing for any other output."""
    return f"<!-- Made by `{call}`; do not edit. -->\n\n" if form == "markdown" and output else ""


def write_text(text: str, output: Path | None) -> None:
    """Write a text to a file, or to standard output.

    Raises:
        UsageError: the file cannot be written.

    """
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"--output: {output} cannot be written: {error.strerror}"
        raise UsageError(message) from None
