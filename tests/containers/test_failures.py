"""What is wrong with an engine or an image is said with its remedy, and the rest of the matrix goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .driving import DEBIAN, UBUNTU, Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.containers.engine import Engine

pytestmark = pytest.mark.xdist_group("containers")
SELECT = ("pipelined-keep-alive", "--server", "uvicorn==0.27.0", "--cell", "*_h11_*", "--python", "3.12")
ENGINE = Path(__file__).parents[2] / ".ci" / "engine"


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("harness-there-is-none:1", ["image harness-there-is-none:1 is not there and cannot be pulled", "check"]),
        (DEBIAN, [f"image {DEBIAN} has CPython 3.11", "not 3.12", "[pythons]"]),
        ("harness-empty:1", ["image harness-empty:1 has no CPython 3.12 that works", "install it there"]),
    ],
)
def test_image_that_cannot_be_used(
    image: str, words: list[str], caller: Caller, engine: Engine, tmp_path: Path
) -> None:
    """The cell says what to do; the cell beside it is judged."""
    if image == "harness-empty:1" and engine.known_image(image) is None:
        empty = shutil.make_archive(str(tmp_path / "empty"), "tar", tempfile.mkdtemp(dir=tmp_path))
        engine.api.import_image(empty, repository="harness-empty", tag="1")
    cells = caller.run(*SELECT, "--platform", f"docker:{image},docker:{UBUNTU}")
    failed, judged = sorted(cells, key=lambda cell: cell["verdict"] == "reproduced")
    assert (failed["verdict"], judged["verdict"]) == ("environment-failed", "reproduced")
    assert all(word in failed["reason"] for word in words), failed["reason"]


@pytest.mark.skipif(sys.platform == "win32", reason="containers are for POSIX machines")
def test_no_engine(caller: Caller, tmp_path: Path) -> None:
    """Where there is no socket, and where nobody listens on it any more."""
    missing = f"unix://{tmp_path}/s"
    (cell,) = caller.run(*SELECT, "--platform", f"docker:{UBUNTU}", DOCKER_HOST=missing)
    assert cell["verdict"] == "environment-failed"
    assert f"no container engine at {missing}; start one" in cell["reason"]
    assert "DOCKER_HOST" in cell["reason"]
    assert missing in caller.call("doctor", DOCKER_HOST=missing).stdout
    (cell,) = caller.run(*SELECT, "--platform", f"docker:{UBUNTU}", DOCKER_HOST="tcp://engine.invalid:2375")
    assert "is on another machine" in cell["reason"]


@pytest.fixture
def own_engine(engine: Engine) -> Iterator[tuple[Path, str]]:
    """An engine of this test's own, with one image, and its folder."""
    folder = Path(tempfile.mkdtemp(prefix="engine-", dir="/tmp"))
    with subprocess.Popen([ENGINE, "start", folder], stdout=subprocess.PIPE, text=True) as started:  # noqa: S603
        where = (started.stdout.readline() if started.stdout else "").strip()
    try:
        if not where:
            pytest.skip("no second engine can be started here")
        copy = f"docker save {UBUNTU} | DOCKER_HOST={where} docker load -q"
        subprocess.run(["/bin/sh", "-c", copy], check=True, env={**os.environ, "DOCKER_HOST": engine.where})  # noqa: S603
        yield folder, where
    finally:
        subprocess.run([ENGINE, "stop", folder], check=False)  # noqa: S603


def test_engine_that_dies_half_way(own_engine: tuple[Path, str], caller: Caller) -> None:
    """Its cells are not judged and not stored, the machine's own are; the same call runs them when it is back."""
    folder, where = own_engine
    select = (*SELECT, "--platform", f"docker:{UBUNTU},linux")
    with caller.start("run", *select, "--format", "json", "--quiet", DOCKER_HOST=where) as running:
        end = time.monotonic() + 120
        while len(list((caller.folder / "tmp").glob("harness-run-*/[0-9]*"))) < 2:  # a trial of either platform runs
            assert time.monotonic() < end
            time.sleep(0.1)
        time.sleep(2)
        os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
        running.communicate()
    verdicts = {line.split('"verdict":"')[1].split('"')[0] for line in _journal(caller)}
    assert verdicts == {"environment-failed", "reproduced"}
    assert any("does not answer" in line and "start it again" in line for line in _journal(caller))


def _journal(caller: Caller) -> list[str]:
    return (caller.folder / ".harness" / "journal.jsonl").read_text().splitlines()
