"""Environments for Wine: what is resolved and installed, how a program of one is run; neither uv nor Wine is run."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.environments import interpreters, runtimes, wine, wine_environments
from harness.environments.backend import Request, Resolution
from harness.environments.interpreters import Interpreter
from harness.environments.runtimes import Runtime
from harness.environments.store import Store
from harness.environments.uv import TransientEnvironmentError, Uv
from harness.environments.wine import Wine
from harness.environments.wine_environments import WineEnvironment, WineEnvironments
from harness.errors import EnvironmentFailedError
from harness.processes import process
from tests.place import Fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Wine is for POSIX machines")
REQUEST = Request(
    subject="uvicorn",
    requirements=("uvicorn==0.11.0",),
    as_of=dt.datetime(2019, 12, 21, tzinfo=dt.UTC),
    python="3.8",
    platform="windows-wine",
)
RESOLUTION = Resolution(
    request=REQUEST,
    interpreter="/python/3.8/python.exe",
    python_full="3.8.10",
    pins=("uvicorn==0.11.0", "click==7.0"),
    runtime="Wine 8.0",
)


class AskedUv(Uv):
    """Writes down what it is asked for; fails first with the given errors."""

    def __init__(self, temporary: Path, *failures: Exception) -> None:
        """Fail with each of these, then succeed."""
        super().__init__(lambda: Fixed("0" * 32, temporary))
        self.failures = list(failures)
        self.asked: list[tuple[str, ...]] = []
        self.overrides: list[str] = []

    def resolve(self, request: Request, *, python: Path, options: Sequence[str] = ()) -> tuple[str, ...]:
        """Stand in for a real resolution."""
        assert request == REQUEST
        self.asked.append((str(python), *options))
        if "--override" in options:
            self.overrides.append(Path(options[-1]).read_text())
        if self.failures:
            raise self.failures.pop(0)
        return RESOLUTION.pins

    def varied(self, variables: Mapping[str, str]) -> Uv:
        """Be the same one, and write down what is to be in its environment."""
        self.variables = dict(variables)
        return self

    def with_wheels(self, resolution: Resolution, *, python: Path, options: Sequence[str] = ()) -> frozenset[str]:
        """Say that everything came as a wheel."""
        assert (str(python), *options)[1:] == self.asked[-1][3:]
        return frozenset(resolution.pinned)

    def install(self, resolution: Resolution, *, python: Path, options: Sequence[str] = ()) -> None:
        """Stand in for a real installation."""
        assert resolution.pins == RESOLUTION.pins
        self.asked.append((str(python), *options))
        folder = Path(options[options.index("--target") + 1])
        (folder / "uvicorn").mkdir(parents=True)


@pytest.fixture
def template(tmp_path: Path) -> Wine:
    """Wine with the template of its prefixes, without any program."""
    folder = tmp_path / "template"
    (folder / "drive_c" / "users" / "somebody").mkdir(parents=True)
    (folder / "drive_c" / "windows").mkdir()
    (folder / "dosdevices").mkdir()
    for name in ("system.reg", "user.reg", "userdef.reg", ".update-timestamp"):
        (folder / name).write_text(name)
    return Wine(program="/wine/wine64", version="Wine 8.0", template=folder)


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How the next starts of Wine's server end; well, where nothing is said."""
    outcomes: list[int] = []

    class Started:
        def __init__(self, argv: Sequence[str], **_: object) -> None:
            assert argv == ("/wine/wineserver", "-p")
            self._status = outcomes.pop(0) if outcomes else 0

        def wait(self, _: float) -> int:
            return self._status

        def end(self) -> int:
            assert self._status != 0, "it is handed on"
            return 0

        def close(self) -> None:
            self.end()

    monkeypatch.setattr(process, "Process", Started)
    return outcomes


@pytest.fixture
def environment(template: Wine, tmp_path: Path, starts: list[int]) -> WineEnvironment:
    """A built environment, in which Wine's server starts."""
    assert starts == []
    return WineEnvironment(folder=tmp_path / "environment", resolution=RESOLUTION, wine=template)


@pytest.fixture
def machine(template: Wine, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What this machine has: its Wine, its Windows CPython and its own CPython."""
    has: dict[str, object] = {"wine": template, "runtime": Runtime(folder=Path("/python/3.8"), full="3.8.10")}
    own = Interpreter(python="3.8", full="3.8.18", path="/usr/bin/python3.8", source="PATH")
    monkeypatch.setattr(wine_environments, "find", lambda **_: has["wine"])
    monkeypatch.setattr(runtimes, "ensure", lambda *_, **__: has["runtime"])
    monkeypatch.setattr(interpreters, "find", lambda _: own)
    return has


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., tuple[WineEnvironments, AskedUv]]:
    """Open the kind on the store of this test, as each run does."""

    def opened(*failures: Exception) -> tuple[WineEnvironments, AskedUv]:
        uv = AskedUv(tmp_path, *failures)
        return WineEnvironments(Store(tmp_path / "cache", uv=uv)), uv

    return opened


@pytest.mark.parametrize(
    ("program", "arguments", "expected"),
    [
        ("python", ("-c", "1"), ("-c", "1")),
        ("python", (), ()),
        ("uvicorn", ("application:asgi3", "--reload"), ("-m", "uvicorn", "application:asgi3", "--reload")),
    ],
)
def test_command_runs_the_windows_python(
    program: str, arguments: tuple[str, ...], expected: tuple[str, ...], environment: WineEnvironment
) -> None:
    """A console script is the module of its name: packages in a folder have no programs."""
    assert environment.command(program, arguments) == ("/wine/wine64", "/python/3.8/python.exe", *expected)


def test_variables_name_the_folders_as_windows_does(
    environment: WineEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application is found before what is installed, and nothing that the caller named."""
    monkeypatch.setenv("PYTHONPATH", "/of/the/caller")
    folder = tmp_path / "trial"
    variables = environment.surroundings(folder, "mark").variables
    expected = [f"Z:{tmp_path}/trial".replace("/", "\\"), f"Z:{tmp_path}/environment".replace("/", "\\")]
    assert variables["PYTHONPATH"].split(";") == expected
    assert "/" not in variables["PYTHONPATH"]
    assert variables["HOME"] == variables["TMPDIR"] == str(folder)


def test_variables_hold_nothing_of_the_caller(
    environment: WineEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is called."""
    before = environment.surroundings(tmp_path / "one", "mark").variables
    for name in ("PYTHONHOME", "VIRTUAL_ENV", "UVICORN_WORKERS", "WEB_CONCURRENCY", "WINEARCH", "DISPLAY", "TOKEN"):
        monkeypatch.setenv(name, "of the caller")
    after = environment.surroundings(tmp_path / "other", "mark").variables
    assert set(after) == set(before)
    assert "of the caller" not in "".join(after.values())


def test_every_server_has_a_prefix_of_its_own(environment: WineEnvironment, tmp_path: Path) -> None:
    """Below the folder of its trial, with which it is removed."""
    folder = tmp_path / "trial"
    prefixes = [Path(environment.surroundings(folder, "mark").variables["WINEPREFIX"]) for _ in range(2)]
    assert len(set(prefixes)) == 2
    for prefix in prefixes:
        assert prefix.is_relative_to(folder)
        assert (prefix / "user.reg").is_file()


def test_server_may_be_started_again(environment: WineEnvironment, tmp_path: Path) -> None:
    """As on every other platform."""
    environment.surroundings(tmp_path / "trial", "mark")
    environment.surroundings(tmp_path / "trial", "mark")


def test_wine_that_does_not_start_is_not_the_release_s_failure(
    environment: WineEnvironment, starts: list[int], tmp_path: Path
) -> None:
    """Another prefix may start; where none does it is told, before any Windows program could be blamed."""
    starts += [1, 1]
    assert environment.surroundings(tmp_path / "one", "mark").variables["WINEDEBUG"].startswith("err+all,fixme-all")
    starts += [1, 1, 1]
    with pytest.raises(
        EnvironmentFailedError, match=r"Wine 8\.0 does not start in a new prefix: wineserver ended with 1"
    ):
        environment.surroundings(tmp_path / "other", "mark")


@pytest.mark.usefixtures("machine")
def test_resolution_is_for_windows(opened: Callable[..., tuple[WineEnvironments, AskedUv]]) -> None:
    """With the Windows CPython in full, and what it runs in; the CPython of this machine only builds."""
    kind, uv = opened()
    assert kind.resolve(REQUEST) == RESOLUTION
    ((python, *options),) = uv.asked
    assert python == "/usr/bin/python3.8"
    assert options[:4] == ["--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.8"]
    assert "--override" not in options


@pytest.mark.usefixtures("machine")
def test_resolution_is_remembered(opened: Callable[..., tuple[WineEnvironments, AskedUv]]) -> None:
    """By this run and the next."""
    opened()[0].resolve(REQUEST)
    kind, uv = opened()
    assert kind.resolve(REQUEST) == RESOLUTION
    assert not uv.asked


@pytest.mark.parametrize("newer", ["wine", "runtime"])
def test_other_wine_or_python_is_another_environment(
    newer: str, machine: dict[str, object], opened: Callable[..., tuple[WineEnvironments, AskedUv]], template: Wine
) -> None:
    """What was measured under one Wine is not told of another."""
    first = opened()[0].resolve(REQUEST)
    if newer == "wine":
        machine["wine"] = Wine(program="/wine/wine64", version="Wine 9.0", template=template.template)
    else:
        machine["runtime"] = Runtime(folder=Path("/python/3.8"), full="3.8.11")
    second = opened()[0].resolve(REQUEST)
    assert second.digest != first.digest


@pytest.mark.usefixtures("machine")
def test_what_is_not_to_be_had_for_windows_is_left_out(
    opened: Callable[..., tuple[WineEnvironments, AskedUv]],
) -> None:
    """Only where the whole cannot be had, and only what no scenario needs."""
    kind, uv = opened(EnvironmentFailedError("websockets has no wheel of that time"))
    assert kind.resolve(REQUEST) == RESOLUTION
    assert len(uv.asked) == 2
    assert uv.overrides == ["websockets ; sys_platform == 'never'"]


@pytest.mark.usefixtures("machine")
def test_what_cannot_be_had_at_all_is_told(opened: Callable[..., tuple[WineEnvironments, AskedUv]]) -> None:
    """By what failed last; that is not for want of what can be left out."""
    kind, _ = opened(EnvironmentFailedError("the first"), EnvironmentFailedError("uvicorn has no wheel"))
    with pytest.raises(EnvironmentFailedError, match="uvicorn has no wheel"):
        kind.resolve(REQUEST)


@pytest.mark.usefixtures("machine")
def test_lack_of_a_network_leaves_nothing_out(opened: Callable[..., tuple[WineEnvironments, AskedUv]]) -> None:
    """Else the pins of a release depend on the weather of the day it was first resolved on."""
    kind, _ = opened(TransientEnvironmentError("dns error"))
    with pytest.raises(TransientEnvironmentError):
        kind.resolve(REQUEST)


def test_machine_without_wine_is_not_remembered(
    opened: Callable[..., tuple[WineEnvironments, AskedUv]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Once it is installed the cell runs, without ``--rerun``."""
    monkeypatch.setattr(wine, "loader", lambda: None)
    with pytest.raises(EnvironmentFailedError, match="harness setup --yes"):
        opened()[0].resolve(REQUEST)
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.usefixtures("machine")
def test_packages_are_installed_into_a_folder(
    opened: Callable[..., tuple[WineEnvironments, AskedUv]], template: Wine
) -> None:
    """For Windows, once."""
    kind, uv = opened()
    built = kind.build(RESOLUTION)
    assert kind.build(RESOLUTION) == built
    assert built.wine == template
    assert built.resolution == RESOLUTION
    assert (built.folder / "uvicorn").is_dir()
    ((_, *options),) = uv.asked
    where = ["--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.8"]
    assert options == ["--target", str(built.folder), *where]
