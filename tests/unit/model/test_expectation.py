"""What a scenario expects: what was measured of this very cell, and a data file that is whole or told to be broken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.catalog import loading
from harness.errors import ScenarioError
from harness.model.expectation import Expectation, Expectations, foretold
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

R, A, U = Verdict.REPRODUCED, Verdict.ABSENT, Verdict.UNHEALTHY
MODULE = """
from harness import Scenario

def nothing(_):
    raise NotImplementedError

SCENARIO = Scenario(id="own-failure", title="t", subject="s", observe=nothing, judge=nothing)
"""


@pytest.mark.parametrize(
    ("affected", "version", "verdict"),
    [
        ((), "0.2", A),
        (("<0.2",), "0.1", R),
        (("<0.2",), "0.2", A),
        (("<0.2", ">=0.4,<0.6"), "0.3", A),
        (("<0.2", ">=0.4,<0.6"), "0.5", R),
        (("<0.2", ">=0.4,<0.6"), "0.6", A),
        (("==0.3",), "0.3.post1", A),
        (("<=0.3",), "0.3.post1", A),
        (("<0.4",), "0.3.post1", R),
        # the ends of the history are in it, what is beyond them is not
        ((">=0.4",), "0.30.0", R),
        ((">=0.4",), "0.30.1", None),
        (("<0.2",), "0.0.9", None),
        # a history without pre-releases says nothing of them
        (("<0.4",), "0.3rc1", None),
        (("<0.4",), "0.5.dev1", None),
        # a local build is no release that was measured
        (("<0.4",), "0.3+local.1", None),
        (("==0.3",), "0.3+local.1", None),
    ],
)
def test_release_is_expected_to_show_what_was_measured(
    affected: tuple[str, ...], version: str, verdict: Verdict | None, make_expectation: Callable[..., Expectation]
) -> None:
    """The union of the specifiers is what is affected; nothing is expected of what the history does not reach."""
    assert make_expectation(affected=affected).foretells(version) is verdict


def test_pre_releases_are_expected_where_they_were_measured(make_expectation: Callable[..., Expectation]) -> None:
    """They come before what they lead to, and ``<`` does not mean those of the release that it names."""
    measured = make_expectation(affected=("<0.4",), prereleases=True)
    assert measured.foretells("0.3rc1") is R
    assert measured.foretells("0.4rc1") is A


def test_what_could_not_be_judged_is_expected_as_it_was(make_expectation: Callable[..., Expectation]) -> None:
    """A release that cannot work is expected not to, also outside of the judged ones; of others nothing is known."""
    measured = make_expectation(affected=("<0.4",), unhealthy=("0.0.1", "0.3"), unjudged=("0.2", "0.5"))
    shown = {version: measured.foretells(version) for version in ("0.0.1", "0.1", "0.2", "0.2.0", "0.3", "0.5", "0.6")}
    assert shown == {"0.0.1": U, "0.1": R, "0.2": None, "0.2.0": None, "0.3": U, "0.5": None, "0.6": A}


@pytest.mark.parametrize(
    ("cell", "verdict"),
    [
        ({}, R),
        ({"python": "3.9"}, None),
        ({"python": "3.12"}, A),
        ({"platform": "windows-wine"}, None),
        ({"platform": "docker:debian"}, None),
        ({"variant": "h11"}, None),
        ({"version": "0.31"}, None),
        ({"version": "0.31", "python": "3.12"}, A),
    ],
)
def test_only_the_cell_s_own_history_counts(
    cell: dict[str, str], verdict: Verdict | None, make_expectation: Callable[..., Expectation]
) -> None:
    """What another Python or platform shows was measured there, however near it is."""
    known = [
        make_expectation(affected=("<1",)),
        make_expectation(python="3.12", last="0.40"),
        make_expectation(python="3.8", platform="windows"),
    ]
    where = {"variant": "default", "version": "0.5", "python": "3.8", "platform": "linux", **cell}
    assert foretold(known, **where) is verdict
    assert foretold(known[::-1], **where) is verdict


def test_another_variant_foretells_nothing(make_expectation: Callable[..., Expectation]) -> None:
    """Nothing measured, nothing expected."""
    known = [make_expectation(variant="h11", affected=(">=0",))]
    where = {"version": "0.5", "python": "3.8", "platform": "linux"}
    assert foretold(known, variant="httptools", **where) is None
    assert foretold(known, variant="h11", **where) is R
    assert foretold([], variant="h11", **where) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("affected", ["0.1 to 0.2"]),
        ("affected", ["<0.2", "nothing"]),
        ("first", "one"),
        ("last", ""),
        ("unhealthy", ["one"]),
        ("unjudged", [""]),
        ("python", "three"),
        ("python", "3"),
        ("python", ""),
        ("python", 3.8),
        ("confidence", "high"),
        ("surprise", 1),
        ("date", None),
    ],
)
def test_broken_data_file_is_one_clear_line(
    field: str, value: object, tmp_path: Path, make_expectation: Callable[..., Expectation]
) -> None:
    """It says which file, and what writes it."""
    entry = {**msgspec.to_builtins(make_expectation()), field: value}
    check_refused(tmp_path, json.dumps({"histories": [entry]}).encode())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"histories": 1}', b"{}", b'{"histories": [{}]}', b'"\xff"'])
def test_torn_data_file_is_one_clear_line(content: bytes, tmp_path: Path) -> None:
    """As after a merge that went wrong."""
    check_refused(tmp_path, content)


def check_refused(folder: Path, content: bytes) -> None:
    """A scenario beside a data file of this content is refused."""
    (folder / "own.py").write_text(MODULE)
    path = folder / "own.expected.json"
    path.write_bytes(content)
    with pytest.raises(ScenarioError) as error:
        loading.load([folder])
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert message.endswith("; 'harness history --write' writes it")
    assert len(message.splitlines()) == 1
    assert error.value.exit_status == 2


@pytest.mark.parametrize("python", ["3", "three", "", "3."])
def test_python_without_a_minor_is_refused(python: str, make_expectation: Callable[..., Expectation]) -> None:
    """Its distance from another one could not be told."""
    with pytest.raises(ValueError, match=f"'{python}' is no Python such as 3.8"):
        make_expectation(python=python)


def test_scenario_expects_what_its_data_file_says(tmp_path: Path, make_expectation: Callable[..., Expectation]) -> None:
    """Beside its module, under its name; and the digest, by which stored results count, is the same without it."""
    (tmp_path / "own.py").write_text(MODULE)
    without = loading.load([tmp_path])["own-failure"]
    content = msgspec.json.encode(Expectations(histories=(make_expectation(affected=("<0.2",)),)))
    (tmp_path / "own.expected.json").write_bytes(content)
    loaded = loading.load([tmp_path])["own-failure"]
    where = {"variant": "default", "python": "3.8", "platform": "linux"}
    assert without.scenario.expects(version="0.1", **where) is None
    assert loaded.scenario.expects(version="0.1", **where) is R
    assert loaded.scenario.expects(version="0.2", **where) is A
    assert loaded.closure == without.closure
