"""The two shapes of most subjects: a server with a command line, and one that a ready-made script starts.

Each is a value with the server's tables, whose `cli` or `run` starts the server in a trial.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from harness.subjects.eras import attribute, era, installed
from harness.subjects.options import arguments, keywords
from harness.subjects.starting import PYTHON_ONLY, Command, address_of, bound, by_script, parted, started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from packaging.version import Version

    from harness.execution.server import Server
    from harness.execution.trial import Trial
    from harness.model.addresses import Address
    from harness.subjects.options import Spelling


@dataclasses.dataclass(frozen=True, kw_only=True)
class CommandLine:
    """A server that is started by a program of its own: ``PROGRAM LISTENING OPTIONS WORDS APPLICATION``.

    Attributes:
        server: the server's package.
        program: its console script.
        module: what ``python`` starts instead where there are no console scripts, by era.
        dialects: which attribute of an application a release takes, by era.
        options: the options, by name.
        listening: the words that say where the server listens.

    """

    server: str
    program: str
    module: Mapping[str, tuple[str, ...]]
    dialects: Mapping[str, str]
    options: Mapping[str, tuple[Spelling, ...]]
    listening: Callable[[Address], tuple[str, ...]]

    def cli(self, trial: Trial, application: str, *words: str, **given: object) -> AbstractContextManager[Server]:
        """Start the server by its command line, listening where the client reaches it (``at``).

        Args:
            trial: the trial.
            application: ``MODULE`` or ``MODULE:ATTRIBUTE``.
            words: further words of the command line, as they are.
            given: options by their names in the server's ``OPTIONS``, and `harness.subjects.starting.Start`.

        Raises:
            HarnessError: the release does not have an option.

        """
        options, start = parted(given)
        release = installed(trial.release(self.server), self.server)
        command = self.command(release, trial.platform, application, *words, at=address_of(start), **options)
        return started(trial, command, name=self.server, start=start)

    def command(
        self, release: Version, platform: str, application: str, *words: str, at: Address, **options: object
    ) -> Command:
        """Return the command line of a release; see `cli`."""
        line = (
            *self.listening(at),
            *arguments(self.options, options, server=self.server, release=release),
            *words,
            attribute(application, self.dialects, release),
        )
        if platform in PYTHON_ONLY:
            return Command(program="python", arguments=(*era(self.module, release), *line))
        return Command(program=self.program, arguments=line)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Script:
    """A server that a ready-made script starts: ``SCRIPT APPLICATION ADDRESS [NAME=VALUE …]``.

    Attributes:
        server: the server's package.
        script: the script, which the scenario names among its applications.
        dialects: which attribute of an application a release takes, by era.
        options: options that differ between releases, by name; further ones are words ``NAME=VALUE``.

    """

    server: str
    script: str
    dialects: Mapping[str, str]
    options: Mapping[str, tuple[Spelling, ...]] = dataclasses.field(default_factory=dict)

    def run(self, trial: Trial, application: str, *words: str, **given: object) -> AbstractContextManager[Server]:
        """Start the server by its script, listening where the client reaches it (``at``).

        Args:
            trial: the trial.
            application: ``MODULE`` or ``MODULE:ATTRIBUTE``.
            words: keyword arguments of the server's own, ``NAME=VALUE``.
            given: options by their names in the server's ``OPTIONS``, and `harness.subjects.starting.Start`.

        Raises:
            HarnessError: the scenario does not name the script, or the release does not have an option.

        """
        options, start = parted(given)
        release = installed(trial.release(self.server), self.server)
        line = self.words(release, application, *words, at=address_of(start), **options)
        return started(trial, by_script(trial, self.script, line), name=self.server, start=start)

    def words(self, release: Version, application: str, *words: str, at: Address, **options: object) -> tuple[str, ...]:
        """Return the words of the script; see `run`."""
        own = keywords(self.options, options, server=self.server, release=release)
        return (attribute(application, self.dialects, release), bound(at), *own, *words)
