"""What every scenario beside this module asks of a server: its verdict is ``absent`` where the server answers all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness import Check, Evidence, Heard, Judgement, conclude

if TYPE_CHECKING:
    from harness import Server

HELLO, ECHO, SHAKE, OVER_HTTP_2 = "hello", "echo", "handshake", "hello over HTTP/2"
READY = ("ready.py",)


def ask(server: Server, *, websocket: bool = False) -> None:
    """Ask for the greeting and for the echo of a body; open a WebSocket where the server has it."""
    server.get("/hello", name=HELLO)
    server.request("POST", "/echo?a=b", name=ECHO, headers=[("X-Twice", "1"), ("X-Twice", "2")], body=b"abc")
    if websocket:
        key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        with server.connect(SHAKE) as connection:
            asked = "GET /ws/echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket"
            connection.send(f"{asked}\r\n{key}\r\n".encode())
            connection.receive(answers=1, deadline_s=1)


def judge(evidence: Evidence) -> Judgement:
    """Ask for the whole greeting, for the request in the echo, and for the switch of protocols."""
    control = Check(name=HELLO, expected=Heard.of((200, b"hello")), actual=evidence.heard(HELLO))
    wanted = {"method": "POST", "path": "/echo", "query": "a=b", "body": "abc"}
    echo, shake = evidence.exchange(ECHO), evidence.exchange(SHAKE)
    answer = echo.only if echo else None
    told = json.loads(answer.body) if answer and answer.status == 200 else {}
    seen = {name: told.get(name) for name in wanted}
    if shake:
        wanted["handshake"], seen["handshake"] = "HTTP/1.1 101", shake.bytes("received")[:12].decode("latin-1")
    if evidence.exchange(OVER_HTTP_2):
        wanted[OVER_HTTP_2], seen[OVER_HTTP_2] = "stream 1: 200 b'hello'", str(evidence.heard(OVER_HTTP_2))
    requirement = Check(name=ECHO, expected=json.dumps(wanted), actual=json.dumps(seen))
    return conclude(signature=None, controls=[control], requirement=requirement)
