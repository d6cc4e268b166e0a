"""preload-closed-loop: the worker closes the event loop that a preloaded application keeps.

Requirement
    An application may keep the event loop that it saw when it was imported and hand callbacks to it; gunicorn's
    ``--preload`` imports it in the master, before the workers are forked. The loop must not be closed behind it.
Trigger
    A request upon which the application calls ``call_soon`` of the loop it keeps. Only ``UvicornWorker`` with
    uvloop closes loops; ``UvicornH11Worker`` never did. What is scheduled is not awaited: awaiting a future of
    the kept loop fails on every release under ``--preload``, with another error, which is another matter.
Signature
    ``RuntimeError: Event loop is closed`` in the log, and the request not answered as it should be: an error 500,
    or before 0.2 no answer at all.
Controls
    A plain request before and after is answered, and the application was imported by the process that the
    variant says: by the master with ``--preload``, by the worker without.
Variants
    ``preload`` as reported; ``no-preload`` is its control and a variant of its own, since 0.4.1 to 0.4.3, which
    set the loop up after the application is imported, close it there too.
Margin
    No time is judged. The trigger is answered or refused within milliseconds; where no answer comes, the driver
    stops waiting after WAIT_S = 5 and the log must still show the error, so a slow answer is never taken for it.

From CPython 3.12 on a forked child has no current event loop, so ``get_event_loop().close()`` closes a new one:
there the affected releases do not show the failure with ``--preload``. They cannot be installed there in
environments of their time either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from harness import Check, Companion, Evidence, Heard, Judgement, Scenario, Variant, conclude

if TYPE_CHECKING:
    from harness import Trial

WAIT_S = 5
FIRST_WITH_WORKERS = Version("0.2.0")  # the module uvicorn.workers; uvicorn.worker before
FIRST_WITH_ASGI_3 = Version("0.7.0b1")
FIRST_WITH_ASGI_2 = Version("0.1.0")
FIRST_WITH_COROUTINES = Version("0.0.5")

BEFORE, IMPORTED, TRIGGER, AFTER = "plain request before", "who imported", "use of the kept loop", "plain request after"
SIGNATURE = "RuntimeError: Event loop is closed"

COMPANIONS = (
    "gunicorn",
    Companion("setuptools<60", "<0.18"),  # gunicorn before 21 imports pkg_resources
    Companion("uvloop", ">=0.12"),  # what UvicornWorker imports, no longer required by uvicorn itself
    Companion("httptools", ">=0.12"),
)


def command(trial: Trial) -> tuple[str, ...]:
    """Return gunicorn's arguments, as the release on trial needs them."""
    if trial.version >= FIRST_WITH_ASGI_3:
        application = "asgi3"
    elif trial.version >= FIRST_WITH_ASGI_2:
        application = "ASGI2"
    else:
        application = "consumer" if trial.version >= FIRST_WITH_COROUTINES else "function"
    module = "uvicorn.workers" if trial.version >= FIRST_WITH_WORKERS else "uvicorn.worker"
    preload = ("--preload",) if trial.variant == "preload" else ()
    return (
        *("--worker-class", f"{module}.UvicornWorker", "--workers", "1", "--bind", "127.0.0.1:{port}"),
        *("--graceful-timeout", "1", *preload, f"application:{application}"),
    )


def observe(trial: Trial) -> None:
    """Make the controls around one use of the loop that the application keeps."""
    with trial.server("gunicorn", "gunicorn", *command(trial)) as server:
        server.get("/", name=BEFORE)
        server.get("/imported", name=IMPORTED)
        server.get("/kept", name=TRIGGER, deadline_s=WAIT_S)
        server.get("/", name=AFTER)
        server.wait_for_log(SIGNATURE, deadline_s=0.2)


def judge(evidence: Evidence) -> Judgement:
    """Look for the closed loop in the log, and whether the request that used it was answered."""
    importer = b"imported by the master" if evidence.variant == "preload" else b"imported by the worker"
    controls = [
        Check(name=BEFORE, expected=Heard.of((200, b"plain")), actual=evidence.heard(BEFORE)),
        Check(name=IMPORTED, expected=Heard.of((200, importer)), actual=evidence.heard(IMPORTED)),
        Check(name=AFTER, expected=Heard.of((200, b"plain")), actual=evidence.heard(AFTER)),
    ]
    requirement = Check(name=TRIGGER, expected=Heard.of((200, b"kept")), actual=evidence.heard(TRIGGER))
    server = evidence.server("gunicorn")
    logged = server.line_with(SIGNATURE) if server else None
    signature = None
    if logged and evidence.exchange(TRIGGER) and not requirement.passed and all(check.passed for check in controls):
        signature = f"{logged}; {TRIGGER}: {requirement.actual}"
    return conclude(signature=signature, controls=controls, requirement=requirement)


SCENARIO = Scenario(
    title="gunicorn's worker closes the event loop that a preloaded application keeps",
    variants=(
        Variant(name="preload", companions=COMPANIONS),
        Variant(name="no-preload", companions=COMPANIONS),
    ),
    applications=("application.py",),
    pythons=(("<0.10", "3.6"), (">=0.10,<0.34", "3.8"), (">=0.34", "3.12")),
    observe=observe,
    judge=judge,
    typical_s=3.0,
    deadline_s=120.0,
)
