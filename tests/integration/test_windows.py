"""The Windows failures, executed by real Windows CPythons under Wine: told apart, and nothing left behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.environments import wine

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [
    pytest.mark.xdist_group("windows"),
    pytest.mark.skipif(wine.loader() is None, reason="no Wine on this machine; 'harness setup --yes' installs it"),
]
WINE = ("--platform", "windows-wine")


def test_reload(verdicts: Callable[..., dict[str, str]]) -> None:
    """Gone with 0.11.0 on 3.8 and later; 3.7 had it while uvicorn chose the loop itself."""
    servers = ("--server", "uvicorn==0.9.0", "--server", "uvicorn==0.10.9", "--server", "uvicorn==0.11.0")
    found = verdicts("winerror87-reload", *servers, "--python", "3.8", *WINE)
    found |= verdicts("winerror87-reload", *servers, "--server", "uvicorn==0.10.8", "--python", "3.7", *WINE)
    assert found == {
        "winerror87-reload_cli_uvicorn-0.9.0_py3.8_windows-wine": "reproduced",
        "winerror87-reload_cli_uvicorn-0.10.9_py3.8_windows-wine": "reproduced",
        "winerror87-reload_cli_uvicorn-0.11.0_py3.8_windows-wine": "absent",
        "winerror87-reload_cli_uvicorn-0.9.0_py3.7_windows-wine": "absent",
        "winerror87-reload_cli_uvicorn-0.10.8_py3.7_windows-wine": "reproduced",
        "winerror87-reload_cli_uvicorn-0.10.9_py3.7_windows-wine": "absent",
        "winerror87-reload_cli_uvicorn-0.11.0_py3.7_windows-wine": "absent",
    }


def test_reload_on_the_newest_release(verdicts: Callable[..., dict[str, str]]) -> None:
    """From 0.22.0 on the old process is ended by a console event, which has to arrive."""
    found = verdicts("winerror87-reload", "--server", "uvicorn==0.54.0", "--python", "3.13", *WINE)
    assert found == {"winerror87-reload_cli_uvicorn-0.54.0_py3.13_windows-wine": "absent"}


def test_workers(verdicts: Callable[..., dict[str, str]]) -> None:
    """Gone with 0.11.0, back from 0.16.0 to 0.17.6, and the claimed release cannot serve by its command line."""
    servers = ("--server", "uvicorn==0.15.0", "--server", "uvicorn==0.17.6", "--server", "uvicorn==0.18.0")
    found = verdicts("winerror87-workers", *servers, "--python", "3.8", *WINE)
    assert found == {
        "winerror87-workers_run_uvicorn-0.15.0_py3.8_windows-wine": "absent",
        "winerror87-workers_cli_uvicorn-0.15.0_py3.8_windows-wine": "absent",
        "winerror87-workers_run_uvicorn-0.17.6_py3.8_windows-wine": "reproduced",
        "winerror87-workers_cli_uvicorn-0.17.6_py3.8_windows-wine": "reproduced",
        "winerror87-workers_run_uvicorn-0.18.0_py3.8_windows-wine": "absent",
        "winerror87-workers_cli_uvicorn-0.18.0_py3.8_windows-wine": "unhealthy",
    }


def test_evidence_names_wine_and_the_frames(harness: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """Nobody can take the result for one of Windows itself, and the traceback is there to read."""
    select = ("winerror87-workers", "--server", "uvicorn==0.17.6", "--python", "3.8", *WINE, "--cell", "*_run_*")
    done = harness("run", *select, "--format", "json", "--quiet")
    (cell,) = json.loads(done.stdout)["cells"]
    assert cell["platform"] == "windows-wine"
    assert cell["python_full"].startswith("3.8.")
    assert cell["environment"]["runtime"].startswith("Wine ")
    shown = harness("show", cell["id"]).stdout
    assert "in Wine " in shown
    assert "_overlapped.CreateIoCompletionPort(obj.fileno(), self._iocp, 0, 0)" in shown
    assert "OSError: [WinError 87]" in shown


def test_nothing_of_a_cell_is_left(harness: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """No Windows process, no server of Wine, no prefix, no temporary file."""
    select = ("winerror87-workers", "--server", "uvicorn==0.18.1", "--python", "3.8", *WINE, "--rerun", "--quiet")
    assert harness("run", *select, temporary=tmp_path).returncode == 0
    assert list(tmp_path.iterdir()) == []
    assert [process.pid for process in psutil.process_iter() if _prefix(process).startswith(str(tmp_path))] == []


def _prefix(process: psutil.Process) -> str:
    """Return the Wine prefix that a process lives in, if it lives in any."""
    try:
        return process.environ().get("WINEPREFIX", "") if process.status() != psutil.STATUS_ZOMBIE else ""
    except psutil.Error:
        return ""
