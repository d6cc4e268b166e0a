"""What a scenario expects: the nearest measured history, and a data file that is whole or told to be broken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.errors import ScenarioError
from harness.execution import catalog
from harness.model.expectation import SUFFIX, Expectation, Expectations, foretold
from harness.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

R, A = Verdict.REPRODUCED, Verdict.ABSENT
MODULE = """
from harness import Scenario

def nothing(_):
    raise NotImplementedError

SCENARIO = Scenario(id="own-failure", title="t", subject="s", observe=nothing, judge=nothing)
"""


@pytest.mark.parametrize(
    ("affected", "version", "verdict"),
    [
        ((), "1.0", A),
        (("<0.2",), "0.1", R),
        (("<0.2",), "0.2", A),
        (("<0.2", ">=0.4,<0.6"), "0.3", A),
        (("<0.2", ">=0.4,<0.6"), "0.5", R),
        (("<0.2", ">=0.4,<0.6"), "0.6", A),
        (("==0.3",), "0.3.post1", A),
        (("<=0.3",), "0.3.post1", A),
        (("<0.4",), "0.3.post1", R),
        # pre-releases come before what they lead to, and `<` does not mean those of the release that it names
        (("<0.4",), "0.3rc1", R),
        (("<0.4",), "0.4rc1", A),
        ((">=0.4",), "0.4rc1", A),
        # a local build is judged by what it is a build of
        (("<0.4",), "0.3+local.1", R),
        (("==0.3",), "0.3+local.1", R),
        (("<0.4",), "0.4+local.1", A),
    ],
)
def test_release_is_expected_to_show_what_was_measured(
    affected: tuple[str, ...], version: str, verdict: Verdict, make_expectation: Callable[..., Expectation]
) -> None:
    """The union of the specifiers is what is affected."""
    assert make_expectation(affected=affected).foretells(version) is verdict


@pytest.fixture
def nearest(make_expectation: Callable[..., Expectation]) -> Callable[..., str | None]:
    """Say which of some histories a cell goes by: one that alone calls the release affected."""

    def choose(histories: dict[str, dict[str, Any]], **cell: str) -> str | None:
        where = {"variant": "default", "version": "0.5", "python": "3.8", "platform": "linux", **cell}
        chosen = []
        for picked in histories:
            known = [
                make_expectation(**fields, affected=(">=0",) if name == picked else ())
                for name, fields in histories.items()
            ]
            chosen += [picked for order in (known, known[::-1]) if foretold(order, **where) is R]
        assert len(chosen) in {0, 2}, "the choice depends on the order"
        assert len(set(chosen)) <= 1
        return chosen[0] if chosen else None

    return choose


OLD = {"python": "3.6", "first": "0.1", "last": "0.4"}
MIDDLE = {"python": "3.8", "first": "0.3", "last": "0.6"}
NEW = {"python": "3.12", "first": "0.5", "last": "0.9"}
WINE = {"python": "3.8", "first": "0.1", "last": "0.9", "platform": "windows-wine"}


@pytest.mark.parametrize(
    ("histories", "cell", "chosen"),
    [
        ("old middle new", {"version": "0.3", "python": "3.8"}, "middle"),
        # the same Python, and yet it was never tried that far
        ("old middle new", {"version": "0.9", "python": "3.8"}, "new"),
        ("old middle new", {"version": "0.1", "python": "3.12"}, "old"),
        # none reaches it: what comes closest
        ("old middle new", {"version": "1.0", "python": "3.6"}, "new"),
        ("old middle", {"version": "1.0", "python": "3.6"}, "middle"),
        ("middle new", {"version": "0.1", "python": "3.12"}, "middle"),
        # both reach it: the nearest Python
        ("old middle new", {"version": "0.5", "python": "3.11"}, "new"),
        ("old middle new", {"version": "0.5", "python": "3.9"}, "middle"),
        # another platform is the last resort, however well it fits otherwise
        ("new wine", {"version": "0.2", "python": "3.8"}, "new"),
        ("new wine", {"version": "0.2", "platform": "windows-wine"}, "wine"),
        ("wine", {"version": "0.2", "python": "3.12"}, "wine"),
        ("", {}, None),
    ],
)
def test_nearest_history_counts(
    histories: str, cell: dict[str, str], chosen: str | None, nearest: Callable[..., str | None]
) -> None:
    """Platform, then reach, then Python; in whatever order the file has them."""
    every: dict[str, dict[str, Any]] = {"old": OLD, "middle": MIDDLE, "new": NEW, "wine": WINE}
    assert nearest({name: every[name] for name in histories.split()}, **cell) == chosen


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
    path = folder / f"own{SUFFIX}"
    path.write_bytes(content)
    with pytest.raises(ScenarioError) as error:
        catalog.load([folder])
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
    without = catalog.load([tmp_path])["own-failure"]
    content = msgspec.json.encode(Expectations(histories=(make_expectation(affected=("<0.2",)),)))
    (tmp_path / f"own{SUFFIX}").write_bytes(content)
    loaded = catalog.load([tmp_path])["own-failure"]
    where = {"variant": "default", "python": "3.8", "platform": "linux"}
    assert without.scenario.expects(version="0.1", **where) is None
    assert loaded.scenario.expects(version="0.1", **where) is R
    assert loaded.scenario.expects(version="0.2", **where) is A
    assert loaded.closure == without.closure
