"""pipelined-keep-alive: the answer that the timer forestalls, and other ways to lose one."""

from __future__ import annotations

from functools import partial

from harness.model.evidence import Ended
from tests.crafted.edits import (
    ABSENT,
    INCONCLUSIVE,
    UNHEALTHY,
    Answer,
    case,
    ends,
    ends_at_once,
    hears,
    logs,
    records,
    without,
)

pipelined = partial(case, "pipelined-keep-alive")
ONE_BY_ONE = "two requests, one after the other"
AT_ONCE = "two pipelined requests, answered at once"
LATE = "two pipelined requests, the second answered late"
QUICK, SLOW = Answer(body="hello"), Answer(body="slept 5")
FAILED = Answer(body="Internal Server Error", status=500)
JUDGED = ("reproduced-*", "absent-*")

CASES = [
    pipelined(
        "a closed connection alone may have another cause",
        "reproduced-*-h11",
        logs("timeout_keep_alive_handler", "some_other_handler"),
        verdict=INCONCLUSIVE,
    ),
    pipelined(
        "the client got both answers, whatever was logged",
        "reproduced-*-h11",
        hears(LATE, QUICK, SLOW, then=Ended.BY_CLIENT),
        verdict=ABSENT,
    ),
    *(
        pipelined(f"the connection ended in another way: {end}", "reproduced-*", ends(LATE, end), verdict=INCONCLUSIVE)
        for end in (Ended.DEADLINE, Ended.RESET, Ended.REFUSED, Ended.BY_CLIENT)
    ),
    pipelined(
        "the timer is armed by the first answer, which never came",
        "reproduced-*",
        hears(LATE),
        verdict=INCONCLUSIVE,
    ),
    pipelined(
        "an application that fails late is another matter",
        "reproduced-*",
        hears(LATE, QUICK, FAILED),
        verdict=INCONCLUSIVE,
    ),
    *(
        pipelined(
            f"who dies while answering has answered in part: {size} bytes",
            "reproduced-*-httptools",
            hears(LATE, QUICK, Answer(body="slept 5", size=size)),
            verdict=INCONCLUSIVE,
        )
        for size in (20, 40, 45)
    ),
    pipelined(
        "a crash closes connections as well",
        "reproduced-*-httptools",
        records(exit_status=-11, stopped_by="itself"),
        verdict=INCONCLUSIVE,
    ),
    pipelined(
        "what closes at once is not the timer",
        "reproduced-*-httptools",
        ends_at_once(LATE),
        verdict=INCONCLUSIVE,
    ),
    pipelined("answers are owed in order", "absent-*", hears(LATE, SLOW, QUICK), verdict=INCONCLUSIVE),
    *(
        pipelined(f"the trigger was never pulled: {pattern}", pattern, without(LATE), verdict=INCONCLUSIVE)
        for pattern in JUDGED
    ),
    *(
        one
        for control in (ONE_BY_ONE, AT_ONCE)
        for pattern in JUDGED
        for one in (
            *(
                pipelined(
                    f"'{control}' {end}: {pattern}",
                    pattern,
                    hears(control, QUICK, then=end),
                    verdict=UNHEALTHY,
                    says=control,
                )
                for end in (Ended.BY_SERVER, Ended.RESET, Ended.DEADLINE, Ended.REFUSED)
            ),
            *(
                pipelined(
                    f"'{control}' wrong, {body!r} {status}: {pattern}",
                    pattern,
                    hears(control, QUICK, Answer(body=body, status=status)),
                    verdict=UNHEALTHY,
                    says=control,
                )
                for body, status in (("slept 5", 200), ("hello", 500), ("", 200))
            ),
            pipelined(f"'{control}' never made: {pattern}", pattern, without(control), verdict=UNHEALTHY, says=control),
        )
    ),
]
