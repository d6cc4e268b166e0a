"""Values and folders that the unit tests share; nothing in here starts a server."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.catalog import loading
from harness.model.cell import Cell
from harness.model.evidence import Ended, Evidence, Frame
from harness.model.expectation import Expectation
from harness.model.release import Release
from harness.model.result import CellResult
from harness.model.scenario import Scenario
from harness.model.verdict import Check, Judgement, Verdict, conclude
from tests import profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEPT = Path(__file__).parent / "evidence"

profiles.load()


def _nothing(_trial: object) -> None:
    """Stand in for ``observe``."""


def _absent(_evidence: Evidence) -> Judgement:
    """Stand in for ``judge``: always absent, with the least that backs it."""
    works, met = (Check(name=name, expected="yes", actual="yes") for name in ("works", "is met"))
    return conclude(signature=None, controls=[works], requirement=met)


@pytest.fixture(scope="session")
def kept() -> Callable[[str, str], Evidence]:
    """Read one kept trial: scenario id and file name without its ending."""

    def read(scenario: str, name: str) -> Evidence:
        return msgspec.json.decode((KEPT / scenario / f"{name}.json").read_bytes(), type=Evidence)

    return read


@pytest.fixture(scope="session")
def bundled() -> Mapping[str, Scenario]:
    """The project's own scenarios by id."""
    loaded = loading.load([loading.bundled("scenarios")])
    return {name: one.scenario for name, one in loaded.items()}


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


def _answer(body: str, status: int = 200) -> bytes:
    """Return the bytes of a whole answer."""
    return f"HTTP/1.1 {status} Words\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


@pytest.fixture(scope="session")
def answer() -> Callable[..., bytes]:
    """Make the bytes of a whole HTTP answer: body and status."""
    return _answer


@pytest.fixture(scope="session")
def alter_exchange() -> Callable[..., Evidence]:
    """Replace what was received in every exchange of a name, how it ended, or both."""

    def alter(evidence: Evidence, name: str, *, received: bytes | None = None, ended: str | None = None) -> Evidence:
        changed = []
        for one in evidence.exchanges:
            if one.name == name and received is not None:
                sent = tuple(frame for frame in one.frames if frame.direction == "sent")
                back = Frame(at_s=one.ended_s, direction="received", data=received)
                one = msgspec.structs.replace(one, frames=(*sent, back))  # noqa: PLW2901 - a copy of its own
            if one.name == name and ended is not None:
                one = msgspec.structs.replace(one, ended=Ended(ended))  # noqa: PLW2901 - likewise
            changed.append(one)
        assert any(one.name == name for one in changed), f"the kept evidence has no exchange '{name}'"
        return msgspec.structs.replace(evidence, exchanges=tuple(changed))

    return alter


@pytest.fixture(scope="session")
def alter_log() -> Callable[..., Evidence]:
    """Replace words in the log of every server; they must be there."""

    def alter(evidence: Evidence, old: str, new: str) -> Evidence:
        assert any(old in server.log for server in evidence.servers), f"no kept log has '{old}'"
        servers = tuple(msgspec.structs.replace(one, log=one.log.replace(old, new)) for one in evidence.servers)
        return msgspec.structs.replace(evidence, servers=servers)

    return alter


@pytest.fixture(scope="session")
def without_exchange() -> Callable[[Evidence, str], Evidence]:
    """Take every exchange of a name away, as where it never took place."""

    def alter(evidence: Evidence, name: str) -> Evidence:
        rest = tuple(one for one in evidence.exchanges if one.name != name)
        assert len(rest) < len(evidence.exchanges), f"the kept evidence has no exchange '{name}'"
        return msgspec.structs.replace(evidence, exchanges=rest)

    return alter


@pytest.fixture(scope="session")
def never_ready() -> Callable[[Evidence], Evidence]:
    """Turn a trial into one whose servers never answered: no exchange, an empty log."""

    def alter(evidence: Evidence) -> Evidence:
        servers = tuple(msgspec.structs.replace(one, ready_s=None, log="") for one in evidence.servers)
        return msgspec.structs.replace(evidence, servers=servers, exchanges=(), silent=servers[0].name)

    return alter
