"""The releases of a package, as the index that uv and pip are configured for lists them; kept for offline use.

The list is asked for in JSON (the simple repository API, https://peps.python.org/pep-0700/); an index or a
proxy that answers in HTML is understood too where its links carry upload times.
"""

from __future__ import annotations

import datetime as dt
import html.parser
import time
import urllib.request
from http import HTTPStatus
from pathlib import Path

import httpx
import msgspec
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from harness.decoding import decode
from harness.environments import uv
from harness.environments.files import read_json, write_json
from harness.errors import IndexUnavailableError
from harness.model.release import Release

FRESH = dt.timedelta(hours=24)
_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
_PATIENCE_S = 30.0
_REACH_S = 2.0


class File(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """One downloadable file of a release, in the words of the simple API."""

    filename: str
    upload_time: dt.datetime | None = None
    requires_python: str | None = None
    yanked: bool | str = False


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    """The page of a package in the simple API."""

    files: tuple[File, ...]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """All releases of a package, with the moment they were fetched (UTC)."""

    fetched: dt.datetime
    releases: tuple[Release, ...]


def releases_of(package: str, *, cache: Path) -> tuple[Release, ...]:
    """Return all releases of a package, oldest first: from the cache while fresh, else from the index.

    When the index cannot be asked, what the cache has is used however old it is.

    Raises:
        IndexUnavailableError: the index cannot be asked or has no such package, and nothing is stored.

    """
    path = cache / "releases" / f"{canonicalize_name(package)}.json"
    stored = read_json(path, Listing)
    now = dt.datetime.now(dt.UTC)
    if stored and abs(now - stored.fetched) < FRESH:  # a clock that was wrong then makes nothing fresh for ever
        return stored.releases
    try:
        releases = _fetch(package)
    except IndexUnavailableError as error:
        if stored:
            return stored.releases
        message = (
            f"the package index has no usable list of the releases of '{package}' ({error}); "
            "check the name and the index that uv or pip is configured for, once with a network"
        )
        raise IndexUnavailableError(message) from None
    write_json(path, Listing(fetched=now, releases=releases))
    return releases


def reach(package: str, *, patience_s: float = _REACH_S) -> tuple[bool, str]:
    """Ask the index for the page of a package without reading it; return whether it can be used, and what it did.

    Raises:
        IndexUnavailableError: it cannot be asked.

    """
    url = _page_of(package)
    if url.startswith("file:"):
        there = Path(urllib.request.url2pathname(httpx.URL(url).path)).parent.is_dir()
        return there, "a folder of this machine" if there else "no such folder on this machine"
    began = time.monotonic()
    try:
        with (
            httpx.Client(timeout=patience_s, follow_redirects=True) as client,
            client.stream("GET", url, headers={"Accept": _ACCEPT}) as answer,
        ):
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise IndexUnavailableError(f"it cannot be asked: {type(error).__name__}") from None  # never the address
    if status in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:  # an index need not have that package
        return True, f"answers, after {time.monotonic() - began:.2f} s"
    return False, f"it answers with status {status}; check the index that uv or pip is configured for"


def _page_of(package: str) -> str:
    return f"{uv.index_url().rstrip('/')}/{canonicalize_name(package)}/"


def _fetch(package: str) -> tuple[Release, ...]:
    url = _page_of(package)
    if url.startswith("file:"):
        page = Path(urllib.request.url2pathname(httpx.URL(url).path)) / "index.html"
        if not page.is_file():
            message = f"no file {page}"
            raise IndexUnavailableError(message)
        return _releases(_files_in_html(page.read_text()))
    try:
        with httpx.Client(timeout=_PATIENCE_S, follow_redirects=True) as client:
            answer = client.get(url, headers={"Accept": _ACCEPT})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise IndexUnavailableError(f"it cannot be asked: {type(error).__name__}") from None  # never the address
    if answer.status_code != HTTPStatus.OK:
        raise IndexUnavailableError(f"it answers with status {answer.status_code}")
    if "json" not in answer.headers.get("content-type", ""):
        return _releases(_files_in_html(answer.text))
    try:
        files = decode(answer.content, _Page).files
    except msgspec.MsgspecError:
        raise IndexUnavailableError("its answer is not that of the simple repository API") from None
    return _releases(files)


def _releases(files: tuple[File, ...]) -> tuple[Release, ...]:
    """Group files by release; the first upload dates it, and it is yanked when all of its files are."""
    grouped: dict[str, list[File]] = {}
    for file in files:
        version = _version_of(file.filename)
        if version and file.upload_time:
            grouped.setdefault(version, []).append(file)
    if not grouped:
        message = "its answer carries no upload times; an index that speaks the JSON simple API is needed"
        raise IndexUnavailableError(message)
    releases = [
        Release(
            version=version,
            uploaded=min(file.upload_time for file in group if file.upload_time),
            requires_python=next((file.requires_python for file in group if file.requires_python), None),
            yanked=all(file.yanked is not False for file in group),
        )
        for version, group in grouped.items()
    ]
    return tuple(sorted(releases, key=lambda release: release.parsed))


def _version_of(filename: str) -> str | None:
    """Return the version in the name of a wheel or source distribution; other and odd files have none."""
    try:
        if filename.endswith(".whl"):
            return str(parse_wheel_filename(filename)[1])
        return str(parse_sdist_filename(filename)[1])
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


class _Links(html.parser.HTMLParser):
    """Collects the links of a simple page with their ``data-`` attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[File] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag != "a" or not values.get("href"):
            return
        moment = values.get("data-upload-time")
        self.files.append(
            File(
                filename=Path(httpx.URL(str(values["href"])).path).name,
                upload_time=dt.datetime.fromisoformat(moment) if moment else None,
                requires_python=values.get("data-requires-python"),
                yanked="data-yanked" in values,
            )
        )


def _files_in_html(page: str) -> tuple[File, ...]:
    links = _Links()
    links.feed(page)
    return tuple(links.files)
