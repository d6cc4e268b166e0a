r"""headers-smuggled-by-vertical-tab: a client puts headers into a WebSocket's scope that no proxy has seen as headers.

Twisted takes ``X-Foo: a\x0bX-Forwarded-User: admin`` for one header, as proxies do, which let it pass. For a WebSocket
the affected releases spell the request anew and hand it to autobahn, which decodes it and parts it by ``splitlines``: a
line ends for that at a vertical tab too, and at \x0c, \x1c, \x1d, \x1e and \x85. The application here sends back the
values that it was told of ``X-Forwarded-User``. A server may refuse the request or keep the value whole.
"""

import re

from harness import Scenario, control, handshake, messages, trigger
from harness.subjects import daphne

PATH = "/ws/header/x-forwarded-user"

SCENARIO = Scenario(
    title="a vertical tab in a header's value makes further headers of a WebSocket's handshake",
    references=("daphne CVE-2026-44546", "CVE-2026-44546"),
    serve=lambda trial: daphne.cli(trial, "ready"),
    checks=(
        control(
            *("a space in the value", handshake(PATH, ("X-Foo", b"a X-Forwarded-User: admin")), messages(1)),
            owed="101, text '[]'",
        ),
        trigger(
            *("a vertical tab in the value", handshake(PATH, ("X-Foo", b"a\x0bX-Forwarded-User: admin")), messages(1)),
            owed=re.compile(r"400 b'.*|101, text '\[\]'"),
            failure="""101, text '["admin"]'""",
        ),
    ),
    applications=("ready.py",),
    pythons=daphne.PYTHONS,
)
