"""What is written by hand and ages: here it is said when it is old, by what the installed uv knows, offline."""

from __future__ import annotations

import configparser
import re
import sys
from pathlib import Path

import pytest

from harness.environments import interpreters

ROOT = Path(__file__).parents[3]
INSTALLABLE = () if sys.platform == "win32" else interpreters.installable()  # uv is not among the files under Wine


@pytest.mark.parametrize("python", [one for one in INSTALLABLE if int(one.split(".")[1]) >= 8])
def test_every_released_python_has_its_regression_tests(python: str) -> None:
    """In the list of tox; a newer uv knows a newer Python, which is to be added then."""
    settings = configparser.RawConfigParser()
    settings.read(ROOT / "tox.ini")
    (linux,) = re.findall(r"^py\{([\d,]+)\}-linux", settings["tox"]["env_list"].strip(), re.MULTILINE)
    assert python.replace(".", "") in linux.split(",")
    assert f"HARNESS_TRIAL_PYTHON = {python}\n" in (ROOT / "tox.ini").read_text() + "\n"


@pytest.mark.parametrize("python", [one for one in INSTALLABLE if int(one.split(".")[1]) >= 8])
def test_every_released_python_is_on_the_machines_of_ci(python: str) -> None:
    """Where the project's own tests run."""
    (listed,) = re.findall(r"uv python install (3[\d. ]+)\n", (ROOT / ".github/workflows/tests.yml").read_text())
    assert python in listed.split()


@pytest.mark.skipif(sys.platform == "win32", reason="uv is not asked there")
def test_uv_tells_the_pythons_that_it_can_fetch() -> None:
    """Released ones in order, each once: what the other tests go by."""
    assert tuple(sorted(set(INSTALLABLE), key=lambda one: int(one.split(".")[1]))) == INSTALLABLE
    assert {"3.8", "3.12", "3.14"} <= set(INSTALLABLE)
