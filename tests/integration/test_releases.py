"""Each scenario tells a release that has the failure from one that has not, and both from one that cannot serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

pytestmark = pytest.mark.xdist_group("releases")


def servers(*versions: str) -> tuple[str, ...]:
    """Return the options that select releases of uvicorn."""
    return tuple(part for version in versions for part in ("--server", f"uvicorn=={version}"))


def test_pipelined_keep_alive(verdicts: Callable[..., dict[str, str]]) -> None:
    """The timer came with 0.2.21 and its failure went with 0.27.1; in 0.18.0 the command line breaks h11."""
    found = verdicts("pipelined-keep-alive", *servers("0.27.0", "0.27.1", "0.18.0"), "--python", "3.8")
    found |= verdicts("pipelined-keep-alive", *servers("0.2.20", "0.2.21", "0.27.0"), "--python", "3.7")
    assert found == {
        "pipelined-keep-alive_h11_uvicorn-0.27.0_py3.8": "reproduced",
        "pipelined-keep-alive_httptools_uvicorn-0.27.0_py3.8": "reproduced",
        "pipelined-keep-alive_h11_uvicorn-0.27.1_py3.8": "absent",
        "pipelined-keep-alive_httptools_uvicorn-0.27.1_py3.8": "absent",
        "pipelined-keep-alive_h11_uvicorn-0.18.0_py3.8": "unhealthy",
        "pipelined-keep-alive_httptools_uvicorn-0.18.0_py3.8": "reproduced",
        "pipelined-keep-alive_h11_uvicorn-0.2.20_py3.7": "absent",
        "pipelined-keep-alive_httptools_uvicorn-0.2.20_py3.7": "absent",
        "pipelined-keep-alive_h11_uvicorn-0.2.21_py3.7": "reproduced",
        "pipelined-keep-alive_httptools_uvicorn-0.2.21_py3.7": "reproduced",
        "pipelined-keep-alive_h11_uvicorn-0.27.0_py3.7": "unsupported",
        "pipelined-keep-alive_httptools_uvicorn-0.27.0_py3.7": "unsupported",
    }


def test_preload_closed_loop(verdicts: Callable[..., dict[str, str]]) -> None:
    """Gone since 0.4.4; without --preload only the releases just before have it; 0.4.0 lacks a package."""
    found = verdicts("preload-closed-loop", *servers("0.2.0", "0.3.32", "0.4.0", "0.4.3", "0.4.4"), "--python", "3.7")
    assert found == {
        "preload-closed-loop_preload_uvicorn-0.2.0_py3.7": "environment-failed",
        "preload-closed-loop_no-preload_uvicorn-0.2.0_py3.7": "environment-failed",
        "preload-closed-loop_preload_uvicorn-0.3.32_py3.7": "reproduced",
        "preload-closed-loop_no-preload_uvicorn-0.3.32_py3.7": "absent",
        "preload-closed-loop_preload_uvicorn-0.4.0_py3.7": "unhealthy",
        "preload-closed-loop_no-preload_uvicorn-0.4.0_py3.7": "unhealthy",
        "preload-closed-loop_preload_uvicorn-0.4.3_py3.7": "reproduced",
        "preload-closed-loop_no-preload_uvicorn-0.4.3_py3.7": "reproduced",
        "preload-closed-loop_preload_uvicorn-0.4.4_py3.7": "absent",
        "preload-closed-loop_no-preload_uvicorn-0.4.4_py3.7": "absent",
    }


def test_starved_heartbeat(verdicts: Callable[..., dict[str, str]]) -> None:
    """Gone with 0.7.2, back in 0.11.4 alone, the very release that the document recommends."""
    versions = ("0.3.32", "0.7.1", "0.7.2", "0.11.3", "0.11.4", "0.11.5")
    found = verdicts("starved-heartbeat", *servers(*versions), "--python", "3.7")
    assert found == {
        "starved-heartbeat_gunicorn_uvicorn-0.3.32_py3.7": "reproduced",
        "starved-heartbeat_gunicorn_uvicorn-0.7.1_py3.7": "reproduced",
        "starved-heartbeat_gunicorn_uvicorn-0.7.2_py3.7": "absent",
        "starved-heartbeat_gunicorn_uvicorn-0.11.3_py3.7": "absent",
        "starved-heartbeat_gunicorn_uvicorn-0.11.4_py3.7": "reproduced",
        "starved-heartbeat_gunicorn_uvicorn-0.11.5_py3.7": "absent",
    }


def test_evidence_of_a_cell_is_shown(harness: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """The traceback that the failure was reported with is in what ``harness show`` prints."""
    harness("run", "pipelined-keep-alive", *servers("0.27.0"), "--python", "3.8", "--quiet")
    shown = harness("show", "pipelined-keep-alive_h11_uvicorn-0.27.0_py3.8_linux")
    assert shown.returncode == 0
    assert "Exception in callback H11Protocol.timeout_keep_alive_handler()" in shown.stdout
    assert "can't handle event type ConnectionClosed when role=SERVER and state=SEND_RESPONSE" in shown.stdout
    assert "\\r\\n\\r\\nGET /sleep/5 HTTP/1.1\\r\\n" in shown.stdout
