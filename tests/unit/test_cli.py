"""The command line: a wrong call is told in one line and ends with status 2, stored results need no index."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import cli
from harness.environments import index
from harness.errors import HarnessError, IndexUnavailableError, ScenarioError, UsageError
from harness.model.verdict import Verdict
from harness.results.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.model.evidence import Evidence
    from harness.model.release import Release
    from harness.model.result import CellResult
    from harness.model.scenario import Scenario


TOY = str(Path(__file__).parents[1] / "minimatrix" / "scenarios")  # which names no Pythons
LONG = "1" * 100_000  # no version, no path
MATRIX = """
[[cells]]
scenarios = ["pipelined-keep-alive"]
releases = ["latest"]
pythons = ["3.12"]
platforms = ["linux"]
"""


@pytest.fixture
def call(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    make_release: Callable[..., Release],
) -> Callable[..., tuple[int, str, str]]:
    """Call the program in an empty folder, with three known releases; returns status and both outputs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    listed = tuple(make_release(version) for version in ("0.27.0", "0.27.1", "0.28.0"))
    monkeypatch.setattr(index, "releases_of", lambda _package, **_options: listed)

    (tmp_path / "own.toml").write_text(MATRIX)

    def run(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(arguments)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "pipelined-keepalive"], ["unknown scenario 'pipelined-keepalive'", "pipelined-keep-alive"]),
        (["list", "nothing-like-it"], ["unknown scenario 'nothing-like-it'"]),
        (["run", "--python", "3.810"], ["--python: '3.810' is no Python such as 3.8"]),
        (["run", "--python", "3.8,x"], ["--python: 'x' is no Python"]),
        (["run", "--python", "38"], ["--python: '38' is no Python"]),
        (["run", "--platform", "linx"], ["--platform: unknown platform 'linx'", "linux"]),
        (["run", "--server", "uvicron==0.27.0"], ["--server: no scenario is about 'uvicron'", "uvicorn"]),
        (
            ["run", "--server", "flask"],
            ["--server: no scenario is about 'flask'; subjects are daphne, granian"],
        ),
        (["run", "--server", f"uvicorn=={LONG}"], ["--server: ", "is neither"]),
        (["run", "--server", f"./{LONG}"], ["--server: ", "is not a project folder"]),
        (["cache", "prune", "--unused-for", "nan"], ["--unused-for"]),
        (["run", "--matrix", "large.toml"], ["--matrix: large.toml cannot be read (more than"]),
        (
            ["report", "--results", "kept", "--format", "html", "--output", "file/site"],
            ["--output: ", "cannot be made one"],
        ),
        (["run", "--results", LONG], ["--results", "too long"]),
        (["run", "--matrix", LONG], ["--matrix", "too long"]),
        (["run", "--scenarios", LONG], ["--scenarios", "too long"]),
        (["report", "--output", LONG], ["--output", "too long"]),
        (["run", "--results", "a\0b"], ["an argument has a NUL in it"]),
        (["run", "\udcff"], ["unknown scenario '\\udcff'"]),
        (["run", "--server", "uvicorn==\udcff"], ["--server: '==\\udcff' is neither"]),
        (["run", "--server", "uvicorn==9.9"], ["--server: no release of uvicorn matches '==9.9'", "0.28.0"]),
        (["run", "--server", "uvicorn=0.27"], ["--server: ", "=0.27"]),
        (["run", "--server", "!"], ["--server: '!' is neither"]),
        (["run", "--server", "./gone"], ["--server: ./gone is not a project folder"]),
        (["run", "--matrix", "gone.toml"], ["--matrix: gone.toml cannot be read", "seeds.toml"]),
        (["run", "--matrix", "own.toml", "--cell", "nothing*"], ["leaves no cell of own.toml"]),
        (["run", "--scenarios", "gone"], ["no folder of scenarios at gone"]),
        (["report", "--results", "new"], ["no stored results", "'harness run' makes them"]),
        (["show", "nothing"], ["no stored cell"]),
        (["run", "--results", "file"], ["--results: file is not a folder"]),
        (["run", "--shard", "0/2"], ["--shard: '0/2' is not a part of a whole such as 3/16"]),
        (
            ["list", "--matrix", "own.toml", "--shard", "1/2", "--costs", "file"],
            ["--costs: file is not a folder of results"],
        ),
        pytest.param(
            ["run", "toy-failure", "--scenarios", TOY, "--server", "toyserver==0.27.0", "--shard", "1/2"],
            ["--shard: name the Pythons by --python"],
            marks=pytest.mark.skipif(sys.platform == "win32", reason="asks for the Pythons of a Linux machine"),
        ),
        (["plan", "--cell", "*"], ["--cell: a job is made of cells by such globs itself"]),
        (["merge", "gone", "--output", "new"], ["gone is not a folder of results"]),
        (["merge", "gone", "--output", "file"], ["--output: file is there already"]),
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_wrong_call_is_told_in_one_line(
    arguments: list[str],
    words: list[str],
    call: Callable[..., tuple[int, str, str]],
    make_result: Callable[..., CellResult],
    tmp_path: Path,
) -> None:
    """Status 2, nothing on standard output, no traceback, the nearest names."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "large.toml").write_text("#" * 1024 * 1024 + "\n")
    Journal(tmp_path / "kept").add("key", make_result())
    status, out, err = call(*arguments)
    assert status == 2
    assert out == ""
    assert err.startswith("harness: ")
    assert len(err.splitlines()) == 1
    for word in words:
        assert word in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["run", "--no-such-option"],
        ["run", "--jobs", "0"],
        ["run", "--jobs", "many"],
        ["run", "--trials", "0"],
        ["run", "--format", "morse"],
        ["show"],
        ["show", "a", "b"],
    ],
    ids=" ".join,
)
def test_wrong_option_is_told(arguments: list[str], call: Callable[..., tuple[int, str, str]]) -> None:
    """As every command line does."""
    status, out, err = call(*arguments)
    assert status == 2
    assert out == ""
    assert err.startswith("harness: ")
    assert err.endswith(" (exit status 2)\n")
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_wrong_matrix_is_told_with_its_name(call: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """A file in the call's folder, named as the caller named it."""
    (tmp_path / "wrong.toml").write_text("[[cells]]\nscenario = ['x']\n")
    status, _, err = call("list", "--matrix", "wrong.toml")
    assert status == 2
    assert (
        err
        == "harness: wrong.toml: [[cells]] number 1: unknown key 'scenario'; did you mean scenarios? (exit status 2)\n"
    )


def test_hostile_words_in_a_call_do_not_act(call: Callable[..., tuple[int, str, str]]) -> None:
    """A message shows what it quotes."""
    status, _, err = call("run", "\x1b[31mred")
    assert status == 2
    assert "\x1b" not in err


def test_list_says_claims_and_measurements_apart(
    call: Callable[..., tuple[int, str, str]], bundled: Mapping[str, Scenario]
) -> None:
    """Without asking the index."""
    status, out, err = call("list", "starved-heartbeat")
    assert (status, err) == (0, "")
    assert "claimed   fixed in 0.11.4 (004_75e4f3fc6f71994c.txt; uvicorn #360)" in out
    measured = bundled["starved-heartbeat"].expectations
    assert measured
    for one in measured:
        where = f"gunicorn, Python {one.python}, {one.platform}"
        assert (
            f"measured  {where}: affected: {' or '.join(one.affected) or 'no release'} (of {one.first} to {one.last}"
            in out
        )


def test_list_prints_the_cells_that_run_would_take(call: Callable[..., tuple[int, str, str]]) -> None:
    """One id a line, nothing else, fit for a script; commas and repetitions read alike."""
    options = ("--matrix", "own.toml", "--server", "uvicorn==0.27.0", "--platform", "linux", "--cell", "*_h11_*")
    status, out, err = call("list", "--cells", *options, "--python", "3.8, 3.12")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "pipelined-keep-alive_h11_uvicorn-0.27.0_py3.8_linux",
        "pipelined-keep-alive_h11_uvicorn-0.27.0_py3.12_linux",
    ]
    assert call("list", "--cells", *options, "--python", "3.8", "--python", "3.12")[1] == out


@pytest.mark.parametrize(
    ("spec", "versions"),
    [
        ("uvicorn==latest", {"0.28.0"}),
        ("uvicorn", {"0.28.0"}),
        ("uvicorn==claimed", {"0.27.1"}),
        ("uvicorn>=0.27,<0.28", {"0.27.0", "0.27.1"}),
        pytest.param(
            "uvicorn~=0.27.0",
            {"0.27.0", "0.27.1"},
        ),
        ("uvicorn!=0.27.1", {"0.27.0", "0.28.0"}),
        ("uvicorn===0.27.1", {"0.27.1"}),
    ],
)
def test_server_option_as_the_contract_spells_it(
    spec: str, versions: set[str], call: Callable[..., tuple[int, str, str]]
) -> None:
    """Words and specifiers alike."""
    status, out, _ = call("list", "--matrix", "own.toml", "--server", spec)
    assert status == 0
    assert {line.split("_")[2] for line in out.splitlines()} == {f"uvicorn-{version}" for version in versions}


def test_index_that_cannot_be_asked_is_no_wrong_call(
    call: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 3, in one line."""

    def unavailable(_package: str, **_options: object) -> None:
        message = "no index"
        raise IndexUnavailableError(message)

    monkeypatch.setattr(index, "releases_of", unavailable)
    status, out, err = call("list", "--cells", "--matrix", "own.toml")
    assert (status, out, err) == (3, "", "harness: no index (exit status 3)\n")


def test_interrupt_is_130(call: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """At whatever moment."""

    def interrupted(_package: str, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(index, "releases_of", interrupted)
    status, _, err = call("list", "--cells", "--matrix", "own.toml")
    assert (status, "Traceback" in err) == (130, False)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let the index fail in a way that nobody foresaw; return the folder where that is recorded."""
    if sys.platform == "win32":
        pytest.skip("a user's folders cannot be named by variables there")

    def fails(_package: str, **_options: object) -> None:
        raise RuntimeError("\x1b[31mwhat nobody\nforesaw")

    monkeypatch.setattr(index, "releases_of", fails)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "harness" / "failures"


def test_what_nobody_foresaw_is_4_in_one_line(call: Callable[..., tuple[int, str, str]], failing: Path) -> None:
    """The traceback is in a file that the line names: 1 would say that a verdict contradicts."""
    status, out, err = call("list", "--cells", "--matrix", "own.toml")
    (record,) = failing.iterdir()
    assert (status, out, err.count("\n")) == (4, "", 1)
    assert "the program itself failed: RuntimeError: \\x1b[31mwhat nobody foresaw (test_cli.py, line " in err
    assert err.endswith(f"is in {record} (exit status 4)\n")
    text = record.read_text()
    assert "harness list --cells --matrix own.toml" in text
    assert "Traceback (most recent call last)" in text


def test_records_of_failures_stay_few_and_are_never_written_over(
    call: Callable[..., tuple[int, str, str]], failing: Path
) -> None:
    """The newest stay."""
    call("list", "--cells", "--matrix", "own.toml")
    (first,) = failing.iterdir()
    text = first.read_text()
    for number in range(30):
        call("list", "--cells", "--matrix", "own.toml", "--cell", str(number))
        assert not first.exists() or first.read_text() == text
    kept = list(failing.iterdir())
    assert len(kept) == 20
    assert any("--cell 29" in one.read_text() for one in kept)


def test_a_record_that_cannot_be_written_is_said(
    call: Callable[..., tuple[int, str, str]], failing: Path, tmp_path: Path
) -> None:
    """The status and the one line are the same."""
    (tmp_path / "state").write_text("a file in the place of the folder")
    assert not failing.exists()
    status, _, err = call("list", "--cells", "--matrix", "own.toml")
    assert (status, err.count("\n")) == (4, 1)
    assert "no file with more of it can be written" in err


def test_a_call_that_ends_the_interpreter_is_4(
    call: Callable[..., tuple[int, str, str]], failing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever status it wanted to end with: 1 and 0 mean something else."""

    def leaves(_package: str, **_options: object) -> None:
        sys.exit(1)

    monkeypatch.setattr(index, "releases_of", leaves)
    status, _, err = call("list", "--cells", "--matrix", "own.toml")
    assert (status, "SystemExit" in err, len(list(failing.iterdir()))) == (4, True, 1)


def test_every_error_has_a_status_of_the_contract() -> None:
    """2 for a wrong call, 3 for what could not be judged."""
    assert HarnessError.exit_status == 3
    assert (UsageError.exit_status, ScenarioError.exit_status) == (2, 2)


@pytest.mark.parametrize(
    ("verdict", "expected", "status", "words"),
    [
        (Verdict.ABSENT, Verdict.ABSENT, 0, "every verdict agrees with what is expected"),
        (Verdict.UNHEALTHY, Verdict.UNHEALTHY, 0, "every verdict agrees with what is expected"),
        (Verdict.ABSENT, None, 0, "nothing is expected of 1 cell"),
        (Verdict.REPRODUCED, Verdict.ABSENT, 1, "1 cell contradicts what is expected"),
        (Verdict.UNHEALTHY, Verdict.ABSENT, 3, "1 cell could not be judged"),
        (Verdict.UNSUPPORTED, Verdict.ABSENT, 3, "no cell tried some-failure"),
    ],
)
def test_report_ends_with_the_status_of_the_stored_results(
    verdict: Verdict,
    expected: Verdict | None,
    status: int,
    words: str,
    call: Callable[..., tuple[int, str, str]],
    make_result: Callable[..., CellResult],
    tmp_path: Path,
) -> None:
    """The last line on standard error says which, with counts; the index is not needed."""
    result = make_result(verdict=verdict, expected=expected, reason="r", signature="s")
    Journal(tmp_path / "kept").add("key", result)
    found, out, err = call("report", "--results", "kept", "--format", "json")
    assert found == status
    assert json.loads(out)["cells"][0]["verdict"] == verdict
    last = err.splitlines()[-1]
    assert last.startswith(f"1 cells: 1 {verdict}")
    assert words in last
    assert last.endswith(f"(exit status {status})")


def test_report_does_not_tell_in_which_order_cells_were_run(
    call: Callable[..., tuple[int, str, str]], make_result: Callable[..., CellResult], tmp_path: Path
) -> None:
    """Releases as versions are ordered; the same whatever finished first, on whichever machine."""
    results = [make_result(version=version, python=python) for version in ("0.9", "0.10") for python in ("3.9", "3.10")]
    for name, order in (("one", results), ("other", results[::-1])):
        for number, result in enumerate(order):
            Journal(tmp_path / name).add(str(number), result)
    _, one, _ = call("report", "--results", "one", "--format", "json")
    assert call("report", "--results", "other", "--format", "json")[1] == one
    told = [(cell["python"], cell["version"]) for cell in json.loads(one)["cells"]]
    assert told == [("3.9", "0.9"), ("3.9", "0.10"), ("3.10", "0.9"), ("3.10", "0.10")]


@pytest.mark.parametrize("form", ["terminal", "markdown", "json"])
def test_report_is_written_where_it_is_asked_for(
    form: str, call: Callable[..., tuple[int, str, str]], make_result: Callable[..., CellResult], tmp_path: Path
) -> None:
    """The same as on standard output, which stays empty; a head may say where it is from; folders are made."""
    Journal(tmp_path / "kept").add("key", make_result(expected=Verdict.ABSENT))
    _, text, _ = call("report", "--results", "kept", "--format", form)
    status, out, _ = call("report", "--results", "kept", "--format", form, "--output", "a/b/table")
    assert (status, out) == (0, "")
    assert (tmp_path / "a" / "b" / "table").read_text(encoding="utf-8").endswith(text)
    assert "0.27.0" in text


def test_what_has_nothing_in_common_is_3(
    call: Callable[..., tuple[int, str, str]], make_result: Callable[..., CellResult], tmp_path: Path
) -> None:
    """That no verdict turned says nothing where no cell was judged in both."""
    sick = make_result(version="2.0", verdict=Verdict.UNHEALTHY, reason="r")
    Journal(tmp_path / "old").add("1", sick)
    Journal(tmp_path / "old").add("2", make_result(version="1.0"))
    Journal(tmp_path / "new").add("1", sick)
    status, _, err = call("report", "--diff", "old", "new")
    assert (status, err.endswith("no cell was judged in both (exit status 3)\n")) == (3, True)
    Journal(tmp_path / "new").add("2", make_result(version="1.0"))
    assert call("report", "--diff", "old", "new")[0] == 0


def test_a_cache_that_cannot_be_one_is_told(
    call: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file in its place is the call's mistake; what cannot be written to is the machine's."""
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "file"))
    status, out, err = call("list", "--cells", "--matrix", "own.toml")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "is not a folder" in err

    def full(_package: str, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index, "releases_of", full)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    status, out, err = call("list", "--cells", "--matrix", "own.toml")
    assert (status, out, err.count("\n")) == (3, "", 1)
    assert "cannot be written to: No space left on device" in err


def test_schema_is_printed_without_results(call: Callable[..., tuple[int, str, str]]) -> None:
    """A program can fetch it before anything ran."""
    status, out, err = call("report", "--format", "json-schema")
    assert (status, err) == (0, "")
    assert json.loads(out)["$defs"]["CellResult"]


def test_show_finds_a_cell_by_id_or_glob(
    call: Callable[..., tuple[int, str, str]],
    make_result: Callable[..., CellResult],
    kept: Callable[[str, str], Evidence],
    tmp_path: Path,
) -> None:
    """Several matches are named instead of guessed at."""
    journal = Journal(tmp_path / "kept")
    trial = kept("pipelined-keep-alive", "reproduced-0.27.0-h11")
    fields = {"scenario": "pipelined-keep-alive", "python": "3.8", "verdict": Verdict.REPRODUCED, "signature": "s"}
    shown = make_result(**fields, variant="h11", evidence=journal.keep_evidence([trial]))
    journal.add("one", shown)
    journal.add("two", make_result(**fields, variant="httptools"))
    status, out, _ = call("show", shown.id, "--results", "kept")
    assert status == 0
    assert out.startswith(f"{trial.cell}\n  verdict      reproduced")
    assert "trial 1: reproduced" in out
    assert call("show", "*_h11_*", "--results", "kept")[1] == out
    status, _, err = call("show", "pipelined*", "--results", "kept")
    assert status == 2
    assert "several stored cells match" in err
    assert "_h11_" in err
    assert "_httptools_" in err


@pytest.mark.parametrize("arguments", [["--help"], ["run", "-h"], ["--version"]], ids=" ".join)
def test_help_is_no_error(arguments: list[str], call: Callable[..., tuple[int, str, str]]) -> None:
    """On standard output."""
    status, out, err = call(*arguments)
    assert (status, err) == (0, "")
    assert "harness" in out
