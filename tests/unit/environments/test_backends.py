"""Which platform is made by what: Wine is never Windows, and no machine stands in for another."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.environments.backend import Request, Resolution
from harness.environments.backends import BACKENDS, backend_for
from harness.environments.container import ContainerEnvironments
from harness.environments.store import Store
from harness.environments.uv import Uv
from harness.environments.venv import VirtualEnvironments
from harness.environments.wine_environments import WineEnvironments
from harness.errors import EnvironmentFailedError
from harness.model.platforms import PLATFORMS, own_platform
from harness.model.result import result_of, unsupported
from harness.model.verdict import Judgement, Verdict
from tests.place import Fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harness.model.cell import Cell
    from harness.model.scenario import Scenario

MACHINES = {"linux": "linux", "darwin": "macos", "win32": "windows"}
WINDOWS_ONLY = ("winerror87-reload", "winerror87-workers")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store that nothing is built into."""
    return Store(tmp_path / "cache", uv=Uv(lambda: Fixed("0" * 32, tmp_path)))


def test_every_kind_is_a_platform_of_the_matrix() -> None:
    """What can be run can be asked for."""
    assert set(BACKENDS) == set(PLATFORMS)
    assert BACKENDS["windows"] is VirtualEnvironments
    assert BACKENDS["windows-wine"] is WineEnvironments


@pytest.mark.parametrize(("system", "platform"), MACHINES.items())
def test_machine_is_its_own_platform(system: str, platform: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Linux machine with Wine is still Linux."""
    monkeypatch.setattr(sys, "platform", system)
    assert own_platform() == platform
    assert isinstance(backend_for(platform, store), VirtualEnvironments)


@pytest.mark.parametrize("system", MACHINES)
@pytest.mark.parametrize("platform", MACHINES.values())
def test_other_machines_platform_is_told(
    system: str, platform: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``windows`` on Linux is not silently made ``windows-wine``."""
    monkeypatch.setattr(sys, "platform", system)
    own = MACHINES[system]
    if platform != own:
        with pytest.raises(EnvironmentFailedError, match=f"{platform} is another machine's, this one is {own}"):
            backend_for(platform, store)


def test_wine_is_a_platform_of_linux(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether Wine is there is asked when a cell is prepared."""
    monkeypatch.setattr(sys, "platform", "linux")
    assert isinstance(backend_for("windows-wine", store), WineEnvironments)


@pytest.mark.parametrize("system", MACHINES)
def test_containers_are_for_machines_whose_paths_they_can_have(
    system: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether there is an engine is asked when a cell is prepared."""
    monkeypatch.setattr(sys, "platform", system)
    if system == "win32":
        with pytest.raises(EnvironmentFailedError, match="for linux and macos machines"):
            backend_for("docker:python:3.8-slim", store)
    else:
        assert isinstance(backend_for("docker:python:3.8-slim", store), ContainerEnvironments)


@pytest.mark.parametrize("platform", ["docker", "amiga"])
def test_platform_that_cannot_be_run_is_told(platform: str, store: Store) -> None:
    """With those that can."""
    with pytest.raises(EnvironmentFailedError, match="cannot be run by this version") as error:
        backend_for(platform, store)
    assert all(name in str(error.value) for name in BACKENDS)


@pytest.mark.parametrize("name", WINDOWS_ONLY)
@pytest.mark.parametrize(("platform", "can"), [("windows", True), ("windows-wine", True), ("linux", False)])
def test_failure_of_windows_exists_under_wine(
    name: str,
    platform: str,
    can: bool,  # noqa: FBT001 - whether the cell can exist
    bundled: Mapping[str, Scenario],
    make_cell: Callable[..., Cell],
) -> None:
    """And nowhere else; the reason says where."""
    reason = unsupported(make_cell(scenario=name, platform=platform), bundled[name])
    assert reason == (None if can else "the failure exists on windows only")


@pytest.mark.parametrize("platform", ["linux", "macos"])
def test_wine_admits_no_failure_of_another_system(
    platform: str, make_scenario: Callable[..., Scenario], make_cell: Callable[..., Cell]
) -> None:
    """Wine stands for Windows, not for the Linux below it."""
    scenario = make_scenario(platforms=(platform,))
    assert unsupported(make_cell(platform=platform), scenario) is None
    assert unsupported(make_cell(platform="windows-wine"), scenario)


@pytest.mark.parametrize("verdict", [Verdict.REPRODUCED, Verdict.UNHEALTHY])
def test_result_under_wine_is_never_called_windows(
    verdict: Verdict, make_scenario: Callable[..., Scenario], make_cell: Callable[..., Cell]
) -> None:
    """Neither by its platform nor by its id, which names its folder of evidence."""
    cell = make_cell(platform="windows-wine")
    judgement = Judgement(verdict=verdict, signature="[WinError 87]", reason="because")
    result = result_of(cell, make_scenario(platforms=("windows",)), judgement)
    assert result.platform == "windows-wine"
    assert result.id == cell.id
    assert result.id.split("_")[-1] == "windows-wine"
    assert result.id != make_cell(platform="windows").id


def test_same_pins_on_wine_and_windows_are_two_environments() -> None:
    """Nor is a result of one found in the journal for the other: its key holds this digest and the cell's id."""
    request = Request(
        subject="uvicorn",
        requirements=("uvicorn==0.11.0",),
        as_of=dt.datetime(2019, 12, 21, tzinfo=dt.UTC),
        python="3.8",
        platform="windows",
    )
    windows = Resolution(request=request, interpreter="python.exe", python_full="3.8.10", pins=("uvicorn==0.11.0",))
    under_wine = msgspec.structs.replace(windows, request=msgspec.structs.replace(request, platform="windows-wine"))
    told = msgspec.structs.replace(under_wine, runtime="Wine 8.0")
    newer = msgspec.structs.replace(under_wine, runtime="Wine 9.0")
    assert len({one.digest for one in (windows, under_wine, told, newer)}) == 4
