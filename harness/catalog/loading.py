"""A catalog knows its scenarios by name at once; a module is executed when its scenario is first asked for.

Executing a module gives the scenario. The scenario's digests are made when they are first asked for, of the modules and
applications as they were read when the module was executed.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.catalog import finding
from harness.catalog.applications import applications_of
from harness.catalog.closure import Application, Closure, closure_of
from harness.catalog.folders import MODULE, expected_of, identity_of, whole
from harness.catalog.imports import Namespace
from harness.decoding import decode
from harness.errors import ScenarioError
from harness.mistakes import mistake
from harness.model.checks import Judged
from harness.model.expectation import Expectations
from harness.model.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.catalog.folders import Identity
    from harness.model.evidence import Evidence
    from harness.model.expectation import Expectation
    from harness.model.verdict import Judgement

_LOADING = threading.RLock()  # executing a module may change the working folder and the output of the whole program


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoadedScenario:
    """A scenario with the files it came from, as they were when it was loaded.

    Attributes:
        scenario: the scenario that the module defines, with its expected histories.
        module: the module's path.
        applications: the files that are copied into the folder of each trial.
        digest: makes the two digests; called once, when `closure` is first read.
        is_self_contained: all files that the module imports from folders of scenarios lie beside the module.

    """

    scenario: Scenario
    module: Path
    applications: tuple[Application, ...]
    digest: Callable[[], Closure]
    is_self_contained: bool = False

    @functools.cached_property
    def closure(self) -> Closure:
        """The two digests."""
        return self.digest()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """A scenario that has been found; ``load`` executes its module the first time."""

    id: str
    subject: str
    module: Path
    load: Callable[[], LoadedScenario]


class Catalog(Mapping[str, LoadedScenario]):
    """Scenarios by id; a module is executed when its scenario is first asked for.

    Attributes:
        subjects: the subject of every scenario, by id.
        modules: the path of every scenario's module, by id.
        declared: the scenarios alone, without their files, by id; each module is executed when first asked for.

    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Take scenarios that have been found.

        Raises:
            ScenarioError: two scenarios have one id.

        """
        self._entries: dict[str, Entry] = {}
        for entry in entries:
            if (other := self._entries.setdefault(entry.id, entry)).module != entry.module:
                message = f"{entry.module}: the id '{entry.id}' is taken by {other.module}; choose another"
                raise ScenarioError(message)
        self.subjects = {name: entry.subject for name, entry in self._entries.items()}
        self.modules = {name: entry.module for name, entry in self._entries.items()}
        self.declared: Mapping[str, Scenario] = _Declared(self)

    def __getitem__(self, name: str) -> LoadedScenario:
        """Return a scenario; its module is executed the first time.

        Raises:
            KeyError: no scenario has the id.
            ScenarioError: the scenario's module does not load.

        """
        with _LOADING:
            return self._entries[name].load()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Count the scenarios."""
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        """Whether there is a scenario of an id; nothing is executed."""
        return name in self._entries

    def joined(self, other: Catalog) -> Catalog:
        """Return a catalog of the scenarios of both; a scenario that one of them has loaded is not loaded again.

        Raises:
            ScenarioError: two scenarios have one id.

        """
        return Catalog([*self._entries.values(), *other._entries.values()])


class _Declared(Mapping[str, "Scenario"]):
    """The scenarios that a catalog's modules define; a module is executed when its scenario is first asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def __getitem__(self, name: str) -> Scenario:
        return self._catalog[name].scenario

    def __iter__(self) -> Iterator[str]:
        return iter(self._catalog)

    def __len__(self) -> int:
        return len(self._catalog)

    def __contains__(self, name: object) -> bool:
        return name in self._catalog


def bundled(folder: str) -> Path:
    """Return a folder of the project itself, such as ``scenarios`` or ``claims``: inside the package, else beside it.

    Only an installed package has these folders inside. Beside an installed package lie the packages of others.
    """
    package = Path(__file__).parents[1]
    inside = package / "_bundled"
    return (inside if inside.is_dir() else package.parent) / folder


def is_bundled(module: Path) -> bool:
    """Whether a scenario module is the project's own."""
    return module.is_relative_to(bundled("scenarios").resolve())


def load(places: Iterable[Path]) -> Catalog:
    """Find every scenario in places; a flat module is executed at once, since only its code states its id.

    Raises:
        ScenarioError: a place is missing, a flat module does not load, or two scenarios have one id.

    """
    places = tuple(places)
    shared = tuple(dict.fromkeys(place.resolve() for place in places if place.is_dir()))
    return Catalog(_entry(module, shared) for module in finding.modules(places))


def _entry(module: Path, folders: Sequence[Path]) -> Entry:
    if identity := identity_of(module):
        once = functools.cache(lambda: load_file(module, folders))
        return Entry(id=identity.id, subject=identity.subject, module=module, load=once)
    with _LOADING:
        loaded = load_file(module, folders)
    return Entry(id=loaded.scenario.id, subject=loaded.scenario.subject, module=module, load=lambda: loaded)


def load_file(path: Path, folders: Sequence[Path] = ()) -> LoadedScenario:
    """Load one scenario module; its imports are found beside it, and then in the folders.

    Raises:
        ScenarioError: the module does not load, defines no scenario, or states another id or subject than its folder.

    """
    path = whole(path)
    namespace = Namespace(path, folders)
    try:
        defined = vars(namespace.execute())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit, and whatever else a module may raise
        raise ScenarioError(_told(path, error)) from error
    scenario = _scenario_in(path, defined)
    story = scenario.story or inspect.cleandoc(str(defined.get("__doc__") or ""))
    scenario = _completed(path, dataclasses.replace(scenario, story=story))
    applications = applications_of(path, scenario.applications)
    digest = functools.partial(
        closure_of, scenario, path, sources=namespace.sources, installed=namespace.installed, applications=applications
    )
    loaded = LoadedScenario(
        scenario=scenario,
        module=path,
        applications=applications,
        digest=digest,
        is_self_contained=all(source.parent == path.parent for source in namespace.sources),
    )
    if any(b"__file__" in source for source in namespace.sources.values()):
        _ = loaded.closure  # digests the files beside the module as they are now, or refuses too many of them now
    return loaded


def _scenario_in(path: Path, defined: Mapping[str, object]) -> Scenario:
    """Return what a module assigns to ``SCENARIO``."""
    if "SCENARIO" not in defined:
        raise ScenarioError(finding.nearly(path) or finding.no_scenario(path))
    scenario = defined["SCENARIO"]
    if not isinstance(scenario, Scenario):
        message = f"{path}: SCENARIO is not a harness.Scenario"
        raise ScenarioError(message)
    return scenario


def _completed(path: Path, scenario: Scenario) -> Scenario:
    """Return a scenario with the id and the subject of its folder, and with its expected histories.

    Raises:
        ScenarioError: the scenario states another id or subject than its folder, or lies flat and does not state both.

    """
    identity = identity_of(path)
    if identity is None:
        _refuse_nameless(path, scenario)
        return dataclasses.replace(
            scenario, judge=_placed(scenario, path.name), expectations=_expectations(expected_of(path))
        )
    _refuse_other_names(path, scenario, identity)
    try:
        return dataclasses.replace(
            scenario,
            id=identity.id,
            subject=identity.subject,
            judge=_placed(scenario, f"{identity.subject}/{identity.id}/{MODULE}"),
            expectations=_expectations(expected_of(path)),
        )
    except ValueError as error:
        raise ScenarioError(f"{path}: {error}") from None


def _placed(scenario: Scenario, module: str) -> Callable[[Evidence], Judgement]:
    """Return the judge of a scenario, which knows the module where its checks stand."""
    judge = scenario.judge
    return dataclasses.replace(judge, module=module) if isinstance(judge, Judged) else judge


def _refuse_nameless(path: Path, scenario: Scenario) -> None:
    """Refuse a flat module whose scenario states no id or no subject."""
    for field in ("id", "subject"):
        if not getattr(scenario, field):
            message = (
                f"{finding.place_of(path, field)}: its scenario has no {field}; state one, or move the module to "
                f"SUBJECT/NAME/{MODULE}, where the folders say it"
            )
            raise ScenarioError(message)


def _refuse_other_names(path: Path, scenario: Scenario, identity: Identity) -> None:
    """Refuse a module that states another id or subject than its folder."""
    wanted = {"id": scenario.id or identity.id, "subject": scenario.subject or identity.subject}
    for field, stated in wanted.items():
        if stated != (given := getattr(identity, field)):
            message = (
                f"{finding.place_of(path, field)}: it states the {field} '{stated}', and its folder says '{given}'; "
                f"leave the {field} out, or move the module to {wanted['subject']}/{wanted['id']}/{MODULE}"
            )
            raise ScenarioError(message)


def _told(path: Path, error: BaseException) -> str:
    """Say where a module failed to load; the line begins with the module's path, also where an imported file failed."""
    told = mistake(error)
    return told if told.startswith(f"{path}, line") else f"{path}: {told}"


def _expectations(path: Path) -> tuple[Expectation, ...]:
    """Read the expected histories beside a scenario module; none where there is no such file."""
    if not path.is_file():
        return ()
    try:
        return decode(path.read_bytes(), Expectations).histories
    except (msgspec.MsgspecError, ValueError) as error:
        message = f"{path}: {error}; 'harness history --write' writes it"
        raise ScenarioError(message) from None
