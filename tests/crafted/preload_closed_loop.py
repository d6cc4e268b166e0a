"""preload-closed-loop: the log line and the request that fails, one without the other."""

from __future__ import annotations

from functools import partial

from harness.model.evidence import Ended
from tests.crafted.edits import (
    ABSENT,
    INCONCLUSIVE,
    REPRODUCED,
    UNHEALTHY,
    Answer,
    case,
    hears,
    logs,
    records,
    without,
)

preload = partial(case, "preload-closed-loop")
BEFORE, IMPORTED, AFTER = "plain request before", "who imported", "plain request after"
KEPT_LOOP = "use of the kept loop"
CLOSED = "RuntimeError: Event loop is closed"
JUDGED = ("reproduced-*", "absent-*")

CASES = [
    preload(
        "an error 500 has many causes",
        "reproduced-*",
        logs(CLOSED, "RuntimeError: something else"),
        verdict=INCONCLUSIVE,
    ),
    preload(
        "a closed loop that harms no request, as at shutdown",
        "reproduced-*",
        hears(KEPT_LOOP, Answer(body="kept")),
        verdict=ABSENT,
    ),
    preload(
        "an error logged while stopping is not the trigger's",
        "absent-*",
        records(log_stopping=CLOSED),
        hears(KEPT_LOOP, then=Ended.BY_SERVER),
        verdict=INCONCLUSIVE,
    ),
    *(
        preload(
            f"before 0.2 there is no answer at all: {end}",
            "reproduced-*",
            hears(KEPT_LOOP, then=end),
            verdict=REPRODUCED,
        )
        for end in (Ended.DEADLINE, Ended.BY_SERVER, Ended.RESET)
    ),
    *(
        preload(
            f"a slow or broken server is neither: {end}",
            "absent-*",
            hears(KEPT_LOOP, then=end),
            verdict=INCONCLUSIVE,
        )
        for end in (Ended.DEADLINE, Ended.BY_SERVER, Ended.RESET, Ended.REFUSED)
    ),
    preload(
        "--preload did not preload",
        "[ra]*[0-9]-preload",
        hears(IMPORTED, Answer(body="imported by the worker")),
        verdict=UNHEALTHY,
    ),
    preload(
        "without --preload something preloaded",
        "[ra]*-no-preload",
        hears(IMPORTED, Answer(body="imported by the master")),
        verdict=UNHEALTHY,
    ),
    *(
        preload(f"the trigger was never pulled: {pattern}", pattern, without(KEPT_LOOP), verdict=INCONCLUSIVE)
        for pattern in JUDGED
    ),
    *(
        one
        for control in (BEFORE, IMPORTED, AFTER)
        for pattern in JUDGED
        for one in (
            *(
                preload(
                    f"'{control}' wrong, {body!r} {status}: {pattern}",
                    pattern,
                    hears(control, Answer(body=body, status=status)),
                    verdict=UNHEALTHY,
                    says=control,
                )
                for body, status in (("plain", 500), ("Plain", 200), ("", 200))
            ),
            preload(f"'{control}' never made: {pattern}", pattern, without(control), verdict=UNHEALTHY, says=control),
        )
    ),
]
