"""unchecked-chunk-end: whatever two bytes follow the data of a chunk are taken for the end of its line.

The data of a chunk ends with CR LF (RFC 9112, section 7.1). The affected releases count two bytes and do not look at
them. A proxy that looks for the end of the line reads another length, and what it forwards as the body of one request
can be two requests to the server.

uvicorn, whose parser h11 is, stays the same release beside every h11, and so does what it requires.
"""

from harness import Companion, Scenario, Variant, control, end, request, trigger
from harness.subjects import uvicorn

BESIDE = tuple(Companion(one, as_of="2025-01-15") for one in ("uvicorn==0.34.0", "click"))
HEADERS = (("Transfer-Encoding", "chunked"), ("Connection", "close"))

SCENARIO = Scenario(
    title="whatever two bytes follow the data of a chunk are taken for the end of its line",
    references=("h11 GHSA-vqfr-h8mv-ghfj", "GHSA-vqfr-h8mv-ghfj", "CVE-2025-43859"),
    serve=lambda trial: uvicorn.cli(trial, "ready", http="h11"),
    checks=(
        control(
            "chunks that end with CR LF",
            *(request("POST", "/read", *HEADERS, body=b"5\r\nAAAAA\r\n2\r\n45\r\n0\r\n\r\n"), end()),
            owed="200 b'read 7 bytes', then closed by server",
        ),
        trigger(
            "a chunk that ends with XX",
            *(request("POST", "/read", *HEADERS, body=b"5\r\nAAAAAXX2\r\n45\r\n0\r\n\r\n"), end()),
            owed="400 b'Invalid HTTP request received.', then closed by server",
            failure="200 b'read 7 bytes', then closed by server",
        ),
    ),
    applications=("ready.py",),
    variants=(Variant(companions=BESIDE),),
    pythons=(("", "3.12"),),
)
