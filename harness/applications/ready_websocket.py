"""What `ready` does with a WebSocket.

Runs inside the cells: the syntax of Python 3.5, and nothing but the standard library.
"""

import asyncio
import json

from ready_http import HEARD, SENT, pairs, text, told


async def talk(scope, receive, send):
    words = scope["path"].split("/")[2:]
    if words[0] == "reject":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
        if words[1:] == ["receive"]:
            await _late(scope, receive, send, 0)
        return
    if words[0] == "wait":
        await asyncio.sleep(float(words[1]))
    await receive()
    accept = {"type": "websocket.accept"}
    if words[0] == "headers":
        accept["headers"] = pairs(text(scope.get("query_string", b"")))
    await send(accept)
    await _TALKS.get(words[0], _echoed)(scope, receive, send, *words[1:])


async def _echoed(scope, receive, send, *words):
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") is not None:
            await send({"type": "websocket.send", "text": message["text"]})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})


async def _scope(scope, receive, send):
    await send({"type": "websocket.send", "text": json.dumps(told(scope), sort_keys=True)})
    await _echoed(scope, receive, send)


async def _header(scope, receive, send, name):
    values = [text(value) for known, value in scope["headers"] if text(known).lower() == name]
    await send({"type": "websocket.send", "text": json.dumps(values)})
    await _echoed(scope, receive, send)


async def _late(scope, receive, send, seconds):
    await asyncio.sleep(float(seconds))
    del HEARD[:]
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            HEARD.append(["disconnect", message.get("code")])
            return
        is_text = message.get("text") is not None
        HEARD.append(["text", message["text"]] if is_text else ["bytes", text(message["bytes"])])


async def _flood(scope, receive, send, count, size):
    for _ in range(int(count)):
        await send({"type": "websocket.send", "bytes": b"x" * int(size)})
        SENT["ticks"] += 1
    await _echoed(scope, receive, send)


async def _closed(scope, receive, send, code):
    await send({"type": "websocket.close", "code": int(code)})


async def _returned(scope, receive, send):
    pass


async def _crashed(scope, receive, send):
    raise RuntimeError("ready: raised in a WebSocket")


_TALKS = {
    "scope": _scope,
    "header": _header,
    "late": _late,
    "flood": _flood,
    "close": _closed,
    "return": _returned,
    "crash": _crashed,
}
