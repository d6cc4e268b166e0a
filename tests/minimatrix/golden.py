"""Comparing a printed document with the one that is kept, after taking out what differs from run to run."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from .driving import PYTHON

FOLDER = Path(__file__).parent / "golden"
REGENERATE = "MINIMATRIX_REGENERATE"
_STAMP = re.compile(r"/\d{8}T\d{6}\.\d{6}Z")
_BUILD = re.compile(r"^(uv could not )[^:]*: .*(RuntimeError: [\w ]*\w)(?: \|.*)?$")


def normal(document: str) -> dict[str, Any]:
    """Return the JSON document without durations, time stamps, paths, and the Python that the tests run on.

    Of what the build tool printed only the line of the release's own remains: the rest is the tool's. Nor does it count
    whether an earlier test tried a build.
    """
    document = document.replace(" ('--rerun' tries it again)", "")
    value: dict[str, Any] = json.loads(document.replace(f"_py{PYTHON}_", "_pyX.Y_"))
    for one in (*value["histories"], *value["claims"]):
        one["python"] = one["python"].replace(PYTHON, "X.Y")
    for cell in value["cells"]:
        cell["python"] = cell["python"].replace(PYTHON, "X.Y")
        cell["python_full"] = cell["python_full"] and re.sub(
            rf"^{re.escape(PYTHON)}\.\d+$", "X.Y.Z", cell["python_full"]
        )
        cell["duration_s"] = "more than 0" if cell["duration_s"] > 0 else 0
        cell["judged_by"] = cell["judged_by"] and "a digest"
        if cell["evidence"]:
            cell["evidence"] = _STAMP.sub("/STAMP", cell["evidence"])
        if cell["reason"]:
            reason = re.sub(r"ran for \d+ s", "ran for N s", cell["reason"])
            cell["reason"] = _BUILD.sub(r"\1… \2", reason)
        if cell["environment"]:
            cell["environment"]["interpreter"] = Path(cell["environment"]["interpreter"]).is_file() and "a file"
    return value


def check(name: str, document: str) -> None:
    """Compare with ``golden/NAME.json``, or write it where `REGENERATE` is set in the environment."""
    path = FOLDER / f"{name}.json"
    found = normal(document)
    if os.environ.get(REGENERATE):
        path.write_text(json.dumps(found, indent=2, ensure_ascii=True) + "\n")
    kept = json.loads(path.read_text())
    for one, other in zip(found["cells"], kept["cells"], strict=False):
        assert one == other
    assert found == kept
