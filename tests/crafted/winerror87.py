"""winerror87-reload and winerror87-workers: error 87 in any language, and other errors in its place."""

from __future__ import annotations

from functools import partial

from harness.model.evidence import Ended
from tests.crafted.edits import (
    ABSENT,
    INCONCLUSIVE,
    REPRODUCED,
    UNHEALTHY,
    Answer,
    again,
    case,
    facts,
    hears,
    later,
    logs,
    logs_too,
    records,
    without,
    without_servers,
)

both = partial(case, "winerror87-*")
reload = partial(case, "winerror87-reload")
workers = partial(case, "winerror87-workers")

SEEN, WORDS = "[WinError 87]", "Invalid parameter"
# The same number for another reason: ending a process that has ended.
ELSEWHERE = """\
Traceback (most recent call last):
  File "Z:\\python\\3.8\\lib\\multiprocessing\\popen_spawn_win32.py", line 123, in terminate
    _winapi.TerminateProcess(int(self._handle), TERMINATE)
OSError: [WinError 87] Invalid parameter
"""
LANGUAGES = (
    "The parameter is incorrect",
    "Le paramètre est incorrect",
    r"Le param\xe8tre est incorrect",
    "Falscher Parameter",
    "パラメーターが間違っています。",
    "Invalid parameter",
    "",
)
NOT_SERVED = (Ended.DEADLINE, Ended.REFUSED, Ended.RESET, Ended.BY_SERVER)
JUDGED = ("reproduced-*", "absent-*")

LOGGED = [
    *(
        both(
            f"the failure is told in any language: {words!r}",
            "reproduced-*",
            logs(WORDS, words),
            verdict=REPRODUCED,
            says=f"OSError: [WinError 87] {words}".strip(),
        )
        for words in LANGUAGES
    ),
    *(
        both(
            f"another error in the same frames: {other}",
            "reproduced-*",
            logs(SEEN, other),
            verdict=INCONCLUSIVE,
        )
        for other in ("[WinError 870]", "[WinError 187]", "[WinError 10038]", "[WinError 8]", "[Errno 87]")
    ),
    *(
        both(
            f"error 87 elsewhere than in {frame}",
            "reproduced-*",
            logs(frame, "TerminateProcess"),
            verdict=INCONCLUSIVE,
        )
        for frame in ("_register_with_iocp", "CreateIoCompletionPort")
    ),
    both(
        "the number of one error, later the frames of another",
        "reproduced-*",
        logs(SEEN, "[WinError 10038]"),
        logs_too(before=ELSEWHERE),
        verdict=INCONCLUSIVE,
    ),
    both(
        "the frames of one error, later the number of another",
        "reproduced-*",
        logs(SEEN, "[WinError 10038]"),
        logs_too(after=ELSEWHERE),
        verdict=INCONCLUSIVE,
    ),
    both("nothing was logged before the stop", "reproduced-*", records(log=""), verdict=INCONCLUSIVE),
    both("no server is on record", "reproduced-*", without_servers, verdict=INCONCLUSIVE),
]

CONTROLS = [
    one
    for build, control in ((reload, "before the change"), (workers, "one request"))
    for pattern in JUDGED
    for one in (
        *(
            build(
                f"'{control}' wrong, {body!r} {status}: {pattern}",
                pattern,
                hears(control, Answer(body=body, status=status)),
                verdict=UNHEALTHY,
                says=control,
            )
            for body, status in (("hello", 500), ("changed", 200), ("Hello", 200), ("", 200))
        ),
        *(
            build(f"'{control}' {end}: {pattern}", pattern, hears(control, then=end), verdict=UNHEALTHY)
            for end in NOT_SERVED
        ),
        build(f"'{control}' never made: {pattern}", pattern, without(control), verdict=UNHEALTHY),
    )
]

CHANGED = "after the change"

RELOAD = [
    *(
        reload(
            f"there were {count} errors before the change",
            "reproduced-*",
            facts({"errors before the change": count}),
            verdict=UNHEALTHY,
            says="errors before the change",
        )
        for count in (1, 2)
    ),
    reload("nobody looked for errors before the change", "reproduced-*", facts({}), verdict=UNHEALTHY),
    reload(
        "a server that lost its reloader hangs as well",
        "absent-*",
        hears(CHANGED, then=Ended.DEADLINE),
        verdict=INCONCLUSIVE,
    ),
    reload(
        "the changed application was served, whatever was logged",
        "reproduced-*",
        hears(CHANGED, Answer(body="changed"), then=Ended.BY_CLIENT),
        verdict=ABSENT,
    ),
    *(
        one
        for pattern in JUDGED
        for one in (
            *(
                reload(
                    f"the server is broken in another way, {end}: {pattern}",
                    pattern,
                    hears(CHANGED, then=end),
                    verdict=INCONCLUSIVE,
                )
                for end in (Ended.REFUSED, Ended.RESET, Ended.BY_SERVER, Ended.BY_CLIENT)
            ),
            *(
                reload(
                    f"the change went unnoticed, {body!r} {status} {end}: {pattern}",
                    pattern,
                    hears(CHANGED, Answer(body=body, status=status), then=end),
                    verdict=INCONCLUSIVE,
                )
                for body, status in (("hello", 200), ("changed", 500), ("", 200), ("changedfold", 200))
                for end in (Ended.BY_CLIENT, Ended.DEADLINE)
            ),
            *(
                reload(
                    f"who began to answer had accepted, {size} bytes: {pattern}",
                    pattern,
                    hears(CHANGED, Answer(body="changed", size=size), then=Ended.DEADLINE),
                    verdict=INCONCLUSIVE,
                )
                for size in (1, 20, 40)
            ),
            # While waiting for the change the driver may have seen it: the requirement is asked for afterwards.
            reload(f"the trigger was never pulled: {pattern}", pattern, without(CHANGED), verdict=INCONCLUSIVE),
        )
    ),
]

HELD, MEANWHILE = "the request that holds its worker", "the request meanwhile"
SAME = hears(MEANWHILE, Answer(body="hello", process=f"{{{HELD}}}"))

WORKERS = [
    workers("one process that serves both may be alone", "absent-*", SAME, verdict=INCONCLUSIVE, says="two workers"),
    workers(
        "answers of two rounds are not put together",
        "absent-*",
        again(SAME, names=(HELD, MEANWHILE)),
        verdict=INCONCLUSIVE,
    ),
    workers(
        "a worker that died and its successor never accept together",
        "absent-*",
        later(MEANWHILE, HELD),
        verdict=INCONCLUSIVE,
    ),
    workers(
        "two processes accepted, whatever a third one logged",
        "reproduced-*",
        hears(MEANWHILE, Answer(body="hello", process="99999")),
        verdict=INCONCLUSIVE,
    ),
    *(
        one
        for name in (HELD, MEANWHILE)
        for one in (
            *(
                workers(
                    f"two different answers are not two processes: '{name}' {process!r} {status}",
                    "absent-*",
                    hears(name, Answer(body="hello", process=process, status=status)),
                    verdict=INCONCLUSIVE,
                )
                for process, status in (("9", 500), ("worker", 200), ("x", 200), ("9 and 10", 200), ("", 200))
            ),
            *(
                workers(
                    f"a worker that accepts and dies: '{name}' {end}",
                    "absent-*",
                    hears(name, then=end),
                    verdict=INCONCLUSIVE,
                )
                for end in NOT_SERVED
            ),
            workers(
                f"nobody knows which of two answers is the worker's: '{name}'",
                "absent-*",
                hears(name, *(Answer(body="hello", process=process) for process in ("99998", "99999"))),
                verdict=INCONCLUSIVE,
            ),
            workers(
                f"half of an answer is none, whoever gave it: '{name}'",
                "absent-*",
                hears(name, Answer(body="hello", process=f"{{{name}}}", less=1)),
                verdict=INCONCLUSIVE,
            ),
            workers(f"'{name}' never took place", "absent-*", without(name), verdict=INCONCLUSIVE),
        )
    ),
]

CASES = [*LOGGED, *CONTROLS, *RELOAD, *WORKERS]
