"""The command line: the first word of a call names its command, and no other command is loaded."""

from __future__ import annotations

import importlib
import shlex
import sys
from typing import TYPE_CHECKING

import click

import harness
from harness import escaping
from harness.commands import ending
from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = ("cache", "claims", "doctor", "history", "list", "merge", "new", "plan", "report", "run", "setup", "show")
"""The names of the commands; each is ``command`` in the module of that name in `harness.commands`."""


class Commands(click.Group):
    """Loads a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command of a name; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"harness.commands.{cmd_name}").command
        return command if isinstance(command, click.Command) else None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(harness.__version__, prog_name="harness")
def cli() -> None:
    """Run known failures of Python servers across releases, Pythons and platforms, and print what is true."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a call and return its exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    named = escaping.line(shlex.join(["harness", *given]))

    def call() -> int:
        try:
            if any("\0" in argument for argument in given):
                raise UsageError("an argument has a NUL in it, which no name or path has")
            with cli.make_context("harness", list(given), obj=named) as context:
                status = cli.invoke(context)
        except click.exceptions.Exit as done:
            return done.exit_code
        except click.ClickException as error:
            raise UsageError(error.format_message()) from None
        except click.exceptions.Abort:
            raise KeyboardInterrupt from None
        return status if isinstance(status, int) else 0

    return ending.ended(call, named=named)
