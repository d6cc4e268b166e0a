"""Libraries as subjects: each is on trial inside of a server, whose release and moment are held still.

The server is newer than most releases of the library, so that it and its dependencies are resolved as of a day of the
server's own, while the library is resolved as of the library's. A table says which server a release of the library is
served by, and with which options the library is what runs.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from harness.model.scenario import Companion
from harness.subjects import uvicorn
from harness.subjects.eras import attribute, era, installed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from harness.execution.server import Server
    from harness.execution.trial import Trial


def served_by(server: str, day: str, *dependencies: str, releases: str = "") -> tuple[Companion, ...]:
    """Return a server and its dependencies as companions.

    Args:
        server: the server's release, ``uvicorn==0.34.0``.
        day: as of when the server and these dependencies are resolved.
        dependencies: what the server needs, without the library on trial.
        releases: the releases of the library that are served by the server, a specifier (PEP 440).

    """
    return tuple(Companion(requirement, releases, as_of=day) for requirement in (server, *dependencies))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Library:
    """A library that uvicorn runs on.

    Attributes:
        package: the library's package.
        options: uvicorn's options with which the library is what runs, by era of the library.
        dialects: which attribute of an application a release takes, by era; None where uvicorn decides.

    """

    package: str
    options: Mapping[str, Mapping[str, Any]]
    dialects: Mapping[str, str] | None = None

    def cli(self, trial: Trial, application: str, *words: str, **given: object) -> AbstractContextManager[Server]:
        """Start uvicorn on the library; the arguments are those of `harness.subjects.uvicorn.cli`."""
        release = installed(trial.release(self.package), self.package)
        options = {**era(self.options, release), **given}
        application = attribute(application, self.dialects, release) if self.dialects else application
        return uvicorn.cli(trial, application, *words, **options)
