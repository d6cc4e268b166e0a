"""The list of releases: read from any index that speaks the simple API, kept for the day and for offline use."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.environments import index, indexes
from harness.environments.indexes import Indexes
from harness.errors import IndexUnavailableError
from harness.model.release import ordinary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES: tuple[tuple[str, str | None, str | None, bool | str], ...] = (
    ("uvicorn-0.9.0.tar.gz", "2019-09-01T10:00:00Z", None, False),
    ("uvicorn-0.10.0-py3-none-any.whl", "2019-11-02T10:00:00.123456Z", None, False),
    ("uvicorn-0.10.0.tar.gz", "2019-11-01T10:00:00Z", None, False),
    ("uvicorn-0.26.0-py3-none-any.whl", "2024-01-16T10:00:00Z", ">=3.8", "broken"),
    ("uvicorn-0.27.0-py3-none-any.whl", "2024-01-22T10:00:00Z", ">=3.8", True),
    ("uvicorn-0.27.0.tar.gz", "2024-01-22T10:00:00Z", ">=3.8", False),
    ("uvicorn-0.28.0rc1-py3-none-any.whl", "2024-03-01T10:00:00Z", ">=3.8", False),
    ("uvicorn-odd-name.exe", "2019-01-01T10:00:00Z", None, False),
    ("uvicorn-0.27.0-py3-none-any.whl.metadata", "2019-01-01T10:00:00Z", None, False),
)


class Index(http.server.ThreadingHTTPServer):
    """A package index on loopback, whose answer a test sets."""

    def __init__(self) -> None:
        """Serve nothing yet."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.content_type = "text/html"
        self.body = b""
        self.status = 200
        self.asked: list[tuple[str, str]] = []


class Handler(http.server.BaseHTTPRequestHandler):
    """Gives the answer that was set."""

    server: Index

    def do_GET(self) -> None:
        """Note what was asked for and answer."""
        self.server.asked.append((self.path, self.headers["Accept"]))
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.content_type)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the signature of http.server
        """Print nothing."""


def configure(monkeypatch: pytest.MonkeyPatch, default: str, *of_pip: str) -> None:
    """Let uv, or pip, be configured for these indexes."""
    monkeypatch.setattr(indexes, "configured", lambda: Indexes(default=default, extra=of_pip, of_pip=of_pip))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """A running index that the program is configured for."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Index() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        configure(monkeypatch, f"http://127.0.0.1:{server.server_address[1]}/simple/")
        yield server
        server.shutdown()
        thread.join()


def as_json(files: tuple[tuple[str, str | None, str | None, bool | str], ...] = FILES) -> bytes:
    """Return the answer of an index that speaks JSON."""
    rows: list[dict[str, object]] = [
        {"filename": name, "upload-time": at, "requires-python": python, "yanked": yanked, "hashes": {}, "url": name}
        for name, at, python, yanked in files
    ]
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "uvicorn", "files": rows}).encode()


def as_html(files: tuple[tuple[str, str | None, str | None, bool | str], ...] = FILES) -> bytes:
    """Return the same as a page of links."""
    rows: list[str] = []
    for name, at, python, yanked in files:
        extra = f' data-upload-time="{at}"' if at else ""
        extra += f' data-requires-python="{python.replace(">", "&gt;")}"' if python else ""
        extra += f' data-yanked="{yanked if isinstance(yanked, str) else ""}"' if yanked else ""
        rows.append(f'<a href="../../files/{name}#sha256=00"{extra}>{name}</a><br/>')
    return f"<!DOCTYPE html><html><body><a name='x'>no link</a>{''.join(rows)}</body></html>".encode()


def summary(cache: Path) -> list[tuple[str, bool, str | None, str]]:
    """Return what was understood of each release."""
    found = index.releases_of("uvicorn", cache=cache)
    return [(one.version, one.yanked, one.requires_python, one.uploaded.date().isoformat()) for one in found]


UNDERSTOOD = [
    ("0.9.0", False, None, "2019-09-01"),
    ("0.10.0", False, None, "2019-11-01"),
    ("0.26.0", True, ">=3.8", "2024-01-16"),
    ("0.27.0", False, ">=3.8", "2024-01-22"),
    ("0.28.0rc1", False, ">=3.8", "2024-03-01"),
]


@pytest.mark.parametrize("form", ["json", "html"])
def test_both_forms_are_understood_alike(form: str, served: Index, tmp_path: Path) -> None:
    """Oldest first; dated by the first upload; yanked where all files are; odd files passed over."""
    served.content_type = "application/vnd.pypi.simple.v1+json" if form == "json" else "text/html; charset=utf-8"
    served.body = as_json() if form == "json" else as_html()
    assert summary(tmp_path) == UNDERSTOOD


def test_index_is_asked_for_json_by_the_canonical_name(served: Index, tmp_path: Path) -> None:
    """HTML is the last resort."""
    served.content_type, served.body = "application/json", as_json()
    index.releases_of("Uvicorn", cache=tmp_path)
    path, accept = served.asked[0]
    assert path == "/simple/uvicorn/"
    assert accept.startswith("application/vnd.pypi.simple.v1+json")


def test_page_in_a_folder_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An index may be a folder of files."""
    page = tmp_path / "simple" / "uvicorn" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_bytes(as_html())
    configure(monkeypatch, (tmp_path / "simple").as_uri())
    assert summary(tmp_path / "cache") == UNDERSTOOD


@pytest.mark.parametrize("form", ["json", "html"])
def test_index_without_upload_times_is_told(form: str, served: Index, tmp_path: Path) -> None:
    """Without them nothing can be resolved as of a day; it is said what kind of index is needed."""
    bare = tuple((name, None, python, yanked) for name, _, python, yanked in FILES)
    served.content_type = "application/json" if form == "json" else "text/html"
    served.body = as_json(bare) if form == "json" else as_html(bare)
    with pytest.raises(IndexUnavailableError, match=r"'uvicorn'.*no upload times.*JSON simple API"):
        index.releases_of("uvicorn", cache=tmp_path)


def test_package_that_is_not_there_is_told(served: Index, tmp_path: Path) -> None:
    """With the remedy."""
    served.status = 404
    with pytest.raises(
        IndexUnavailableError, match=r"no usable list of the releases of 'uvicorn'(?s:.*)check the name"
    ):
        index.releases_of("uvicorn", cache=tmp_path)


def test_lack_of_a_package_is_told_in_one_line_without_secrets(
    served: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index's address may hold a password; a message lands in logs of CI."""
    address = f"http://somebody:secret@127.0.0.1:{served.server_address[1]}/simple"
    configure(monkeypatch, address)
    served.status = 404
    with pytest.raises(IndexUnavailableError) as error:
        index.releases_of("uvicorn", cache=tmp_path)
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"files": 1}', b'{"files": [{"filename": 1}]}'])
def test_answer_that_is_not_the_simple_api_is_told(body: bytes, served: Index, tmp_path: Path) -> None:
    """A captive portal or a broken proxy is not a crash of the program."""
    served.content_type, served.body = "application/json", body
    with pytest.raises(IndexUnavailableError):
        index.releases_of("uvicorn", cache=tmp_path)


def test_fresh_list_is_not_asked_for_again(served: Index, tmp_path: Path) -> None:
    """Within a day."""
    served.content_type, served.body = "application/json", as_json()
    assert summary(tmp_path) == summary(tmp_path)
    assert len(served.asked) == 1


def test_stale_list_is_refreshed(served: Index, tmp_path: Path) -> None:
    """A release of today is known tomorrow."""
    served.content_type, served.body = "application/json", as_json(FILES[:1])
    summary(tmp_path)
    grow_old(tmp_path)
    served.body = as_json()
    assert summary(tmp_path) == UNDERSTOOD


def test_list_of_a_clock_that_ran_ahead_is_refreshed(served: Index, tmp_path: Path) -> None:
    """It would pass for fresh until the clock has caught up."""
    served.content_type, served.body = "application/json", as_json(FILES[:1])
    summary(tmp_path)
    grow_old(tmp_path, days=-700)
    served.body = as_json()
    assert summary(tmp_path) == UNDERSTOOD


def test_offline_uses_what_is_stored_however_old(served: Index, tmp_path: Path) -> None:
    """A train is no reason to stop."""
    served.content_type, served.body = "application/json", as_json()
    summary(tmp_path)
    grow_old(tmp_path)
    served.status = 503
    assert summary(tmp_path) == UNDERSTOOD
    assert len(served.asked) == 2


def test_torn_list_is_fetched_again(served: Index, tmp_path: Path) -> None:
    """Damage of the cache heals itself."""
    served.content_type, served.body = "application/json", as_json()
    summary(tmp_path)
    file = next((tmp_path / "releases").glob("*.json"))
    file.write_bytes(file.read_bytes()[:50])
    assert summary(tmp_path) == UNDERSTOOD


def grow_old(cache: Path, days: float = 7) -> None:
    """Let the stored list be from so many days ago."""
    file = cache / "releases" / "uvicorn.json"
    stored = json.loads(file.read_text())
    stored["fetched"] = (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).isoformat()
    file.write_text(json.dumps(stored))


Row = tuple[str, str | None, str | None, bool | str]
PLAIN = "2020-01-01T00:00:00Z"


def listed(served: Index, cache: Path, *rows: Row, package: str = "uvicorn") -> index.Listing:
    """Return what is understood of an index with these files."""
    served.content_type, served.body = "application/json", as_json(rows)
    return index.listing_of(package, cache=cache)


def test_what_is_left_out_is_counted_and_named(served: Index, tmp_path: Path) -> None:
    """A history that is shorter than the truth says so."""
    found = listed(
        served,
        tmp_path,
        ("Uvicorn-0.1.tar.bz2", PLAIN, None, False),
        ("uvicorn-0.2-py2.7-win32.egg", PLAIN, None, False),
        ("uvicorn-0.2.win32-py2.7.exe", PLAIN, None, False),
        ("uvicorn-0.3.tar.gz", PLAIN, None, False),
        ("uvicorn-0.3.win32.exe", PLAIN, None, False),
        ("uvicorn-0.4.tar.gz", None, None, False),
    )
    assert [one.version for one in found.releases] == ["0.1", "0.3"]
    assert index.told("uvicorn", found.left_out) == (
        "uvicorn: 2 releases have no file that pip can install, and no cell: "
        "0.4 (the index does not say when it was uploaded); 0.2 (only .egg, .exe)"
    )
    assert index.told("uvicorn", found.left_out, within=">=0.3,<0.4") is None
    assert index.left_out_of("uvicorn", cache=tmp_path) == found.left_out


def test_the_latest_is_what_an_installer_takes(served: Index, tmp_path: Path) -> None:
    """No date in the name of a file of 2014, no release whose only wheels are for another Python."""
    found = listed(
        served,
        tmp_path,
        ("Cheroot-4.0.0beta-20140210.zip", PLAIN, None, False),
        ("cheroot-8.0-py2.py3-none-any.whl", PLAIN, None, False),
        ("cheroot-9.0-cp27-cp27m-win_amd64.whl", PLAIN, None, False),
        package="cheroot",
    ).releases
    assert [one.version for one in ordinary(found, "3.8")] == ["8.0"]


def test_each_file_says_which_python_it_is_for(served: Index, tmp_path: Path) -> None:
    """Without a source distribution, the wheels decide; each file's own requirement counts, as it does for pip."""
    found = {
        one.version: one
        for one in listed(
            served,
            tmp_path,
            ("uvicorn-1.0-cp38-cp38-manylinux1_x86_64.whl", PLAIN, ">=3.6", False),
            ("uvicorn-1.0-cp39-cp39-win_amd64.whl", PLAIN, ">=3.6", False),
            ("uvicorn-1.1-cp36-abi3-manylinux1_x86_64.whl", PLAIN, None, False),
            ("uvicorn-1.2-py3-none-any.whl", PLAIN, ">=3.8", False),
            ("uvicorn-1.2.tar.gz", PLAIN, ">=3.6", False),
            ("uvicorn-1.3-py2-none-any.whl", PLAIN, None, False),
            ("uvicorn-1.4-cp37-cp37m-manylinux1_x86_64.whl", PLAIN, None, False),
            ("uvicorn-1.4.tar.gz", PLAIN, None, False),
        ).releases
    }
    assert found["1.0"].admits("3.8", "linux")
    assert found["1.0"].admits("3.8", "docker:debian:12")
    assert found["1.0"].admits("3.9", "windows-wine")
    assert found["1.0"].refusal("3.9", "linux") == (
        "has no source distribution, and wheels for cp38-cp38-linux, cp39-cp39-win only"
    )
    assert found["1.0"].refusal("3.5", "linux") == "requires Python >=3.6"
    assert [found["1.1"].admits(python, "linux") for python in ("3.5", "3.6", "3.12")] == [False, True, True]
    assert [found["1.2"].admits(python) for python in ("3.5", "3.6", "3.8")] == [False, True, True]
    assert not found["1.3"].admits("3.8")
    assert found["1.4"].admits("3.12")
    assert b"offers" not in msgspec.json.encode(found["1.4"])


def test_a_yanked_file_offers_nothing_where_another_does(served: Index, tmp_path: Path) -> None:
    """An installer passes it over."""
    (found,) = listed(
        served,
        tmp_path,
        ("uvicorn-1.0.tar.gz", PLAIN, None, "broken"),
        ("uvicorn-1.0-cp39-cp39-manylinux1_x86_64.whl", PLAIN, None, False),
    ).releases
    assert not found.yanked
    assert [found.admits(python, "linux") for python in ("3.8", "3.9")] == [False, True]


def test_indexes_of_pip_count_together(served: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of a company's own index is a subject as any other."""
    page = tmp_path / "own" / "uvicorn" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_bytes(as_html((("uvicorn-9.0.tar.gz", PLAIN, None, False),)))
    configure(monkeypatch, f"http://127.0.0.1:{served.server_address[1]}/simple", (tmp_path / "own").as_uri())
    found = listed(served, tmp_path, ("uvicorn-1.0.tar.gz", PLAIN, None, False))
    assert [one.version for one in found.releases] == ["1.0", "9.0"]


def test_a_specifier_that_is_too_long_is_none(served: Index, tmp_path: Path) -> None:
    """It would take minutes to read."""
    (found,) = listed(served, tmp_path, ("uvicorn-1.0.tar.gz", PLAIN, ">=3," * 100_000, False)).releases
    assert found.requires_python is None
