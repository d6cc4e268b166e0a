"""Values and folders that the unit tests share; nothing in here starts a server."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from harness.catalog import loading
from harness.model.cell import Cell
from harness.model.expectation import Expectation
from harness.model.release import Release
from harness.model.result import CellResult
from harness.model.scenario import Scenario
from harness.model.verdict import Check, Judgement, Verdict, conclude
from tests import profiles
from tests.kept import scenarios, trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.model.evidence import Evidence

profiles.load()


def _nothing(_trial: object) -> None:
    """Stand in for ``observe``."""


def _absent(_evidence: Evidence) -> Judgement:
    """Stand in for ``judge``: always absent, with the least that backs it."""
    works, met = (Check(name=name, expected="yes", actual="yes") for name in ("works", "is met"))
    return conclude(signature=None, controls=[works], requirement=met)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what these tests make out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def kept() -> Callable[[str, str], Evidence]:
    """Read one kept trial: scenario id and file name without its ending."""
    return trial


@pytest.fixture(scope="session")
def bundled() -> Mapping[str, Scenario]:
    """The project's own scenarios by id."""
    return {name: one.scenario for name, one in scenarios().items() if loading.is_bundled(one.module)}


@pytest.fixture(scope="session")
def make_scenario() -> Callable[..., Scenario]:
    """Make a scenario that does nothing; keywords replace its fields."""

    def make(**fields: Any) -> Scenario:  # noqa: ANN401 - whatever the fields of a scenario are
        given = {"id": "some-failure", "title": "it fails", "subject": "uvicorn", "observe": _nothing, "judge": _absent}
        return Scenario(**{**given, **fields})

    return make


@pytest.fixture(scope="session")
def make_expectation() -> Callable[..., Expectation]:
    """Make a measured history of the variant ``default`` on 3.8; keywords replace its fields."""

    def make(**fields: Any) -> Expectation:  # noqa: ANN401 - whatever the fields of an expectation are
        where = {"variant": "default", "python": "3.8", "platform": "linux", "affected": (), "first": "0.1"}
        how = {"last": "0.30.0", "strategy": "sweep", "releases": 9, "trials": 9, "confidence": 0.999}
        return Expectation(**{**where, **how, "date": "2026-11-21", "command": "harness history", **fields})

    return make


@pytest.fixture(scope="session")
def make_release() -> Callable[..., Release]:
    """Make a release of a version; keywords replace its fields."""

    def make(version: str, **fields: Any) -> Release:  # noqa: ANN401 - whatever the fields of a release are
        return Release(**{"version": version, "uploaded": dt.datetime(2024, 1, 1, tzinfo=dt.UTC), **fields})

    return make


@pytest.fixture(scope="session")
def make_cell(make_release: Callable[..., Release]) -> Callable[..., Cell]:
    """Make a cell; keywords replace its fields, ``version`` its release."""

    def make(*, version: str = "0.27.0", **fields: Any) -> Cell:  # noqa: ANN401 - whatever the fields of a cell are
        given = {
            "scenario": "some-failure",
            "variant": "default",
            "subject": "uvicorn",
            "release": make_release(version),
            "python": "3.12",
            "platform": "linux",
        }
        return Cell(**{**given, **fields})

    return make


@pytest.fixture(scope="session")
def make_result() -> Callable[..., CellResult]:
    """Make a result; keywords replace its fields. Its id follows from them."""

    def make(**fields: Any) -> CellResult:  # noqa: ANN401 - whatever the fields of a result are
        given: dict[str, Any] = {
            "scenario": "some-failure",
            "variant": "default",
            "subject": "uvicorn",
            "version": "0.27.0",
            "python": "3.12",
            "python_full": "3.12.1",
            "platform": "linux",
            "verdict": Verdict.ABSENT,
            "reason": None,
            "expected": None,
            "trials": 1,
            "duration_s": 1.5,
            "cached": False,
            "evidence": None,
            "environment": None,
            **fields,
        }
        named = "{scenario}_{variant}_{subject}-{version}_py{python}_{platform}".format(**given)
        return CellResult(**{"id": named, **given})

    return make
