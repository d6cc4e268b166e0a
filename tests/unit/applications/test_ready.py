"""The ready-made application: what each path answers in both kinds of dialect, and what Pythons can read."""

from __future__ import annotations

import ast
import asyncio
import importlib
import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from harness.catalog.applications import READY_MADE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

FILES = sorted(READY_MADE.glob("*.py"))
OWN = {file.stem for file in FILES}
LEAVING = ("/ws/reject", "/ws/close/4001", "/ws/return", "/ws/crash")  # before they are told of the client's end

HEARING = ("/ws/late/0", "/ws/reject/receive")  # whose messages /heard says


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that imports a ready-made module anew, as a server does, with variables of the environment."""
    monkeypatch.setattr(sys, "path", [str(READY_MADE), *sys.path])

    def load(name: str = "ready", **variables: str) -> ModuleType:
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)
        for own in OWN & set(sys.modules):
            del sys.modules[own]
        return importlib.import_module(name)

    yield load
    for own in OWN & set(sys.modules):
        del sys.modules[own]


def by_asgi(application: Any, path: str, query: str = "", body: bytes = b"", **scope: object) -> dict[str, Any]:  # noqa: ANN401 - a module of the cells
    """Ask in ASGI and return status, headers and body."""
    told: dict[str, Any] = {"body": b"", "parts": 0}

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        told.update(
            status=message.get("status", told.get("status")), headers=message.get("headers", told.get("headers"))
        )
        told["body"] += message.get("body", b"")
        told["parts"] += "body" in message

    asked = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": [], **scope}
    asyncio.run(application(asked, receive, send))
    return told


def by_wsgi(application: Any, path: str, query: str = "", body: bytes = b"", **environ: str) -> dict[str, Any]:  # noqa: ANN401 - likewise
    """Ask in WSGI, of a body with its length or as the environ says, and return status, headers and body."""
    told: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        told.update(status=int(status[:3]), headers=[[a.encode("latin-1"), b.encode("latin-1")] for a, b in headers])

    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "wsgi.url_scheme": "http"}
    framing = environ or {"CONTENT_LENGTH": str(len(body))}
    parts = list(application({**asked, "wsgi.input": io.BytesIO(body), **framing}, start_response))
    return {**told, "body": b"".join(parts)}


ASKED = [
    ("/hello", "", b"", 200, b"hello"),
    ("/anything", "", b"", 200, b"answer to /anything"),
    ("/read", "", b"abc", 200, b"read 3 bytes"),
    ("/status/412", "gone%00", b"", 412, b"gone\0"),
    ("/status/304", "", b"", 304, b""),
    ("/large/5", "", b"", 200, b"xxxxx"),
    ("/sleep/0", "", b"", 200, b"slept 0"),
    ("/block/0", "", b"", 200, b"blocked 0"),
    ("/stream/2/0", "", b"", 200, b"tick 0\ntick 1\n"),
    ("/heard", "", b"", 200, b"[]"),
]


@pytest.mark.parametrize(("path", "query", "body", "status", "expected"), ASKED)
def test_a_path_names_what_is_done(load: Any, path: str, query: str, body: bytes, status: int, expected: bytes) -> None:  # noqa: ANN401
    """The same in both kinds of dialect."""
    ready = load()
    for answer in (by_asgi(ready.asgi3, path, query, body), by_wsgi(ready.wsgi, path, query, body)):
        assert (answer["status"], answer["body"]) == (status, expected)


def test_a_body_in_chunks_is_read_to_its_end_unless_a_length_bounds_it(load: Any) -> None:  # noqa: ANN401
    """A WSGI server hands on both headers; one without either has no body, and nothing may be waited for."""
    wsgi, coded = load().wsgi, {"HTTP_TRANSFER_ENCODING": "gzip, chunked"}
    assert by_wsgi(wsgi, "/read", body=b"abcdef", **coded)["body"] == b"read 6 bytes"
    assert by_wsgi(wsgi, "/read", body=b"abcdef", CONTENT_LENGTH="4", **coded)["body"] == b"read 4 bytes"
    assert by_wsgi(wsgi, "/read", body=b"abcdef", CONTENT_LENGTH="")["body"] == b"read 0 bytes"


def test_headers_are_any_bytes(load: Any) -> None:  # noqa: ANN401
    """In their order, repeats kept, line ends and what is not ASCII included."""
    ready = load()
    wanted = [[b"X-A", b"1\r\ny: \xe9"], [b"X-A", b"2"]]
    for answer in (
        by_asgi(ready.asgi3, "/headers", "X-A=1%0d%0ay:%20%e9&X-A=2"),
        by_wsgi(ready.wsgi, "/headers", "X-A=1%0d%0ay:%20%e9&X-A=2"),
    ):
        assert [pair for pair in answer["headers"] if pair[0] == b"X-A"] == wanted


def test_the_echo_tells_the_whole_request(load: Any) -> None:  # noqa: ANN401
    """Repeats of headers in their order, and of what type the raw path is."""
    headers = [[b"x", b"1"], [b"x", b"2"]]
    told = json.loads(by_asgi(load().asgi3, "/echo/a", "b=c", b"\xff", headers=headers, raw_path=b"/echo/a")["body"])
    assert (told["path"], told["query"], told["body"], told["raw_path_type"]) == ("/echo/a", "b=c", "\xff", "bytes")
    assert told["headers"] == [["x", "1"], ["x", "2"]]


def test_ticks_state_and_context_are_kept(load: Any) -> None:  # noqa: ANN401
    """What earlier requests of a process, of a connection's lifespan or of a context left behind."""
    ready = load(READY_IMPORT="context")
    state: dict[str, str] = {}
    by_asgi(ready.asgi3, "/stream/3/0")
    assert by_asgi(ready.asgi3, "/ticks")["body"] == b"3"
    by_asgi(ready.asgi3, "/state/alice", state=state)
    assert json.loads(by_asgi(ready.asgi3, "/state/bob", state=state)["body"]) == {"path": "/state/alice"}
    assert by_asgi(ready.asgi3, "/context/alice")["body"] == b"import"


@pytest.mark.parametrize(
    ("lifespan", "sent"),
    [
        ("ordinary", ["lifespan.startup.complete", "lifespan.shutdown.complete"]),
        ("failed", ["lifespan.startup.failed"]),
        ("failed-silently", ["lifespan.startup.failed"]),
        ("crash", ["RuntimeError"]),
        ("absent", ["ValueError"]),
    ],
)
def test_the_lifespan_is_as_the_environment_says(load: Any, lifespan: str, sent: list[str]) -> None:  # noqa: ANN401
    """In five of the six ways; the sixth never comes to an end."""
    ready = load(READY_LIFESPAN=lifespan)
    phases = iter(["lifespan.startup", "lifespan.shutdown"])
    seen: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": next(phases)}

    async def send(message: dict[str, str]) -> None:
        seen.append(message["type"])
        assert ("message" in message) == (lifespan == "failed")

    try:
        asyncio.run(ready.asgi3({"type": "lifespan"}, receive, send))
    except (RuntimeError, ValueError) as error:
        seen.append(type(error).__name__)
    assert seen == sent


def test_importing_raises_where_the_environment_says_so(load: Any) -> None:  # noqa: ANN401
    """A value that means nothing is refused as well."""
    with pytest.raises(RuntimeError, match="raised at import"):
        load(READY_IMPORT="raise")
    with pytest.raises(ValueError, match="READY_LIFESPAN is 'odd'"):
        load(READY_IMPORT="0", READY_LIFESPAN="odd")


@pytest.mark.parametrize(
    ("path", "received", "sent"),
    [
        ("/ws/echo", ["text a", "bytes b"], ["accept", "send a", "send b"]),
        ("/ws/reject", [], ["close 1000"]),
        ("/ws/reject/receive", [], ["close 1000"]),
        ("/ws/header/x-name", [], ["accept", 'send ["a", "\\u00e9"]']),
        ("/ws/close/4001", [], ["accept", "close 4001"]),
        ("/ws/return", [], ["accept"]),
        ("/ws/crash", [], ["accept", "RuntimeError"]),
        ("/ws/flood/2/3", [], ["accept", "send xxx", "send xxx"]),
        ("/ws/late/0", ["text a"], ["accept"]),
        ("/ws/wait/0", ["text a"], ["accept", "send a"]),
    ],
)
def test_a_path_names_what_a_websocket_does(load: Any, path: str, received: list[str], sent: list[str]) -> None:  # noqa: ANN401
    """Up to the client's end."""
    ready = load()
    messages: list[dict[str, Any]] = [{"type": "websocket.connect"}]
    for kind, text in (one.split() for one in received):
        messages.append({"type": "websocket.receive", kind: text if kind == "text" else text.encode()})
    messages.append({"type": "websocket.disconnect", "code": 1001})
    scope = {"type": "websocket", "path": path, "headers": [(b"X-Name", b"a"), (b"x", b"b"), (b"x-name", b"\xe9")]}
    seen: list[str] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        data = message.get("text", message.get("bytes", message.get("code", "")))
        told = data.decode() if isinstance(data, bytes) else str(data)
        seen.append(f"{message['type'].split('.')[1]} {told}".strip())

    try:
        asyncio.run(ready.asgi3(scope, receive, send))
    except RuntimeError as error:
        seen.append(type(error).__name__)
    assert seen == sent
    assert bool(messages) == (path in LEAVING)
    if path in HEARING:
        told = [one.split() for one in received]
        assert json.loads(by_asgi(ready.asgi3, "/heard")["body"]) == [*told, ["disconnect", 1001]]


def test_older_dialects_answer_as_the_newest(load: Any) -> None:  # noqa: ANN401
    """Plain functions all, and a class; the two oldest send the status with the first bytes."""
    ready = load()
    sent: list[dict[str, Any]] = []

    class Channel:
        async def send(self, message: dict[str, Any]) -> None:
            sent.append(message)

    async def whole() -> None:
        request = {"method": "GET", "path": "/hello", "headers": []}
        await ready.consumer(request, {"reply": Channel()})
        ready.function({"content": request, "reply_channel": Channel()})
        await asyncio.sleep(0.01)

    asyncio.run(whole())
    assert [(one["status"], one["content"], one["more_content"]) for one in sent] == [(200, b"hello", False)] * 2
    assert isinstance(ready.ASGI2, type)
    assert asyncio.iscoroutinefunction(ready.consumer)


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_old_pythons_can_read_it(file: Any) -> None:  # noqa: ANN401
    """The syntax of Python 3.5."""
    ast.parse(file.read_text(), feature_version=(3, 5))


@pytest.mark.parametrize(
    "file",
    [file for file in FILES if not file.name.startswith(("run_", "ready_starlette"))],
    ids=lambda file: file.name,
)
def test_it_imports_the_standard_library_alone(file: Any) -> None:  # noqa: ANN401
    """Only a script that starts a server imports the server, and what answers by starlette starlette."""
    names = {
        alias.name.partition(".")[0]
        for node in ast.walk(ast.parse(file.read_text()))
        for alias in (
            node.names
            if isinstance(node, ast.Import)
            else [ast.alias(node.module or "")]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert names <= set(sys.stdlib_module_names) | OWN
