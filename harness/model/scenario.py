"""A scenario: the module that reproduces one failure, as one frozen value.

A scenario module defines ``SCENARIO``. `Scenario.observe` does the I/O through the trial that it is handed, which
records the evidence, and returns nothing. `Scenario.judge` is pure and turns the evidence into a judgement, by
`harness.model.verdict.conclude`.
"""

from __future__ import annotations

import dataclasses
import math
import re
from typing import TYPE_CHECKING, Any, NoReturn

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.errors import nearest
from harness.model.checks import Control, Judged, Trigger, check_names, check_variant
from harness.model.claim import Claim, check_references
from harness.model.declared import (
    check_python,
    check_requirement,
    check_specifier,
    check_subject,
    check_text,
    check_tuple,
    check_type,
    is_text,
    refuse,
)
from harness.model.expectation import foretold
from harness.model.moment import RELEASE, check_moment
from harness.model.names import ScenarioId, VariantName, fits
from harness.model.platforms import MACHINES, PLATFORMS, SYSTEMS
from harness.model.verdict import combine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from harness.model.evidence import Evidence
    from harness.model.expectation import Expectation
    from harness.model.verdict import Judgement, Verdict

_FILE = re.compile(r"[^/\\:\0\n]+")


@dataclasses.dataclass(frozen=True)
class Companion:
    """A requirement (PEP 508) that is installed beside the subject.

    ``releases`` is a specifier (PEP 440) of the releases of the subject beside which the package is installed, by
    default all. ``as_of`` is the moment that the package is resolved as of: ``release``, the moment of everything else;
    ``today``, the beginning (UTC) of the day of the call; or a day such as ``2024-05-01``, its beginning (UTC).
    """

    requirement: str
    releases: str = ""
    as_of: str = RELEASE

    def __post_init__(self) -> None:
        """Refuse a malformed requirement, a malformed specifier and a day that does not exist."""
        check_requirement(self.requirement)
        check_specifier(self.releases, f"the releases of the companion '{self.requirement}'")
        check_moment(self.as_of, f"as_of of the companion '{self.requirement}'")
        if self.as_of != RELEASE and Requirement(self.requirement).url:
            refuse(f"the companion '{self.requirement}' is one file at any moment; leave out as_of='{self.as_of}'")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to meet the failure.

    Attributes:
        name: as it stands in cell ids.
        companions: the requirements (PEP 508) that are installed beside the subject, resolved as of the same moment; a
            `Companion` only beside the releases that it names, and as of a moment of its own. A path, as in ``toypart @
            ./toypart-1.0-py3-none-any.whl``, names a wheel, a source distribution or a project folder beside the
            module, which counts by its content.

    """

    name: str = "default"
    companions: tuple[str | Companion, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values that would fail only later."""
        check_text(self.name, "a variant's name")
        check_tuple(self.companions, f"the companions of the variant '{self.name}'")
        for companion in self.companions:
            if not isinstance(companion, Companion):
                check_requirement(companion)

    def beside(self, version: str) -> tuple[Companion, ...]:
        """Return what is installed beside one release."""
        public = Version(version).public
        every = (one if isinstance(one, Companion) else Companion(one) for one in self.companions)
        return tuple(one for one in every if SpecifierSet(one.releases).contains(public, prereleases=True))


def _missing(*_: object) -> NoReturn:
    """Stand for a function that a scenario does not give."""
    raise NotImplementedError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Played:
    """The ``observe`` that follows from declared checks: their exchanges, in order, with one server."""

    serve: Callable[..., AbstractContextManager[Any]]
    checks: tuple[Control | Trigger, ...]

    def __post_init__(self) -> None:
        """Refuse a check without steps, which nothing would observe."""
        for one in self.checks:
            if not one.steps:
                refuse(f"the check '{one.name}' has no steps, and no observe of the scenario's own makes it")
        if not self.checks:
            refuse("serve= needs checks= whose exchanges are made with the server")

    def __call__(self, trial: Any) -> None:  # noqa: ANN401 - a harness.execution.trial.Trial
        """Make the exchanges."""
        with self.serve(trial) as server:
            for check in self.checks:
                trial.play(server, check)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """One known failure: how to start the server, the trigger, what to observe, how to judge.

    Attributes:
        id: permanent, lower-case words joined by ``-``. A module in a scenario's folder states neither id nor subject:
            the folder's name is the id, the name of the folder around is the subject; loading the module adds both.
        title: one line that says what goes wrong.
        subject: the package on trial.
        checks: what is sent, what is owed, what the failure looks like, see `harness.model.checks`.
        serve: starts the server that all exchanges of the checks are made with: from a
            `harness.execution.trial.Trial`, a context that gives the server. The scenario then needs no ``observe``.
        observe: pulls the trigger; takes the trial, which does all I/O and records it.
        judge: turns the evidence of one trial into a judgement; pure. It follows from the checks where these are given.
        variants: at least one.
        claims: what documents say about the failure, beside what the files in ``claims/`` say.
        references: what the failure is known by upstream (``uvicorn #1637``), beside what its claims say.
        applications: files beside the module, or ready-made ones, that are copied into each trial's folder.
        platforms: the systems that the failure can exist on, some of `harness.model.platforms.SYSTEMS`.
        typical_s: what a trial usually takes, in seconds, for the first estimate of a run.
        deadline_s: how long a trial may take before it is ended, in seconds.
        combine: reduces the judgements of a cell's trials to the cell's. A scenario of a failure that shows only now
            and then is probabilistic and declares its own rule, such as `harness.model.verdict.any_reproduces`.
        expectations: measured histories, from the data file beside the module; never given by the module itself.
        story: what goes wrong and how that is shown; the module's docstring unless the module says otherwise.
        pythons: the Pythons that releases run on where a call names none, as pairs of a specifier (PEP 440) and a
            Python: ``(("<0.12", "3.8"), (">=0.12", "3.12"))``.

    Raises:
        ValueError: a field breaks the rules above.

    """

    id: str = ""
    title: str
    subject: str = ""
    checks: tuple[Control | Trigger, ...] = ()
    serve: Callable[..., AbstractContextManager[Any]] | None = None
    observe: Callable[..., None] = _missing
    judge: Callable[[Evidence], Judgement] = _missing
    variants: tuple[Variant, ...] = (Variant(),)
    claims: tuple[Claim, ...] = ()
    references: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    platforms: tuple[str, ...] = MACHINES
    pythons: tuple[tuple[str, str], ...] = ()
    typical_s: float = 10.0
    deadline_s: float = 120.0
    combine: Callable[[Sequence[Judgement]], Judgement] = combine
    expectations: tuple[Expectation, ...] = ()
    story: str = ""

    def __post_init__(self) -> None:
        """Refuse values that would fail only later, in the middle of a run."""
        if self.id != "" and not fits(self.id, ScenarioId):
            refuse(f"the id '{self.id}' is not lower-case words joined by '-', of 100 characters at most")
        try:
            self._check_words()
            self._derive()
            self._check_functions_and_times()
            self._check_variants()
            self._check_claims()
            self._check_applications()
            self._check_machines()
        except ValueError as error:
            refuse(f"scenario '{self.id}': {error}" if self.id else str(error))

    def _check_words(self) -> None:
        check_text(self.title, "the title")
        check_type(self.story, str, "the story")
        if self.subject != "":
            check_subject(self.subject)

    def _derive(self) -> None:
        """Fill in ``observe`` and ``judge`` where they follow from the checks."""
        check_tuple(self.checks, "the checks")
        for one in self.checks:
            check_type(one, Control | Trigger, "a check")
        if self.serve is not None and self.observe is _missing:
            object.__setattr__(self, "observe", Played(serve=self.serve, checks=self.checks))
        if self.checks and self.judge is _missing:
            object.__setattr__(self, "judge", Judged(self.checks))
        if self.observe is _missing:
            refuse("the scenario has no observe; write one, or give serve= and checks= with steps")
        if self.judge is _missing:
            refuse("the scenario has no judge; write one, or give checks=")

    def _check_functions_and_times(self) -> None:
        for name in ("observe", "judge", "combine"):
            if not callable(getattr(self, name)):
                refuse(f"{name} is a {type(getattr(self, name)).__name__}, which cannot be called")
        for name, is_allowed in (("deadline_s", self.deadline_s != 0), ("typical_s", True)):
            value = getattr(self, name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            if not (is_number and value >= 0 and is_allowed):
                refuse(f"{name} is {value!r}; it is a number of seconds{', more than 0' if name[0] == 'd' else ''}")

    def _check_variants(self) -> None:
        check_tuple(self.variants, "the variants")
        for one in self.variants:
            check_type(one, Variant, "a variant")
        names = [variant.name for variant in self.variants]
        check_names(self.checks, names)
        for one in self.variants:
            if not fits(one.name, VariantName):
                refuse(f"a variant is called {one.name!r}; a name is one line of 1 to 100 characters")
            check_variant(self.checks, one.name)
        if not names or len(set(names)) != len(names):
            refuse(f"the variants need different names, at least one: {names}")
        for variant in self.variants:
            for companion in variant.companions:
                text = companion.requirement if isinstance(companion, Companion) else companion
                if canonicalize_name(Requirement(text).name) == self.subject:
                    refuse(f"the companion '{text}' is the subject itself, whose release a cell chooses")

    def _check_claims(self) -> None:
        check_references(self.references, "the references")
        check_tuple(self.claims, "the claims")
        names = [variant.name for variant in self.variants]
        for claim in self.claims:
            check_type(claim, Claim, "a claim")
            if (wanted := claim.condition.variant) and wanted not in names:
                refuse(f"a claim speaks of the variant '{wanted}'; {nearest(wanted, names)}")

    def _check_applications(self) -> None:
        check_tuple(self.applications, "the applications")
        for name in self.applications:
            if name in {".", ".."} or not is_text(name, _FILE):
                refuse(f"the application {name!r} is not the name of a file beside the module")
            if self.applications.count(name) > 1:
                refuse(f"the application '{name}' is named twice")

    def _check_machines(self) -> None:
        check_tuple(self.platforms, "the platforms")
        for platform in self.platforms:
            if platform not in SYSTEMS:
                known = PLATFORMS.get(platform)
                hint = f"write '{known.system}'" if known else nearest(str(platform).lower(), SYSTEMS)
                refuse(f"unknown platform {platform!r}; {hint}")
        if not self.platforms:
            refuse(f"the platforms are none; valid: {', '.join(SYSTEMS)}")
        check_tuple(self.pythons, "the pythons")
        for pair in self.pythons:
            check_python(pair)

    def pythons_for(self, version: str) -> tuple[str, ...]:
        """Return the Pythons that a release runs on where a call names none; nothing where the scenario says none."""
        parsed = Version(version)
        for public in (parsed.public, parsed.base_version):  # a pre-release may stand between '<0.12' and '>=0.12'
            named = (python for spec, python in self.pythons if SpecifierSet(spec).contains(public, prereleases=True))
            if found := tuple(dict.fromkeys(named)):
                return found
        return ()

    def variant(self, name: str) -> Variant:
        """Return the variant of this name.

        Raises:
            KeyError: there is none.

        """
        return {variant.name: variant for variant in self.variants}[name]

    def expects(self, *, variant: str, version: str, python: str, platform: str) -> Verdict | None:
        """Return the verdict that the measured histories foretell for a cell, or None without one."""
        return foretold(self.expectations, variant=variant, version=version, python=python, platform=platform)
