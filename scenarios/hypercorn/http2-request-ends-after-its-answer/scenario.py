"""http2-request-ends-after-its-answer: a request that ends after it was answered ends the whole connection.

A client of HTTP/2 may be answered before its request has ended, and ends it later: by a section of trailers or by an
empty frame of data. The affected releases have forgotten the stream by then and raise KeyError, which ends the
connection with all that other streams still owe. Browsers met the failure with plain requests, whose end lost a race
against the answer within one event loop; the client here waits for the answer, so that nothing races.

Margin: some releases leave the dead connection open. The client waits 10 s for an answer that takes milliseconds, on a
connection that has just been answered.
"""

import re

from harness import Scenario, Trial, Variant, control, trigger
from harness.subjects import hypercorn

TRAILERS = b"\x00\x00\x07\x01\x05\x00\x00\x00\x01\x00\x03x-a\x01b"  # a frame of HEADERS, x-a: b, that ends stream 1


def observe(trial: Trial) -> None:
    """Ask once, then end a request after its answer and ask again on the connection."""
    files = trial.certificate()
    with hypercorn.cli(trial, "ready", certfile=files.certificate, keyfile=files.key, tls=files) as server:
        with server.http2("a request that ends at once") as connection:
            connection.answer(connection.request("GET", "/hello"), deadline_s=10)
        with server.http2("a request that ends after its answer, then another") as connection:
            first = connection.request("GET", "/hello", end=False)
            connection.answer(first, deadline_s=10)
            connection.raw(TRAILERS) if trial.variant == "trailers" else connection.send(first, b"", end=True)
            connection.answer(connection.request("GET", "/hello"), deadline_s=10)


SCENARIO = Scenario(
    title="a request over HTTP/2 that ends after it was answered ends the whole connection",
    references=("hypercorn #197", "hypercorn #161", "hypercorn #199", "hypercorn #329"),
    observe=observe,
    checks=(
        control("a request that ends at once", owed="stream 1: 200 b'hello'"),
        trigger(
            "a request that ends after its answer, then another",
            owed=re.compile(r"stream 1: 200 b'hello'(, reset NO_ERROR)?, stream 3: 200 b'hello'"),
            failure=re.compile("stream 1: 200 b'hello', then (closed by server|deadline)"),
        ),
    ),
    applications=("ready.py",),
    variants=tuple(Variant(name=name, companions=hypercorn.COMPANIONS) for name in ("trailers", "data")),
    pythons=(("<0.9", "3.7"), (">=0.9,<0.18", "3.8"), (">=0.18", "3.12")),
)
