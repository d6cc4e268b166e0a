"""Joining results folders: all that was measured is there after it; what is hostile or contradicts is refused whole."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness import cli
from harness.analysis.document import Searched
from harness.analysis.search import Strategy
from harness.errors import ResultsError
from harness.model.coordinates import SeriesKey
from harness.model.result import EnvironmentResult
from harness.model.verdict import Verdict
from harness.results import merging
from harness.results.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from harness.catalog.loading import LoadedScenario
    from harness.model.evidence import Evidence
    from harness.model.release import Release
    from harness.model.result import CellResult

    Measure = Callable[..., CellResult]

KEYS = tuple(f"{number:064x}" for number in range(9))
ENVIRONMENT = EnvironmentResult(interpreter="/i", pins={"uvicorn": "1.0"}, resolved_as_of="2024-01-01T00:00:00+00:00")


@pytest.fixture
def measure(make_result: Callable[..., CellResult], kept: Callable[[str, str], Evidence]) -> Measure:
    """Enter a result with its evidence into a results folder, as a run does."""
    trial = kept("pipelined-keep-alive", "absent-0.27.1-h11")

    def entered(folder: Path, key: str, **fields: Any) -> CellResult:  # noqa: ANN401 - the fields of a result
        journal = Journal(folder)
        result = make_result(
            **{"environment": ENVIRONMENT, "tally": {fields.get("verdict", Verdict.ABSENT): 1}, **fields}
        )
        names = ("scenario", "variant", "subject", "version", "python", "platform")
        own = {name: getattr(result, name) for name in names}
        place = journal.keep_evidence([msgspec.structs.replace(trial, cell=result.id, trial=1, **own)])
        result = msgspec.structs.replace(result, evidence=place)
        journal.add(key, result, trial_key=key)
        journal.close()
        return result

    return entered


@pytest.fixture
def shards(tmp_path: Path, measure: Measure, make_release: Callable[..., Release]) -> tuple[Path, Path]:
    """Two folders that can be joined: 1.0 and 2.0, and what the index says."""
    one, two = tmp_path / "one", tmp_path / "two"
    measure(one, KEYS[1], version="1.0", verdict=Verdict.REPRODUCED)
    measure(two, KEYS[2], version="2.0")
    Journal(one).know({"uvicorn": [make_release("1.0")]})
    Journal(two).know({"uvicorn": [make_release("1.0"), make_release("2.0")]})
    return one, two


def merge(
    folders: Sequence[Path],
    output: Path,
    *,
    scenarios: Mapping[str, LoadedScenario] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> int:
    """Join folders where no scenario is at hand, unless some are given."""
    return merging.merge(folders, output, scenarios=scenarios or {}, tell=tell)


def refusal(*folders: Path) -> str:
    """Return why the folders are not joined; nothing is left of the attempt."""
    output = folders[0].parent / "refused"
    before = set(output.parent.iterdir())
    with pytest.raises(ResultsError) as error:
        merge(folders, output)
    assert set(output.parent.iterdir()) == before
    return str(error.value)


def change(folder: Path, **fields: Any) -> None:  # noqa: ANN401 - whatever JSON has
    """Change fields of the only entry, ``result__verdict`` in the result."""
    path = folder / "journal.jsonl"
    entry = json.loads(path.read_bytes())
    for name, value in fields.items():
        *outer, inner = name.split("__")
        place = entry
        for one in outer:
            place = place[one]
        place[inner] = value
    path.write_text(json.dumps(entry, separators=(",", ":")) + "\n")


def test_all_that_was_measured_is_in_the_merged_folder(shards: tuple[Path, Path], tmp_path: Path) -> None:
    """Found by its key, with its evidence, and the folders as they were."""
    before = {path: path.read_bytes() for shard in shards for path in shard.rglob("*") if path.is_file()}
    assert merge(shards, tmp_path / "merged") == 2
    merged = Journal(tmp_path / "merged")
    for shard, number in zip(shards, (1, 2), strict=True):
        found = merged.find(KEYS[number])
        assert found
        own = Journal(shard).find(KEYS[number])
        assert own
        assert found == msgspec.structs.replace(own, unjudged_here=True)
        assert merged.evidence_of(found) == Journal(shard).evidence_of(found) != ()
        log = (shard / str(found.evidence)).glob("*.log")
        assert all((tmp_path / "merged" / path.relative_to(shard)).read_bytes() == path.read_bytes() for path in log)
    assert [release.version for release in merged.releases["uvicorn"]] == ["1.0", "2.0"]
    assert {path: path.read_bytes() for path in before} == before


def test_merging_again_changes_nothing(shards: tuple[Path, Path], tmp_path: Path) -> None:
    """A merged folder with one of its parts, or a folder with itself, is what it was."""
    merge(shards, tmp_path / "merged")
    assert merge([tmp_path / "merged", *shards, shards[0]], tmp_path / "again") == 2
    assert sorted((tmp_path / "again" / "journal.jsonl").read_bytes().splitlines()) == sorted(
        (tmp_path / "merged" / "journal.jsonl").read_bytes().splitlines()
    )


def test_newest_result_of_a_folder_still_counts(measure: Measure, tmp_path: Path) -> None:
    """Also where '--rerun' could judge what could not be judged before; the older evidence is kept."""
    measure(tmp_path / "one", KEYS[1], verdict=Verdict.UNHEALTHY, reason="it was ill")
    newest = measure(tmp_path / "one", KEYS[1])
    merge([tmp_path / "one"], tmp_path / "merged")
    assert Journal(tmp_path / "merged").latest() == (msgspec.structs.replace(newest, unjudged_here=True),)
    assert len(list((tmp_path / "merged" / "evidence").glob("*/*"))) == 2


@pytest.mark.parametrize("measured_first", [True, False])
def test_measured_counts_more_than_unmeasured(
    measured_first: bool,  # noqa: FBT001 - a column of the table
    measure: Measure,
    make_result: Callable[..., CellResult],
    tmp_path: Path,
) -> None:
    """A machine that cannot run a cell says nothing about it."""
    result = measure(tmp_path / "one", KEYS[1], platform="windows")
    lacking = make_result(platform="windows", verdict=Verdict.ENVIRONMENT_FAILED, reason="another machine's", trials=0)
    Journal(tmp_path / "two").note(lacking)
    folders = [tmp_path / "one", tmp_path / "two"]
    merge(folders if measured_first else folders[::-1], tmp_path / "merged")
    assert Journal(tmp_path / "merged").latest() == (msgspec.structs.replace(result, unjudged_here=True),)


@pytest.mark.parametrize("key", [KEYS[1], KEYS[2]], ids=["same key", "another key"])
def test_another_verdict_is_refused(key: str, measure: Measure, tmp_path: Path) -> None:
    """Of the same key, and of the same cell measured elsewhere: one of them would vanish."""
    measure(tmp_path / "one", KEYS[1], verdict=Verdict.REPRODUCED)
    measure(tmp_path / "two", key)
    told = refusal(tmp_path / "one", tmp_path / "two")
    assert "contradict" in told
    assert f"{tmp_path / 'one'} has some-failure_default_uvicorn-0.27.0_py3.12_linux as reproduced" in told
    assert f"{tmp_path / 'two'} has it as absent" in told


def test_one_key_of_two_cells_is_refused(measure: Measure, tmp_path: Path) -> None:
    """A run would take one's verdict for the other's."""
    measure(tmp_path / "one", KEYS[1], version="1.0")
    measure(tmp_path / "two", KEYS[1], version="2.0")
    assert "contradict" in refusal(tmp_path / "one", tmp_path / "two")


def test_same_verdict_measured_twice_is_no_contradiction(measure: Measure, tmp_path: Path) -> None:
    """Both are kept."""
    measure(tmp_path / "one", KEYS[1])
    measure(tmp_path / "two", KEYS[2])
    assert merge([tmp_path / "one", tmp_path / "two"], tmp_path / "merged") == 1
    assert all(Journal(tmp_path / "merged").find(key) for key in KEYS[1:3])


def test_wine_is_never_merged_as_windows(measure: Measure, tmp_path: Path) -> None:
    """Side by side they are two cells; one that says the other's name is refused."""
    wine = msgspec.structs.replace(ENVIRONMENT, runtime="Wine 8.0")
    measure(tmp_path / "one", KEYS[1], platform="windows-wine", environment=wine, verdict=Verdict.REPRODUCED)
    measure(tmp_path / "two", KEYS[2], platform="windows")
    assert merge([tmp_path / "one", tmp_path / "two"], tmp_path / "merged") == 2
    measure(tmp_path / "three", KEYS[3], platform="windows", environment=wine)
    assert "it ran under Wine 8.0, which is never called windows" in refusal(tmp_path / "three")
    measure(tmp_path / "four", KEYS[3], platform="windows-wine")
    assert "it does not say under which Wine it ran" in refusal(tmp_path / "four")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"protocol": 1}, "line 1 is of protocol 1"),
        ({"key": "k"}, "its key is none"),
        ({"key": ""}, "do not go together"),
        ({"at": "yesterday"}, "yesterday"),
        ({"evidence_bytes": 1}, "its evidence is damaged"),
        ({"result": {}}, "line 1: Object missing required field"),
        ({"result": []}, "line 1: Expected `object`"),
        ({"result__id": "../../x"}, "what is at `$.result.id` cannot be there"),
        ({"result__version": "2.0"}, "its id is not that of its scenario"),
        ({"result__version": "\x1b[2J"}, "what is at `$.result.version` cannot be there"),
        ({"result__platform": "windows"}, "its id is not that of its scenario"),
        ({"result__platform": "plan9"}, "what is at `$.result.platform` cannot be there"),
        ({"result__python": "2.7"}, "what is at `$.result.python` cannot be there"),
        ({"result__verdict": "fine"}, "Invalid enum value 'fine'"),
        ({"result__trials": 2}, "its trials are not those that it counts"),
        ({"result__trials": 2, "result__tally": {"absent": 2}}, "its evidence is not that of its trials"),
        (
            {"result__trials": 10**15, "result__tally": {"absent": 10**15}},
            "Expected `int` <= 1000 - at `$.result.trials`",
        ),
        ({"result__trials": 0, "result__tally": {}}, "it is reproduced without a trial"),
        ({"result__duration_s": -1}, "Expected `float` >= 0"),
        ({"result__evidence": None}, "do not go together"),
        ({"result__environment": None}, "do not go together"),
        ({"result__evidence": "/etc"}, "what is at `$.result.evidence` cannot be there"),
        ({"result__evidence": "../two/evidence"}, "what is at `$.result.evidence` cannot be there"),
        ({"result__evidence": "evidence/../../two"}, "what is at `$.result.evidence` cannot be there"),
        ({"result__evidence": "C:\\Windows"}, "what is at `$.result.evidence` cannot be there"),
        (
            {"result__evidence": "evidence/some-failure_default_uvicorn-1.0_py3.12_linux/.."},
            "what is at `$.result.evidence` cannot be there",
        ),
        (
            {"result__evidence": "evidence/some-failure_default_uvicorn-1.0_py3.12_linux/20240101T000000.000000Z"},
            "its evidence is not there",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_entry_that_does_not_hold_is_refused(fields: dict[str, Any], words: str, shards: tuple[Path, Path]) -> None:
    """By itself, or by its evidence."""
    change(shards[0], **fields)
    assert words in refusal(*shards)


@pytest.mark.parametrize(
    "line",
    [b"junk\n", b"null\n", b"{}\n", b"[" * 1000, b"\xff\xfe\n", b'{"other": 1}\n'],
    ids=["junk", "null", "empty", "deep", "bytes", "other"],
)
def test_line_that_no_run_writes_is_refused(line: bytes, shards: tuple[Path, Path]) -> None:
    """With its number."""
    with (shards[1] / "journal.jsonl").open("ab") as file:
        file.write(line)
    assert "journal.jsonl: line 2" in refusal(*shards)


@pytest.mark.parametrize("lost", [1, 2, 100, 400])
def test_torn_line_is_passed_over(lost: int, shards: tuple[Path, Path], tmp_path: Path) -> None:
    """A shard whose run was killed is as good as before; the line may be the last or have another behind it."""
    path = shards[1] / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"\n" + whole[:-lost][:-1])
    assert merge(shards, tmp_path / "one-end") == 2
    path.write_bytes(whole[:-lost][:-1] + b"\n" + whole)
    assert merge(shards, tmp_path / "other-end") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
@pytest.mark.parametrize(
    "place", ["journal.jsonl", "evidence", "evidence/x", "cell", "trial", "releases", "log", "any"]
)
def test_link_out_of_the_folder_is_refused(place: str, shards: tuple[Path, Path], tmp_path: Path) -> None:
    """Wherever it is and wherever it leads."""
    stamp = next((shards[1] / "evidence").glob("*/*"))
    places = {"cell": stamp.parent, "trial": stamp / "trial-1.json", "log": stamp / "trial-2.secret.log"}
    path = places.get(place, shards[1] / place)
    if path.exists():
        path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere" if path.name != "x" else "/etc")
    assert "is a symbolic link" in refusal(*shards)


@pytest.mark.skipif(sys.platform == "win32", reason="there are none")
def test_pipe_is_refused(shards: tuple[Path, Path]) -> None:
    """Reading it would never end."""
    stamp = next((shards[1] / "evidence").glob("*/*"))
    os.mkfifo(stamp / "trial-2.json")
    assert "is neither a file nor a folder" in refusal(*shards)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("trial-1.json", b"{}", "its evidence is damaged"),
        ("trial-2.json", b"{}", "its evidence is damaged"),
        ("run.sh", b"x", "'run.sh' is no file of a trial"),
        ("trial-1.a%b.log", b"x", "is no file of a trial"),
    ],
)
def test_evidence_that_does_not_hold_is_refused(
    name: str, content: bytes, words: str, shards: tuple[Path, Path]
) -> None:
    """Torn, another's, or what nobody wrote."""
    (next((shards[1] / "evidence").glob("*/*")) / name).write_bytes(content)
    assert words in refusal(*shards)


def test_evidence_of_another_cell_is_refused(shards: tuple[Path, Path]) -> None:
    """It backs another verdict."""
    (own,), (other,) = ((shard / "evidence").glob("*/*/trial-1.json") for shard in shards)
    shutil.copy(own, other)
    assert refusal(*shards).endswith(": it is of another trial")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]]", "uvicorn.json: JSON is malformed"),
        ('[{"version": "x y", "uploaded": "2024-01-01T00:00:00Z"}]', "what is at `$[0].version` cannot be there"),
        (
            '[{"version": "1", "uploaded": "2024-01-01T00:00:00Z", "source": "file:///x.whl"}]',
            "is not a list of an index",
        ),
        ('[{"version": "1.0", "uploaded": "2020-01-01T00:00:00Z"}]', "contradict each other on uvicorn 1.0"),
    ],
)
def test_releases_that_do_not_hold_are_refused(content: str, words: str, shards: tuple[Path, Path]) -> None:
    """They decide which histories are told."""
    (shards[1] / "releases" / "uvicorn.json").write_text(content)
    assert words in refusal(*shards)


def test_release_that_was_yanked_meanwhile_is_yanked(
    shards: tuple[Path, Path], make_release: Callable[..., Release], tmp_path: Path
) -> None:
    """No contradiction: the index has changed between the two."""
    Journal(shards[1]).know({"uvicorn": [make_release("1.0", yanked=True)]})
    merge(shards, tmp_path / "merged")
    assert [release.yanked for release in Journal(tmp_path / "merged").releases["uvicorn"]] == [True, False]


def test_searches_are_joined_where_they_agree(shards: tuple[Path, Path], tmp_path: Path) -> None:
    """Two different ways of choosing releases make neither."""
    sweep, bisect = Searched(strategy=Strategy.SWEEP), Searched(strategy=Strategy.BISECT, seed=1)
    keys = [
        SeriesKey(scenario="s", variant="v", subject="u", platform="linux", python=python)
        for python in ("3.8", "3.9", "3.10")
    ]
    Journal(shards[0]).remember({keys[0]: sweep, keys[1]: sweep})
    Journal(shards[1]).remember({keys[1]: bisect, keys[2]: bisect})
    merge(shards, tmp_path / "merged")
    assert Journal(tmp_path / "merged").searched == {keys[0]: sweep, keys[2]: bisect}


def test_shard_without_a_cell_is_no_mistake(
    shards: tuple[Path, Path], make_release: Callable[..., Release], tmp_path: Path
) -> None:
    """Where there are more shards than cells; a folder of something else is one."""
    Journal(tmp_path / "empty").know({"uvicorn": [make_release("1.0")]})
    assert merge([*shards, tmp_path / "empty"], tmp_path / "merged") == 2
    (tmp_path / "other").mkdir()
    assert "holds no results" in refusal(shards[0], tmp_path / "other")
    assert "is not a folder of results" in refusal(shards[0], tmp_path / "gone")


def test_output_is_never_written_over(shards: tuple[Path, Path], tmp_path: Path) -> None:
    """A new folder or an empty one, and none that is read."""
    (tmp_path / "empty").mkdir()
    assert merge(shards, tmp_path / "empty") == 2
    for output in (tmp_path / "empty", shards[0], shards[0] / "merged", shards[0] / "journal.jsonl"):
        with pytest.raises(ResultsError, match="--output"):
            merge(shards, output)
    assert merge(shards, tmp_path / "a" / "b") == 2


def test_command_says_it_in_one_line(shards: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Status 0 with a count; or 2, and what a shard says does not act."""
    one, two = map(str, shards)
    assert cli.main(["merge", one, two, "--output", f"{one}+{two[-3:]}"]) == 0
    unjudged, told = capsys.readouterr().err.splitlines()
    assert unjudged == "2 cells are as their shards say: no scenario here has judged them, see --scenarios"
    assert told == f"2 cells of 2 folders are in {one}+{two[-3:]}"
    change(shards[0], result__evidence="\x1b[2J")
    assert cli.main(["merge", one, two, "--output", f"{one}!"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"harness: {one}: journal.jsonl: ")
    assert "\x1b" not in told
    assert told.count("\n") == 1
