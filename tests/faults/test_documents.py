"""Kind 2: a document that somebody else wrote names nothing that leads out, acts on nothing and takes no memory."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from .shards import measured as measured  # noqa: PLC0414 - a fixture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.minimatrix.driving import Called, User

    from .conftest import Seen

EVIL = "x/../../../pwn/x"
ACTS = "\x1b]0;owned\x07\x1b[2J\u202e</script><script>alert(1)</script>"
PLACES = {
    "--results": ["report", "--results", "evil.json"],
    "--since": ["history", "toy-failure", "--since", "evil.json"],
    "--diff": ["report", "--diff", "evil.json", "evil.json"],
    "--costs": ["plan", "--costs", "evil.json"],
}


@pytest.fixture
def document(user: User, measured: Path) -> dict[str, Any]:
    """What 'harness report --format json' prints of two cells."""
    shutil.copytree(measured, user.results)
    printed = user.call("report", "--format", "json")
    found: dict[str, Any] = json.loads(printed.stdout)
    return found


@pytest.fixture
def call(user: User) -> Callable[..., Called]:
    """Write a document, and call the program with it."""

    def run(document: object, *arguments: str) -> Called:
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        (user.folder / "evil.json").write_bytes(text)
        return user.call(*arguments, *(["--scenarios", str(user.scenarios)] if arguments[0] != "show" else []))

    return run


def refused(called: Called, user: User, *words: str) -> None:
    """Demand one line that says what is wrong, status 2, and that nothing was written outside."""
    assert (called.status, called.stdout, len(called.stderr.splitlines())) == (2, "", 1), called.stderr
    assert called.stderr.isprintable() or "\x1b" not in called.stderr
    assert not list(user.folder.glob("**/pwn"))
    for word in words:
        assert word in called.stderr


@pytest.mark.fault(2, "a document whose names lead out of every folder")
@pytest.mark.parametrize("option", PLACES)
@pytest.mark.parametrize("name", ["scenario", "id", "evidence"])
def test_a_name_is_no_path(
    name: str, option: str, document: dict[str, Any], call: Callable[..., Called], user: User, seen: Seen
) -> None:
    """Wherever a document is read."""
    document["cells"][0][name] = EVIL
    called = call(document, *PLACES[option], *(user.selection if option == "--costs" else ()))
    refused(called, user, "evil.json is not a folder of results, nor a document", "`$.cells[0]")
    seen("refused with the name's place, at every option that takes a document", called)


@pytest.mark.fault(2, "a document that does not hold together")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema_version": 2, "cells": 1}, "is of schema version 2"),
        ({"schema_version": 99}, "is of schema version 99"),
        ({"histories": None}, "$.histories"),
        ({"releases": {EVIL: []}}, "releases"),
        ({"releases": {"toyserver": [{"version": "9" * 4301, "uploaded": "2024-01-01T00:00:00Z"}]}}, "releases"),
        ({"releases": {"x": [{"version": "1", "uploaded": "2024-01-01T00:00:00Z", "source": "/x.whl"}]}}, "no release"),
        ({"cells.id": "toy-failure_default_toyserver-9.9_py3.11_linux"}, "its id is not that of its scenario"),
        ({"cells.version": "9" * 4301}, "version"),
        ({"cells.trials": 0}, "without a trial"),
        ({"cells.duration_s": 1e306}, "duration_s"),
        ({"cells.environment": {"interpreter": "x" * 5000, "pins": {}, "resolved_as_of": "x"}}, "interpreter"),
        ({"cells.reason": "x" * 1_000_000}, "reason"),
    ],
    ids=lambda value: next(iter(value), "") if isinstance(value, dict) else "",
)
def test_what_does_not_hold_is_refused(
    change: dict[str, Any],
    words: str,
    document: dict[str, Any],
    call: Callable[..., Called],
    user: User,
    seen: Seen,
) -> None:
    """In one line."""
    for name, value in change.items():
        outer, _, inner = name.partition(".")
        if inner:
            document[outer][0][inner] = value
        else:
            document[outer] = value
    called = call(document, *PLACES["--results"])
    refused(called, user, words)
    seen("refused in one line", called)


@pytest.mark.fault(2, "a document that takes many times its size in memory, or has no end")
@pytest.mark.parametrize("size", ["deep", "many", "long", "pipe"])
def test_a_document_is_bounded(size: str, document: dict[str, Any], user: User, seen: Seen) -> None:
    """In bytes, in values, in depth; by its size before it is read."""
    head = json.dumps(document)[:-1].encode()
    pins = b",".join(b'"a%d":"1"' % number for number in range(2_000_000))
    content = {
        "deep": head + b', "more": ' + b"[" * 1_000_000,
        "many": head.replace(b'"pins": {', b'"pins": {' + pins + b",", 1) + b"}",
        "long": head + b"}",
        "pipe": head,
    }[size]
    (user.folder / "evil.json").write_bytes(content)
    if size == "long":
        with (user.folder / "evil.json").open("ab") as file:
            file.truncate(3 * 1024**3)
    if size == "pipe":
        (user.folder / "evil.json").unlink()
        os.mkfifo(user.folder / "evil.json")
    called = user.call("report", "--results", "evil.json")
    refused(called, user, "evil.json")
    seen("refused in one line", called)


@pytest.mark.fault(2, "a document whose texts act on terminals and pages")
@pytest.mark.parametrize("form", ["terminal", "markdown", "json", "junit", "csv", "osv", "badge", "html"])
def test_nothing_in_it_acts(
    form: str, document: dict[str, Any], call: Callable[..., Called], user: User, seen: Seen
) -> None:
    """In any format; nothing is written but where the call says."""
    for cell in document["cells"]:
        cell |= {"verdict": "unhealthy", "reason": ACTS, "signature": ACTS, "python_full": ACTS}
        cell["environment"] |= {"interpreter": ACTS, "runtime": ACTS, "pins": {"x": ACTS}, "resolved_as_of": ACTS}
    output = ["--output", str(user.folder / "out")] if form in {"html", "osv"} else []
    called = call(document, *PLACES["--results"], "--format", form, *output)
    assert called.status in {0, 3}, called.stderr
    written = [path.read_text() for path in (user.folder / "out").rglob("*") if path.is_file()]
    for text in (called.stdout, called.stderr, *written):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
        assert "<script>alert" not in text or form in {"json", "csv", "terminal"}
    assert {path.name for path in user.folder.iterdir()} <= {"evil.json", "out", "tmp", ".harness", "ledger", "none"}
    seen("shown with escapes", called)
