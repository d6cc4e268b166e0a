"""A scenario: the module that reproduces one failure, as one frozen value.

A scenario module defines ``SCENARIO``. `Scenario.observe` does the I/O through the trial that it is handed and
returns nothing: what it did is the evidence. `Scenario.judge` is pure and turns that evidence into a judgement,
by `harness.model.verdict.conclude`.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.model.expectation import foretold
from harness.model.names import ScenarioId, SubjectName, VariantName, fits
from harness.model.verdict import combine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.model.evidence import Evidence
    from harness.model.expectation import Expectation
    from harness.model.verdict import Judgement, Verdict

MACHINES = ("linux", "macos")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """What a document says, kept apart from what is measured.

    ``document`` names the page, ``issue`` the upstream thread, ``fixed`` the release it calls the first fixed.
    """

    document: str
    issue: str
    fixed: str


@dataclasses.dataclass(frozen=True)
class Companion:
    """A requirement (PEP 508) that only some releases of the subject need beside them (PEP 440)."""

    requirement: str
    releases: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to meet the failure.

    Attributes:
        name: as it stands in cell ids.
        companions: what is installed beside the subject (PEP 508), resolved as of the same moment; a
            `Companion` only beside the releases that it names.

    """

    name: str = "default"
    companions: tuple[str | Companion, ...] = ()

    def requirements(self, version: str) -> tuple[str, ...]:
        """Return what is installed beside one release."""
        public = Version(version).public
        return tuple(
            companion if isinstance(companion, str) else companion.requirement
            for companion in self.companions
            if isinstance(companion, str) or SpecifierSet(companion.releases).contains(public, prereleases=True)
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """One known failure: how to start the server, the trigger, what to observe, how to judge.

    Attributes:
        id: permanent, lower-case words joined by ``-``.
        title: one line that says what goes wrong.
        subject: the package on trial.
        observe: pulls the trigger; takes a `harness.execution.trial.Trial`, which does all I/O and records it.
        judge: pure; the evidence of one trial to a judgement.
        variants: at least one.
        claim: what a document says about it, or None.
        applications: files beside the module that are copied into each trial's folder.
        platforms: kinds of machine the failure can exist on (``linux``, ``windows`` …).
        typical_s: what a trial usually takes, in seconds, for the first estimate of a run.
        deadline_s: when a trial that has not ended is ended, in seconds.
        combine: reduces the judgements of a cell's trials to the cell's. A scenario of a failure that shows only now
            and then is probabilistic and declares its own rule, such as `harness.model.verdict.any_reproduces`.
        expectations: measured histories, from the data file beside the module; never given by the module itself.

    Raises:
        ValueError: a field breaks the rules above.

    """

    id: str
    title: str
    subject: str
    observe: Callable[..., None]
    judge: Callable[[Evidence], Judgement]
    variants: tuple[Variant, ...] = (Variant(),)
    claim: Claim | None = None
    applications: tuple[str, ...] = ()
    platforms: tuple[str, ...] = MACHINES
    typical_s: float = 10.0
    deadline_s: float = 120.0
    combine: Callable[[Sequence[Judgement]], Judgement] = combine
    expectations: tuple[Expectation, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would fail only later, in the middle of a run."""
        if not fits(self.id, ScenarioId):
            message = f"the id '{self.id}' is not lower-case words joined by '-', of 100 characters at most"
            raise ValueError(message)
        names = [variant.name for variant in self.variants]
        if not names or len(set(names)) != len(names):
            message = f"the variants of '{self.id}' need different names, at least one: {names}"
            raise ValueError(message)
        if odd := [name for name in names if not fits(name, VariantName)]:
            message = f"a variant of '{self.id}' is called {odd[0]!r}; a name is one line of 1 to 100 characters"
            raise ValueError(message)
        if not fits(self.subject, SubjectName):
            message = f"the subject of '{self.id}' is called {self.subject!r}, which is not the name of a package"
            raise ValueError(message)
        try:
            for variant in self.variants:
                conditional = [part.releases for part in variant.companions if isinstance(part, Companion)]
                for spec in conditional:
                    SpecifierSet(spec)
            if self.claim:
                Version(self.claim.fixed)
        except (InvalidSpecifier, InvalidVersion) as error:
            message = f"scenario '{self.id}': {error}"
            raise ValueError(message) from None

    def variant(self, name: str) -> Variant:
        """Return the variant of this name.

        Raises:
            KeyError: there is none.

        """
        return {variant.name: variant for variant in self.variants}[name]

    def expects(self, *, variant: str, version: str, python: str, platform: str) -> Verdict | None:
        """Return the verdict that the measured histories foretell for a cell, or None without one."""
        return foretold(self.expectations, variant=variant, version=version, python=python, platform=platform)
