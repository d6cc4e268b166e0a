"""Source distributions that uv refuses for their names: which are taken; how uv is told of them and of indexes."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import lzma
import sys
import tarfile
import time
from typing import TYPE_CHECKING

import pytest

from harness.environments import indexes, metadata, simple, sources
from harness.environments.backend import Request, Resolution
from harness.environments.indexes import Indexes
from harness.environments.inventory import files_in
from harness.environments.simple import File, Page
from harness.environments.uv import Uv
from harness.errors import EnvironmentFailedError, IndexUnavailableError
from harness.processes import process
from tests.place import Fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NOW = dt.datetime(2019, 4, 1, tzinfo=dt.UTC)
REQUEST = Request(subject="klein", requirements=("klein",), as_of=NOW, python="3.8", platform="linux")
REFUSED = "has a non-PEP 625-compliant source distribution filename"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (f"Because twisted==18.9.0 {REFUSED} and you require twisted==18.9.0", (("twisted", "==18.9.0"),)),
        (f"Because Twisted>=15.5.0\n   {REFUSED} and klein>=17.10.0 depends on it", (("twisted", ">=15.5.0"),)),
        (
            "Because all versions of twisted have a non-PEP 625-compliant source distribution filename",
            (("twisted", ""),),
        ),
        ("error: Failed to fetch", ()),
    ],
)
def test_what_uv_refuses_is_read_from_what_it_says(said: str, wanted: tuple[tuple[str, str], ...]) -> None:
    """Also where it breaks its lines."""
    assert sources.refused(said) == wanted


def _file(version: str, **extra: object) -> File:
    return File(
        filename=f"Twisted-{version}.tar.bz2",
        url="https://localhost/x",
        upload_time=extra.get("upload_time", NOW - dt.timedelta(days=30)),  # type: ignore[arg-type]
        requires_python=extra.get("requires_python"),  # type: ignore[arg-type]
        yanked=bool(extra.get("yanked")),
    )


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List some files, and note which are fetched."""
    page = Page(
        files=(
            _file("17.9.0"),
            _file("18.7.0"),
            _file("18.9.0", requires_python=">=3.9"),
            _file("19.1.0rc1"),
            _file("19.1.0", upload_time=NOW + dt.timedelta(days=1)),
            _file("18.8.0", yanked=True),
            File(filename="twisted-18.7.5.tar.gz", upload_time=NOW),
        )
    )
    done: list[str] = []

    def download(url: str, into: io.BufferedWriter, **_: object) -> None:
        done.append(url)
        into.write(bz2.compress(b"the archive"))

    monkeypatch.setattr(simple, "page_of", lambda _package: page)
    monkeypatch.setattr(simple, "download", download)
    return done


@pytest.mark.parametrize(
    ("specifier", "version"),
    [("", "18.7.0"), (">=16", "18.7.0"), ("<18", "17.9.0"), ("==18.8.0", "18.8.0"), ("==19.1.0rc1", "19.1.0rc1")],
)
def test_the_newest_that_an_installer_of_that_day_takes_is_offered(
    specifier: str, version: str, fetched: list[str], tmp_path: Path
) -> None:
    """Once, under the name that uv takes."""
    for _ in range(2):
        (found,) = sources.found_for([("twisted", specifier)], REQUEST, into=tmp_path, but=()).items()
    assert found[0] == f"twisted=={version}"
    assert gzip.decompress((found[1] / f"twisted-{version}.tar.gz").read_bytes()) == b"the archive"
    assert fetched == ["https://localhost/x"]


@pytest.mark.usefixtures("fetched")
def test_what_did_not_serve_is_not_offered_again(tmp_path: Path) -> None:
    """The next older one is; in the end nothing."""
    again = sources.found_for([("twisted", ">=16")], REQUEST, into=tmp_path, but=["twisted==18.7.0"])
    assert list(again) == ["twisted==17.9.0"]
    assert sources.found_for([("twisted", "==1.0")], REQUEST, into=tmp_path, but=()) == {}


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("Toy-1.0.tar.bz2", bz2.compress),
        ("toy-1.0.tar.xz", lzma.compress),
        ("toy-1.0.tgz", gzip.compress),
        ("toy-1.0.tar", lambda data: data),
    ],
)
def test_every_kind_of_archive_is_packed_anew(name: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """As uv takes it."""
    (tmp_path / name).write_bytes(pack(b"the archive"))
    made = sources.repacked(tmp_path / name, tmp_path)
    assert made.name.lower() == "toy-1.0.tar.gz"
    assert gzip.decompress(made.read_bytes()) == b"the archive"


def test_an_archive_that_is_none_is_told(tmp_path: Path) -> None:
    """By its name."""
    (tmp_path / "toy-1.0.tar.bz2").write_bytes(b"half a download")
    with pytest.raises(EnvironmentFailedError, match=r"toy-1.0.tar.bz2 is not the archive"):
        sources.repacked(tmp_path / "toy-1.0.tar.bz2", tmp_path)


def test_an_answer_that_drips_is_left_behind() -> None:
    """However often it sends a byte: the deadline is of the whole."""
    began = time.monotonic()
    with pytest.raises(IndexUnavailableError, match="has not ended"):
        simple.in_time(lambda: time.sleep(5), 0.1)
    assert time.monotonic() - began < 4


class SaidUv(Uv):
    """A uv that says what it is told to say, and notes how it was called."""

    def __init__(self, temporary: Path, *said: process.Completed) -> None:
        """Say these, one after the other."""
        super().__init__(lambda: Fixed("0" * 32, temporary))
        self.said = list(said)
        self.asked: list[tuple[str, ...]] = []

    def _run(self, argv: Sequence[str], *, deadline_s: float) -> process.Completed:
        assert deadline_s > 0
        self.asked.append(tuple(argv))
        return self.said.pop(0)


def failed(output: str) -> process.Completed:
    """Return the end of a uv that failed."""
    return process.Completed(exit_status=1, output=output)


WELL = process.Completed(exit_status=0, output="klein==17.10.0\ntwisted==18.7.0\n")


@pytest.mark.usefixtures("fetched")
def test_uv_is_asked_again_with_what_it_refused(tmp_path: Path) -> None:
    """What pip can install is installable."""
    uv = SaidUv(tmp_path, failed(f"Because all versions of twisted {REFUSED.replace('has', 'have')}"), WELL)
    assert uv.resolve(REQUEST, python=tmp_path) == ("klein==17.10.0", "twisted==18.7.0")
    assert "--find-links" not in uv.asked[0]
    assert "--find-links" in uv.asked[1]


def test_a_build_that_is_too_old_for_setuptools_gets_an_older_one(tmp_path: Path) -> None:
    """Once: what fails with that too has failed."""
    said = failed("ImportError: cannot import name 'Feature' from 'setuptools'")
    uv = SaidUv(tmp_path, said, said)
    with pytest.raises(EnvironmentFailedError, match="Feature"):
        uv.resolve(REQUEST, python=tmp_path)
    first, second = uv.asked
    assert "--build-constraints" not in first
    (path,) = (tmp_path / one.rsplit("/", 1)[-1] for one in [second[second.index("--build-constraints") + 1]])
    assert path.read_text() == "setuptools<46\n"


def test_no_message_has_the_password_of_an_index(tmp_path: Path) -> None:
    """It lands in the logs of CI, and in documents."""
    uv = SaidUv(tmp_path, failed("error: Failed to fetch: `https://me:hunter2@localhost/simple/klein/`"))
    with pytest.raises(EnvironmentFailedError) as error:
        uv.resolve(REQUEST, python=tmp_path)
    assert "hunter2" not in str(error.value)
    assert "https://localhost/simple/klein/" in str(error.value)


def test_the_configuration_is_its_owner_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may hold a password."""
    monkeypatch.delenv("UV_NO_CONFIG", raising=False)
    monkeypatch.delenv("UV_CONFIG_FILE", raising=False)
    monkeypatch.setattr(indexes, "configured", lambda: Indexes(default="https://me:hunter2@localhost/simple"))
    asked: list[list[str]] = []

    def run(argv: Sequence[str], **_: object) -> process.Completed:
        asked.append(list(argv))
        return WELL

    monkeypatch.setattr(process, "run", run)
    Uv(lambda: Fixed("0" * 32, tmp_path)).resolve(REQUEST, python=tmp_path)
    assert "hunter2" in (tmp_path / "uv.toml").read_text()
    if sys.platform != "win32":  # which has no such bits
        assert (tmp_path / "uv.toml").stat().st_mode & 0o077 == 0
    assert "hunter2" not in " ".join(asked[0])


@pytest.fixture
def nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let neither uv nor pip be configured for anything."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("HOME", str(tmp_path))
    said = "--index-url https://localhost/of-uv-itself\n--extra-index-url https://localhost/of-uv\n"
    monkeypatch.setattr(process, "ask", lambda *_, **__: process.Completed(exit_status=0, output=said))
    indexes.configured.cache_clear()


@pytest.mark.usefixtures("nothing_configured")
def test_indexes_of_uv_and_of_pip_count(tmp_path: Path) -> None:
    """Further ones come first, as they do for uv; with those of pip, all count together."""
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://localhost/own\nextra-index-url =\n  https://localhost/a\n  https://localhost/b\n"
    )
    found = indexes.configured()
    indexes.configured.cache_clear()
    assert found.default == "https://localhost/own"
    assert found.extra == ("https://localhost/of-uv", "https://localhost/a", "https://localhost/b")
    assert found.together
    told = indexes.configuration(found)
    assert "unsafe-best-match" in told
    assert "of-uv" not in told
    assert indexes.variables(found)["UV_EXTRA_INDEX_URL"].split() == list(found.extra)


def test_files_say_what_differs_between_the_same_pins() -> None:
    """A parser in C is not its twin in Python."""
    said = (
        'harness-files [{"name": "aiohttp", "tags": ["cp38-cp38-linux_x86_64"], "compiled": true},'
        '{"name": "Six", "tags": ["py2-none-any", "py3-none-any"], "compiled": false},'
        '{"name": "yarl", "tags": ["cp38-cp38-manylinux1_x86_64"], "compiled": true},'
        '{"name": "zope.event", "tags": ["py3-none-any"], "compiled": false}]\n'
    )
    found = files_in(process.Completed(exit_status=0, output=said), wheels={"six", "yarl"})
    assert found == {
        "aiohttp": "built from source, compiled",
        "six": "wheel py2.py3-none-any",
        "yarl": "wheel cp38-cp38-manylinux1_x86_64, compiled",
        "zope-event": "built from source, pure",
    }


def test_packages_with_wheels_are_read_from_the_lock(tmp_path: Path) -> None:
    """All others are built here."""
    lock = (
        'lock-version = "1.0"\n[[packages]]\nname = "Six"\nwheels = [{url = "https://localhost/six.whl"}]\n'
        '[[packages]]\nname = "yarl"\nsdist = {url = "https://localhost/yarl.tar.gz"}\n'
        '[[packages]]\nname = "own"\narchive = {path = "/tmp/own-1.0-py3-none-any.whl"}\n'
    )
    uv = SaidUv(tmp_path, process.Completed(exit_status=0, output=lock))
    resolution = Resolution(request=REQUEST, interpreter="/python", python_full="3.8.18", pins=("six==1.0",))
    assert uv.with_wheels(resolution, python=tmp_path) == {"six", "own"}


def test_a_source_distribution_says_what_it_is(tmp_path: Path) -> None:
    """By its own PKG-INFO, not by that of what lies deeper in it."""
    with tarfile.open(tmp_path / "toy-1.0.tar.gz", "w:gz") as archive:
        for name, text in (("toy-1.0/x/PKG-INFO", b"Name: x\n"), ("toy-1.0/PKG-INFO", b"Name: toy\nVersion: 1.0\n")):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    assert metadata.of(tmp_path / "toy-1.0.tar.gz")["Name"] == "toy"
