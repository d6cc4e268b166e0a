"""Sites for the browser tests: small ones that have everything, and one in which every text is hostile."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from harness.analysis.document import document_of
from harness.model.claim import Claim
from harness.model.evidence import Ended, Evidence, Exchange, Frame, Heard, ServerRecord
from harness.model.release import Release
from harness.model.result import CellResult, EnvironmentResult
from harness.model.scenario import Scenario
from harness.model.verdict import Check, Judgement, Verdict, conclude
from harness.report.site import folder as site

if TYPE_CHECKING:
    from pathlib import Path

SIGNATURE = "ERROR: it went wrong"
HOSTILE = (
    "\x1b[31m</script><script>window.hacked=1;alert(1)</script><img src=x onerror=alert(2)>\"'><svg/onload=alert(3)>"
    "{{7*7}}{% raw %}\x00 \u202egnp.exe\u2066 \u2028\ufeff\ud800 javascript:alert(4) <!-- ]]>"
)
VERSIONS = tuple(f"0.{number}.0" for number in range(30))


def _observe(_trial: object) -> None:
    """Do nothing."""


def _judge(evidence: Evidence) -> Judgement:
    server = evidence.servers[0]
    answered = Check(name="plain", expected=Heard.of((200, b"ok")), actual=evidence.heard("plain"))
    running = Check(name="the server runs", expected="SIGTERM", actual=server.stopped_by)
    return conclude(signature=server.line_with(SIGNATURE), controls=[running], requirement=answered)


FAILURE = Scenario(
    id="some-failure",
    title="it goes wrong",
    subject="uvicorn",
    observe=_observe,
    judge=_judge,
    claims=(Claim(document="a-page.txt", references=("uvicorn #1",), fixed="0.12.0"),),
)


def _verdict(place: int) -> Verdict:
    special = {3: Verdict.UNHEALTHY, 8: Verdict.INCONCLUSIVE, 20: Verdict.REPRODUCED, 21: Verdict.ENVIRONMENT_FAILED}
    return special.get(place, Verdict.REPRODUCED if 5 <= place < 14 else Verdict.ABSENT)


def _result(version: str, verdict: Verdict, python: str) -> CellResult:
    environment = EnvironmentResult(
        interpreter="bin/python", pins={"h11": "0.14.0", "uvicorn": version}, resolved_as_of="2024-01-01T00:00:00+00:00"
    )
    return CellResult(
        id=f"some-failure_default_uvicorn-{version}_py{python}_linux",
        scenario="some-failure",
        variant="default",
        subject="uvicorn",
        version=version,
        python=python,
        python_full=f"{python}.1",
        platform="linux",
        verdict=verdict,
        reason=None if verdict.is_judged else f"a reason for {verdict}",
        expected=None,
        trials=1,
        duration_s=1.0,
        cached=False,
        evidence="evidence/1",
        environment=environment,
        signature=SIGNATURE if verdict is Verdict.REPRODUCED else None,
        tally={verdict: 1},
    )


def _evidence(result: CellResult) -> Evidence:
    log = f"INFO: started\n{SIGNATURE if result.verdict is Verdict.REPRODUCED else 'INFO: well'}\n"
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    plain = Exchange(
        name="plain",
        server="uvicorn",
        opened_s=0.1,
        ended_s=2.3,
        ended=Ended.BY_CLIENT,
        frames=(
            Frame(at_s=0.1, direction="sent", data=b"GET / HTTP/1.1\r\n\r\n"),
            Frame(at_s=2.2, direction="received", data=answer),
        ),
    )
    server = ServerRecord(
        name="uvicorn",
        argv=("uvicorn", "application:app"),
        port=27000,
        started_s=0.0,
        ready_s=0.1,
        ended_s=2.5,
        exit_status=0,
        stopped_by="SIGTERM",
        survivors=0,
        log=log,
    )
    return Evidence(
        cell=result.id,
        trial=1,
        scenario=result.scenario,
        variant=result.variant,
        subject=result.subject,
        version=result.version,
        python=result.python,
        platform=result.platform,
        began_at="2026-01-01T00:00:00+00:00",
        duration_s=2.5,
        servers=(server,),
        exchanges=(plain,),
    )


def write_ordinary(folder: Path) -> Path:
    """Write the site of thirty releases on two Pythons; return its folder."""
    results = [
        _result(version, _verdict(place), python)
        for python in ("3.8", "3.12")
        for place, version in enumerate(VERSIONS)
    ]
    day = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    known = tuple(
        Release(version=version, uploaded=day + dt.timedelta(days=60 * place)) for place, version in enumerate(VERSIONS)
    )
    claims = {"some-failure": FAILURE.claims}
    document = document_of(results, releases={"uvicorn": known}, claims=claims, searched={})

    def trials_of(result: CellResult) -> list[tuple[Evidence, Judgement | None]]:
        evidence = _evidence(result)
        return [(evidence, _judge(evidence))]

    site.write(document, {"some-failure": FAILURE}, trials_of, folder=folder, made_by="harness report")
    return folder


def write_relapsed(folder: Path) -> Path:
    """Write the site of three failures; return its folder.

    One was gone for five releases and is in the newest again, one can exist on Windows only, one on Python 3.8 only.
    """
    letters = "RRRaaaaaRR"
    verdicts = {"R": Verdict.REPRODUCED, "a": Verdict.ABSENT}
    again = [_result(f"0.{place}.0", verdicts[letter], "3.12") for place, letter in enumerate(letters)]
    windows = [
        msgspec.structs.replace(
            one, scenario="windows-failure", platform="windows-wine", id=one.id.replace("some-", "windows-")
        )
        for one in again[3:6]
    ]
    nowhere = [
        msgspec.structs.replace(
            one, scenario="other-failure", verdict=Verdict.UNSUPPORTED, id=one.id.replace("some-", "other-")
        )
        for one in again[3:6]
    ]
    day = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    known = tuple(Release(version=one.version, uploaded=day) for one in again)
    scenarios = {
        "some-failure": FAILURE,
        "windows-failure": dataclasses.replace(FAILURE, id="windows-failure", platforms=("windows",)),
        "other-failure": dataclasses.replace(FAILURE, id="other-failure"),
    }
    document = document_of([*again, *windows, *nowhere], releases={"uvicorn": known}, claims={}, searched={})
    site.write(document, scenarios, lambda _: [], folder=folder, made_by="harness report")
    return folder


def write_hostile(folder: Path) -> Path:
    """Write a site in which a server, a shard and a scenario said the worst that they can; return its folder."""
    text = HOSTILE.replace("\ud800", "")  # which cannot be in what was stored as JSON; in a log it can
    results = []
    for verdict in (Verdict.REPRODUCED, Verdict.UNHEALTHY):
        plain = _result("1.0" if verdict is Verdict.REPRODUCED else "2.0", verdict, "3.12")
        environment = EnvironmentResult(interpreter=text, pins={text: text}, resolved_as_of=text, runtime=text)
        fields = dict.fromkeys(("scenario", "variant", "platform", "python_full", "reason", "signature"), text)
        results.append(
            msgspec.structs.replace(plain, id=f"../../{verdict}{text}", environment=environment, control=None, **fields)
        )
    claim = Claim(document=text, references=(text,), fixed="1.0")
    document = document_of(results, releases={}, claims={text: [claim]}, searched={})
    document = msgspec.structs.replace(document, cells=tuple(results))

    def trials_of(result: CellResult) -> list[tuple[Evidence, Judgement | None]]:
        evidence = _evidence(result)
        server = msgspec.structs.replace(
            evidence.servers[0], name=text, argv=(text,), log=f"{HOSTILE}\n{text}", stopped_by=text
        )
        bad = b"HTTP/1.1 200 <script>alert(5)</script>\r\nx: \xff\xfe\x00\x1b[2J\xe2\x80\xae\r\n\r\n<b>"
        exchange = msgspec.structs.replace(
            evidence.exchanges[0], name=text, failure=text, frames=(Frame(at_s=1, direction="received", data=bad),)
        )
        evidence = msgspec.structs.replace(
            evidence, servers=(server,), exchanges=(exchange,), facts={text: text}, error=text, began_at=text
        )
        check = Check(name=text, expected=text, actual="other")
        owed = msgspec.structs.replace(check, name=f"{text} owed")
        return [(evidence, Judgement(verdict=Verdict.REPRODUCED, signature=text, controls=(check,), requirement=owed))]

    site.write(document, {}, trials_of, folder=folder, made_by=text)
    return folder
