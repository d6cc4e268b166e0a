"""What `ready` does upon a request, said by starlette's own request and responses.

Runs inside the cells: the syntax of Python 3.5, beside starlette.
"""

import asyncio
import time

from ready_http import steps, told
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse


async def answer(scope, receive, send):
    """Answer one request."""
    doing, back = steps(told(scope)), None
    while True:
        step = doing.send(back)
        back = None
        if step[0] == "read":
            back = await Request(scope, receive).body()
        elif step[0] == "sleep":
            await asyncio.sleep(step[1])
        else:
            break
    if scope["path"].startswith("/stream/"):
        said = StreamingResponse(_bodies(doing), status_code=step[1])
    else:
        said = Response(b"".join(_bodies(doing)), status_code=step[1])
    said.raw_headers = [(name, value) for name, value in step[2]]
    await said(scope, receive, send)


def _bodies(doing):
    for step in doing:
        if step[0] == "sleep":
            time.sleep(step[1])  # starlette takes each part in a thread
        else:
            yield step[1]
