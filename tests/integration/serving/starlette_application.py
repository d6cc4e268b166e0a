# Answers by starlette's responses. Runs inside the cell: Python 3.6 syntax.
import dialects
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse


async def asgi3(scope, receive, send):
    if scope["type"] == "lifespan":
        await dialects.lifespan(receive, send)
        return
    answer = PlainTextResponse("hello")
    if scope["path"] == "/echo":
        request = Request(scope, receive)
        told = {"method": request.method, "path": request.url.path, "query": request.url.query}
        answer = JSONResponse(dict(told, body=(await request.body()).decode()))
    await answer(scope, receive, send)
