"""The store of environments: whole or not at all, built once, failures remembered where they are the release's."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import functools
import threading
from typing import TYPE_CHECKING

import pytest

from harness.environments import indexes
from harness.environments.backend import Request, Resolution
from harness.environments.indexes import Indexes
from harness.environments.store import Store
from harness.environments.uv import TransientEnvironmentError, Uv
from harness.errors import EnvironmentFailedError, UnsatisfiableError
from harness.processes import process
from tests.place import Fixed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REQUEST = Request(
    subject="uvicorn",
    requirements=("uvicorn==0.27.0",),
    as_of=dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    python="3.8",
    platform="linux",
)
RESOLUTION = Resolution(request=REQUEST, interpreter="/python/3.8", python_full="3.8.18", pins=("uvicorn==0.27.0",))


class Builder:
    """Builds a folder with two files, and counts; fails first with the given errors."""

    def __init__(self, *failures: Exception) -> None:
        """Fail with each of these, then succeed."""
        self.count = 0
        self.failures = list(failures)

    def build(self, folder: Path) -> None:
        """Stand in for a real build."""
        self.count += 1
        assert not folder.exists(), "a build starts from nothing"
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").write_text("python")
        if self.failures:
            raise self.failures.pop(0)
        (folder / "bin" / "uvicorn").write_text("uvicorn")

    def resolve(self) -> Resolution:
        """Stand in for a real resolution."""
        self.count += 1
        if self.failures:
            raise self.failures.pop(0)
        return RESOLUTION


@pytest.fixture
def store(tmp_path: Path) -> Callable[..., Store]:
    """Open the store of this test, as each run does."""

    def opened(*, retry: bool = False) -> Store:
        return Store(tmp_path / "cache", uv=Uv(lambda: Fixed("0" * 32, tmp_path)), retry=retry)

    return opened


def test_environment_is_built_once(store: Callable[..., Store]) -> None:
    """The next run finds it."""
    builder = Builder()
    first = store().environment(RESOLUTION, builder.build)
    assert store().environment(RESOLUTION, builder.build) == first
    assert builder.count == 1
    assert (first / "bin" / "uvicorn").is_file()


def test_other_pins_are_another_environment() -> None:
    """Also another interpreter or platform; the order of the pins does not matter."""
    base = {"request": REQUEST, "interpreter": "/python/3.8", "python_full": "3.8.18"}
    one = Resolution(**base, pins=("a==1", "b==2"))  # type: ignore[arg-type]
    same = Resolution(**base, pins=("b==2", "a==1"))  # type: ignore[arg-type]
    other = Resolution(**base, pins=("a==1", "b==3"))  # type: ignore[arg-type]
    newer = Resolution(**{**base, "python_full": "3.8.19"}, pins=("a==1", "b==2"))  # type: ignore[arg-type]
    assert one.digest == same.digest
    assert len({one.digest, other.digest, newer.digest}) == 3


@pytest.mark.parametrize("damage", ["remove", "truncate", "add", "marker", "torn marker"])
def test_damage_is_seen_and_mended(damage: str, store: Callable[..., Store]) -> None:
    """A file gone, cut or strange; a marker gone or torn."""
    builder = Builder()
    folder = store().environment(RESOLUTION, builder.build)
    program = folder / "bin" / "uvicorn"
    marker = folder / ".harness-complete.json"
    if damage == "remove":
        program.unlink()
    elif damage == "truncate":
        program.write_text("")
    elif damage == "add":
        (folder / "bin" / "strange").write_text("x")
    elif damage == "marker":
        marker.unlink()
    else:
        marker.write_text("{")
    store().environment(RESOLUTION, builder.build)
    assert builder.count == 2
    assert program.read_text() == "uvicorn"
    assert not (folder / "bin" / "strange").exists()


def test_byte_code_is_no_damage(store: Callable[..., Store]) -> None:
    """Using an environment does not spoil it."""
    builder = Builder()
    folder = store().environment(RESOLUTION, builder.build)
    (folder / "lib" / "__pycache__").mkdir(parents=True)
    (folder / "lib" / "__pycache__" / "x.cpython-38.pyc").write_text("x")
    (folder / "lib" / "y.pyc").write_text("x")
    store().environment(RESOLUTION, builder.build)
    assert builder.count == 1


def test_interrupted_build_is_wiped(store: Callable[..., Store]) -> None:
    """Nothing of it is ever taken for an environment; the next build starts from nothing."""
    builder = Builder(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        store().environment(RESOLUTION, builder.build)
    folder = store().environment(RESOLUTION, builder.build)
    assert builder.count == 2
    assert (folder / "bin" / "uvicorn").is_file()


def test_failed_build_is_remembered(store: Callable[..., Store]) -> None:
    """A release that cannot be built is not built again and again; the reason says how to insist."""
    builder = Builder(EnvironmentFailedError("no compiler"))
    with pytest.raises(EnvironmentFailedError, match="no compiler"):
        store().environment(RESOLUTION, builder.build)
    with pytest.raises(EnvironmentFailedError, match=r"no compiler \('--rerun' tries it again\)"):
        store().environment(RESOLUTION, builder.build)
    assert builder.count == 1


def test_failed_build_is_tried_again_on_request(store: Callable[..., Store]) -> None:
    """``--rerun``; once it works, the failure is forgotten."""
    builder = Builder(EnvironmentFailedError("no compiler"))
    with pytest.raises(EnvironmentFailedError):
        store().environment(RESOLUTION, builder.build)
    store(retry=True).environment(RESOLUTION, builder.build)
    folder = store().environment(RESOLUTION, builder.build)
    assert builder.count == 2
    assert not list(folder.parent.glob("*.failed.json"))


@pytest.mark.parametrize("retry", [False, True])
def test_cells_that_share_a_failed_build_have_one_reason(retry: bool, store: Callable[..., Store]) -> None:  # noqa: FBT001
    """Whichever came first, and the build is tried once in a run."""
    builder, opened = Builder(EnvironmentFailedError("no compiler")), store(retry=retry)
    for _ in range(3):
        with pytest.raises(EnvironmentFailedError, match=r"no compiler$"):
            opened.environment(RESOLUTION, builder.build)
    assert builder.count == 1


def test_failed_network_is_not_remembered(store: Callable[..., Store]) -> None:
    """It is not the release's fault."""
    builder = Builder(TransientEnvironmentError("dns error"))
    with pytest.raises(TransientEnvironmentError):
        store().environment(RESOLUTION, builder.build)
    store().environment(RESOLUTION, builder.build)
    assert builder.count == 2


def create(opened: Store, folder: Path) -> None:
    """Build as a kind of environment does."""
    opened.uv.create(folder, python=folder)


@pytest.mark.parametrize(
    ("said", "remembered"),
    [
        ("error: failed to write to file: No space left on device (os error 28)", False),
        ("error: Failed to fetch: `toy`", False),
        ("error: the build backend returned an error", True),
    ],
)
def test_what_the_machine_lacks_is_not_remembered_as_the_release_s(
    said: str,
    remembered: bool,  # noqa: FBT001 - a column of the table
    store: Callable[..., Store],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full disk is emptied, a network comes back; a release that does not build stays so."""
    monkeypatch.setattr(indexes, "configured", lambda: Indexes(default="https://localhost/simple"))
    monkeypatch.setattr(process, "run", lambda *_, **__: process.Completed(exit_status=2, output=said))
    for again in (False, True):
        opened = store()
        with pytest.raises(EnvironmentFailedError) as error:
            opened.environment(RESOLUTION, functools.partial(create, opened))
        assert ("'--rerun' tries it again" in str(error.value)) is (again and remembered)


def test_many_ask_and_one_builds(store: Callable[..., Store]) -> None:
    """Cells that share an environment wait for it."""
    builder = Builder()
    together = threading.Barrier(8, timeout=10)

    def ask() -> Path:
        together.wait()
        return store().environment(RESOLUTION, builder.build)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = [future.result() for future in [pool.submit(ask) for _ in range(8)]]
    assert builder.count == 1
    assert len(set(found)) == 1


def test_resolution_is_kept(store: Callable[..., Store]) -> None:
    """By request and interpreter."""
    builder = Builder()
    assert store().resolution(REQUEST, "3.8.18", builder.resolve) == RESOLUTION
    assert store().resolution(REQUEST, "3.8.18", builder.resolve) == RESOLUTION
    assert builder.count == 1
    store().resolution(REQUEST, "3.8.19", builder.resolve)
    assert builder.count == 2


def test_failed_resolution_is_remembered_and_retried_on_request(store: Callable[..., Store]) -> None:
    """As a failed build is."""
    builder = Builder(EnvironmentFailedError("unsatisfiable"))
    for words in ("unsatisfiable$", r"unsatisfiable \('--rerun' tries it again\)$"):
        with pytest.raises(EnvironmentFailedError, match=words):
            store().resolution(REQUEST, "3.8.18", builder.resolve)
    assert builder.count == 1
    assert store(retry=True).resolution(REQUEST, "3.8.18", builder.resolve) == RESOLUTION


def test_what_nothing_satisfies_stays_so(store: Callable[..., Store]) -> None:
    """A later run knows that it is no failure of the environment, and the reason is the same words each time."""
    builder = Builder(UnsatisfiableError("no solution | cause: Because a needs b<2"))
    for _ in range(2):
        with pytest.raises(UnsatisfiableError) as error:
            store().resolution(REQUEST, "3.8.18", builder.resolve)
        assert error.value.cause == "Because a needs b<2"
    assert str(error.value).endswith("b<2 ('--rerun' tries it again)")
    assert builder.count == 1


def test_resolution_without_network_is_not_remembered(store: Callable[..., Store]) -> None:
    """The next run asks again."""
    builder = Builder(TransientEnvironmentError("dns error"))
    with pytest.raises(TransientEnvironmentError):
        store().resolution(REQUEST, "3.8.18", builder.resolve)
    assert store().resolution(REQUEST, "3.8.18", builder.resolve) == RESOLUTION


def test_pins_are_read_by_name() -> None:
    """Also from a wheel's path and with a marker; names are canonical."""
    pins = ("H11==0.14.0", "uvicorn @ file:///wheels/uvicorn.whl", "typing_extensions==4.0 ; python_version < '3.8'")
    resolution = Resolution(request=REQUEST, interpreter="p", python_full="3.8.18", pins=pins)
    assert resolution.pinned == {
        "h11": "0.14.0",
        "uvicorn": "file:///wheels/uvicorn.whl",
        "typing-extensions": "4.0",
    }
