"""The files of a package as an index lists them, over the simple repository API (https://peps.python.org/pep-0700/).

JSON is asked for; HTML is understood where its links carry upload times. Every answer of an index is bounded in bytes
and in time: an answer that drips is abandoned at the deadline, with the thread that reads it.
"""

from __future__ import annotations

import datetime as dt
import html.parser
import threading
import time
import urllib.parse
import urllib.request
import zlib
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

import httpx
import msgspec
from packaging.utils import canonicalize_name

from harness.decoding import decode
from harness.environments import indexes
from harness.errors import IndexUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_JSON = "application/vnd.pypi.simple.v1+json"
_ACCEPT = f"{_JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
_SILENCE_S = 30.0
_REACH_S = 2.0
_DEADLINE_S = 90.0  # for the whole of one request
# The longest list of the most used index has some 10,000 files and takes 5 MiB.
_LARGEST_LIST = 32 * 1024 * 1024
_MOST_OBJECTS = 500_000
_CHUNK = 64 * 1024
_LONGEST_SPECIFIER = 1000


class NoSuchPackageError(IndexUnavailableError):
    """The index answers, and does not have the package."""


class File(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """One downloadable file of a release, in the words of the simple API; ``url`` is absolute."""

    filename: str
    url: str = ""
    hashes: dict[str, str] = {}
    upload_time: dt.datetime | None = None
    requires_python: str | None = None
    yanked: bool | str = False


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The page of a package in the simple API: its files, and the versions that the index knows."""

    files: tuple[File, ...]
    versions: tuple[str, ...] = ()


def page_of(package: str) -> Page:
    """Return what the configured indexes list of a package.

    Where pip is configured for several indexes, the files of all count together, as they do for pip. Where uv is, only
    the first index that has the package counts, as it does for uv.

    Raises:
        IndexUnavailableError: no index has the package, or an index cannot be asked; the message names no address.

    """
    configured = indexes.configured()
    found = []
    for address in (*configured.extra, configured.default):
        try:
            found.append(_ask(address, package))
        except NoSuchPackageError:
            continue
        if not configured.together:
            break
    if not found:
        message = "it has no such package" if not configured.extra else "none of the indexes has such a package"
        raise NoSuchPackageError(message)
    files = {file.filename: file for page in reversed(found) for file in page.files}
    return Page(files=tuple(files.values()), versions=tuple(dict.fromkeys(v for page in found for v in page.versions)))


def reach(package: str, *, patience_s: float = _REACH_S) -> tuple[bool, str]:
    """Ask the default index for the page of a package; return whether the index can be used, and how it answered.

    The page is not read.

    Raises:
        IndexUnavailableError: the index cannot be asked.

    """
    url = f"{indexes.configured().default.rstrip('/')}/{canonicalize_name(package)}/"
    if url.startswith("file:"):
        there = Path(urllib.request.url2pathname(urllib.parse.urlsplit(url).path)).parent.is_dir()
        return there, "a folder of this machine" if there else "no such folder on this machine"
    began = time.monotonic()
    with opened(url, accept=_ACCEPT, silence_s=patience_s) as answer:
        status = answer.status_code
    if status in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:  # an index need not have that package
        return True, f"answers, after {time.monotonic() - began:.2f} s"
    return False, f"it answers with status {status}; check the index that uv or pip is configured for"


def _ask(address: str, package: str) -> Page:
    """Ask one index."""
    url = f"{address.rstrip('/')}/{canonicalize_name(package)}/"
    if url.startswith("file:"):
        path = Path(urllib.request.url2pathname(urllib.parse.urlsplit(url).path)) / "index.html"
        if not path.is_file():
            message = f"no file {path}"
            raise NoSuchPackageError(message)
        with path.open("rb") as opened:
            return _in_html(opened.read(_LARGEST_LIST).decode(errors="replace"), url)
    body, kind, asked = in_time(lambda: _fetched(url), _DEADLINE_S)
    if "json" not in kind:
        return _in_html(body.decode(errors="replace"), asked)
    if body.count(b"{") > _MOST_OBJECTS:
        message = f"its answer lists more than {_MOST_OBJECTS} things"
        raise IndexUnavailableError(message)
    try:
        page = decode(body, Page)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise IndexUnavailableError("its answer is not that of the simple repository API") from None
    return msgspec.structs.replace(page, files=tuple(_sound(file, asked) for file in page.files))


def _fetched(url: str) -> tuple[bytes, str, str]:
    """Return the body of an answer, its content type, and the address that gave it."""
    with opened(url, accept=_ACCEPT) as answer:
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise NoSuchPackageError(f"it answers with status {answer.status_code}")
        if answer.status_code != HTTPStatus.OK:
            raise IndexUnavailableError(f"it answers with status {answer.status_code}")
        body = b"".join(_decoded(answer))
        return body, answer.headers.get("content-type", ""), str(answer.url)


class opened:  # noqa: N801 - a context that is used like `open`
    """The answer to a request, with its body unread; every error becomes one line without addresses."""

    def __init__(self, url: str, *, accept: str = "*/*", silence_s: float = _SILENCE_S) -> None:
        """Describe the request; the server may be silent for at most ``silence_s`` seconds."""
        self._url, self._accept, self._silence_s = url, accept, silence_s

    def __enter__(self) -> httpx.Response:
        """Send the request and return the answer."""
        try:
            self._client = httpx.Client(timeout=self._silence_s, follow_redirects=True)
            request = self._client.build_request("GET", self._url)
            request.headers.update({"Accept": self._accept, "Accept-Encoding": "gzip"})
            return self._client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise IndexUnavailableError(f"it cannot be asked: {type(error).__name__}") from None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Close the connection."""
        self._client.close()
        if isinstance(error, httpx.HTTPError | zlib.error):
            raise IndexUnavailableError(f"its answer breaks off: {type(error).__name__}") from None


def _decoded(answer: httpx.Response) -> Iterator[bytes]:
    """Yield the unpacked body; refuse a body that grows larger than any list of files."""
    packed = answer.headers.get("content-encoding", "identity").lower()
    if packed not in {"identity", "gzip", "deflate"}:
        raise IndexUnavailableError("its answer is encoded in a way that was not asked for")
    unpack = zlib.decompressobj(wbits=47) if packed != "identity" else None
    room = _LARGEST_LIST
    for chunk in answer.iter_raw(_CHUNK):
        data = unpack.decompress(chunk, room + 1) if unpack else chunk
        room -= len(data)
        if room < 0:
            message = f"its answer is longer than {_LARGEST_LIST // 1024**2} MiB"
            raise IndexUnavailableError(message)
        yield data


def download(url: str, into: BinaryIO, *, most: int, deadline_s: float) -> None:
    """Write what an address serves to an open file.

    Raises:
        IndexUnavailableError: the content cannot be fetched, is larger than ``most`` bytes, or takes longer than
            ``deadline_s`` seconds.

    """

    def fetch() -> None:
        room = most
        with opened(url) as answer:
            if answer.status_code != HTTPStatus.OK:
                raise IndexUnavailableError(f"it answers with status {answer.status_code}")
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise IndexUnavailableError("its answer is encoded in a way that no file is")
            for chunk in answer.iter_raw(_CHUNK):
                room -= len(chunk)
                if room < 0:
                    message = f"the file is larger than {most // 1024**2} MiB"
                    raise IndexUnavailableError(message)
                into.write(chunk)

    in_time(fetch, deadline_s)


def in_time(work: Callable[[], Any], deadline_s: float) -> Any:  # noqa: ANN401 - whatever the work returns
    """Return what ``work`` returns, in a thread of its own that is abandoned after ``deadline_s`` seconds."""
    outcome: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            outcome.append((True, work()))
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that waits
            outcome.append((False, error))

    thread = threading.Thread(target=run, name="index", daemon=True)
    thread.start()
    thread.join(deadline_s)
    if not outcome:
        message = f"its answer has not ended after {deadline_s:.0f} s"
        raise IndexUnavailableError(message)
    done, result = outcome[0]
    if not done:
        raise result
    return result


def _sound(file: File, base: str) -> File:
    """Return the file with an absolute address, an upload time in UTC, and no specifier of unreasonable length."""
    specifier = file.requires_python
    return msgspec.structs.replace(
        file,
        url=urllib.parse.urljoin(base, file.url),
        upload_time=_in_utc(file.upload_time),
        requires_python=None if specifier and len(specifier) > _LONGEST_SPECIFIER else specifier,
    )


def _in_utc(moment: dt.datetime | None) -> dt.datetime | None:
    return moment.replace(tzinfo=dt.UTC) if moment and moment.tzinfo is None else moment


class _Links(html.parser.HTMLParser):
    """Collects the links of a simple page with their ``data-`` attributes."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.files: list[File] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag != "a" or not values.get("href") or len(self.files) >= _MOST_OBJECTS:
            return
        try:
            address = urllib.parse.urlsplit(str(values["href"]))
            moment = values.get("data-upload-time")
            uploaded = dt.datetime.fromisoformat(moment) if moment else None
        except ValueError:
            return  # not a valid address, or not a valid time: not a release's file
        algorithm, _, digest = address.fragment.partition("=")
        file = File(
            filename=urllib.parse.unquote(PurePosixPath(address.path).name),
            url=address._replace(fragment="").geturl(),
            hashes={algorithm: digest} if digest else {},
            upload_time=uploaded,
            requires_python=values.get("data-requires-python"),
            yanked="data-yanked" in values,
        )
        self.files.append(_sound(file, self._base))


def _in_html(page: str, base: str) -> Page:
    links = _Links(base)
    links.feed(page)
    return Page(files=tuple(links.files))
