"""What ``harness show`` prints of a cell: all that a reader needs, in order, and nothing that acts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.model.evidence import Frame
from harness.model.judge import judge
from harness.model.result import EnvironmentResult
from harness.model.verdict import Verdict
from harness.report import evidence
from harness.report.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.cell import Cell
    from harness.model.evidence import Evidence
    from harness.model.result import CellResult
    from harness.model.scenario import Scenario

HOSTILE = "\x1b]0;title\x07\x1b[2J\u202e\x00"


@pytest.fixture
def shown(
    kept: Callable[[str, str], Evidence], bundled: Mapping[str, Scenario], make_result: Callable[..., CellResult]
) -> str:
    """The text of a kept trial."""
    trial = kept("pipelined-keep-alive", "reproduced-0.27.0-h11")
    judgement = judge(bundled["pipelined-keep-alive"], trial)
    environment = EnvironmentResult(interpreter="/python/3.8", pins={"h11": "0.14.0"}, resolved_as_of="2023-01-01")
    result = make_result(
        id=trial.cell,
        verdict=judgement.verdict,
        expected=Verdict.REPRODUCED,
        signature=judgement.signature,
        environment=environment,
        evidence="evidence/x/1",
    )
    return evidence.render(result, [(trial, judgement)], folder=Path("results"))


def test_everything_is_shown(shown: str) -> None:
    """Verdict, expectation, signature, pins, argv, log, bytes with their times, and where the rest lies."""
    for words in (
        "verdict      reproduced (expected reproduced)",
        "signature    two pipelined requests, the second answered late: 200 b'hello', then closed by server; ",
        "Exception in callback H11Protocol.timeout_keep_alive_handler()",
        "h11 0.14.0",
        "resolved     as of 2023-01-01",
        "control passed: two requests, one after the other",
        "requirement NOT MET: two pipelined requests, the second answered late",
        "command  /environment/bin/uvicorn ready:asgi3",
        "log      h11._util.LocalProtocolError: can't handle event type ConnectionClosed",
        "closed by server after ",
        "-> GET /hello HTTP/1.1\\r\\n",
        "<- HTTP/1.1 200 OK\\r\\n",
        str(Path("results") / "evidence/x/1"),
    ):
        assert words in shown


def test_sent_comes_before_received(shown: str) -> None:
    """Frames stand in the order in which they crossed the wire."""
    part = shown[shown.index("exchange 'two pipelined requests, the second answered late'") :]
    assert part.index("-> GET /hello") < part.index("<- HTTP/1.1 200 OK")


def test_an_act_without_a_byte_is_shown(
    kept: Callable[[str, str], Evidence], make_result: Callable[..., CellResult]
) -> None:
    """A half-close is part of what the client did."""
    trial = kept("pipelined-keep-alive", "reproduced-0.27.0-h11")
    act = Frame(at_s=1.0, direction="sent", data=b"", act="half-close")
    closed = msgspec.structs.replace(trial.exchanges[0], frames=(*trial.exchanges[0].frames, act))
    text = evidence.render(
        make_result(), [(msgspec.structs.replace(trial, exchanges=(closed,)), None)], folder=Path("results")
    )
    assert "1.000 s -> (half-close)" in text


def test_hostile_evidence_is_harmless(
    kept: Callable[[str, str], Evidence], make_result: Callable[..., CellResult]
) -> None:
    """Log, bytes, reason, error, argv and facts come from a server or a scenario."""
    trial = kept("pipelined-keep-alive", "reproduced-0.27.0-h11")
    server = msgspec.structs.replace(trial.servers[0], log=HOSTILE, argv=(HOSTILE,))
    trial = msgspec.structs.replace(trial, servers=(server,), error=HOSTILE, facts={"fact": HOSTILE})
    result = make_result(verdict=Verdict.INCONCLUSIVE, reason=HOSTILE, signature=HOSTILE)
    text = evidence.render(result, [(trial, None)], folder=Path("results"))
    assert not set(text) & {"\x1b", "\x07", "\u202e", "\x00"}
    assert "not judged, its scenario is not at hand" in text


def test_endless_log_is_cut(kept: Callable[[str, str], Evidence], make_result: Callable[..., CellResult]) -> None:
    """It says how much more there is and where."""
    trial = kept("pipelined-keep-alive", "reproduced-0.27.0-h11")
    server = msgspec.structs.replace(trial.servers[0], log="line\n" * 1000)
    trial = msgspec.structs.replace(trial, servers=(server,))
    text = evidence.render(make_result(), [(trial, None)], folder=Path("results"))
    assert text.count("log      line") == 200
    assert "800 more lines in the evidence folder" in text


def test_progress_is_plain_lines_where_there_is_no_terminal(
    make_cell: Callable[..., Cell], make_result: Callable[..., CellResult], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each finished cell once, counted, hostile reasons escaped; stored ones take no line."""
    cells = [make_cell(version=version) for version in ("1.0", "2.0")]
    with Progress(dict.fromkeys(cells, 5000), quiet=False) as progress:
        progress.finished(make_result(version="1.0", cached=True))
        progress.finished(make_result(version="2.0", verdict=Verdict.UNHEALTHY, reason=f"[red]{HOSTILE}"))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("[2/2] ☠ some-failure_default_uvicorn-2.0_py3.12_linux unhealthy: [red]\\x1b]0;title")
    assert len(printed.err.splitlines()) == 1
    assert "\x1b" not in printed.err


def test_quiet_progress_says_nothing(
    make_cell: Callable[..., Cell], make_result: Callable[..., CellResult], capsys: pytest.CaptureFixture[str]
) -> None:
    """``--quiet`` means it."""
    with Progress({make_cell(): 5000}, quiet=True) as progress:
        progress.tick()
        progress.finished(make_result())
    assert capsys.readouterr() == ("", "")


def test_estimate_weighs_what_is_left(make_cell: Callable[..., Cell], make_result: Callable[..., CellResult]) -> None:
    """What cells usually take counts until one ran; stored results teach no pace; nothing left, nothing said."""
    cells = [make_cell(version=version) for version in ("1.0", "2.0", "3.0")]
    progress = Progress(dict.fromkeys(cells, 500_000), quiet=True, at_once=2)
    assert progress.estimate() == "about 750 s left"
    progress.finished(make_result(version="1.0", cached=True))
    assert progress.estimate() == "about 500 s left"
    progress.finished(make_result(version="2.0"))
    assert progress.estimate().startswith("about ")
    progress.finished(make_result(version="3.0"))
    assert progress.estimate() == ""
