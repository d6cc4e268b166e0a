"""date-of-kept-connection: on a kept connection every answer has the date of the first one.

Requirement
    The date of an answer is the time at which it was made (RFC 9110, section 6.6.1), with a resolution of one second.
Trigger
    Two requests on one connection, 2.5 s apart. The control compares the date of the first answer with that of one on
    a later connection.
Signature
    Both answers on the one connection have the same date, and a later connection has another one.
Margin
    The requests are 2.5 s apart, so that two dates differ by 2 s at least, or by 1 s where the server renews its date
    once a second only. A busy machine makes the second request later and the difference greater. The server's
    keep-alive lasts 30 s, 12 times as long, and 5 s where the release has no such option.
"""

from harness import Check, Evidence, Heard, Judgement, Scenario, Trial, conclude
from harness.subjects import uvicorn
from harness.subjects.options import where_known

APART_S = 2.5
HELLO = (200, b"hello")
REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
FIRST, PAIR, LATER = "first connection", "two requests on one connection", "second connection"


def observe(trial: Trial) -> None:
    """Make the exchanges of the control and of the trigger."""
    with uvicorn.cli(trial, "ready", http=trial.variant, keep_alive_s=where_known(30)) as server:
        server.get("/hello", name=FIRST)
        with server.connect(PAIR) as connection:
            connection.send(REQUEST)
            connection.receive(answers=1, deadline_s=10)
            trial.sleep(APART_S)
            connection.send(REQUEST)
            connection.receive(answers=2, deadline_s=10)
        server.get("/hello", name=LATER)


def judge(evidence: Evidence) -> Judgement:
    """Judge what came back."""
    exchanges = [exchange for name in (PAIR, LATER) if (exchange := evidence.exchange(name))]
    answers = [answer for exchange in exchanges for answer in exchange.answers]
    dates = [date for answer in answers for date in answer.header("date")]
    are_whole = evidence.heard(PAIR) == Heard.of(HELLO, HELLO) and len(dates) == len(answers)
    is_stale = are_whole and dates[0] == dates[1]
    return conclude(
        preconditions=[Check(name="every answer has a date", expected=len(answers), actual=len(dates))],
        signature=f"both answers have the date {dates[0]!r}" if is_stale else None,
        controls=[
            *(Check(name=name, expected=Heard.of(HELLO), actual=evidence.heard(name)) for name in (FIRST, LATER)),
            Check(name="both are answered", expected=Heard.of(HELLO, HELLO), actual=evidence.heard(PAIR)),
            Check(name="a later connection has another date", expected=2, actual=len({*dates[:1], *dates[2:3]})),
        ],
        requirement=Check(name="two different dates on one connection", expected=2, actual=len(set(dates[:2]))),
    )


SCENARIO = Scenario(
    title="on a kept connection every answer has the date of the first one",
    references=("uvicorn #1706",),
    observe=observe,
    judge=judge,
    variants=uvicorn.variants("h11", "httptools"),
    applications=("ready.py",),
    pythons=uvicorn.PYTHONS,
)
