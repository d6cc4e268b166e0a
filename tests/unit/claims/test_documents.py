"""Documents as data: what a file may hold, and what is said of one that holds something else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from harness.catalog import loading
from harness.claims.documents import claims_in, read
from harness.errors import UsageError
from harness.model.claim import Claim, ClaimedRange, Condition

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = """
document = "release notes"

[[claims]]
failure = "some-failure"
references = ["uvicorn #1", "CVE-2024-1135"]
fixed = "0.2"
commit = "uvicorn #2"
condition = { python = ">=3.12", variant = "h11" }

[[claims]]
failure = "other-failure"
ranges = [{ introduced = "0", fixed = "0.2" }, { introduced = "0.4", last_affected = "0.5" }]

[[claims]]
failure = "some-failure"
open = true
"""


def test_a_document_claims_about_several_failures(tmp_path: Path) -> None:
    """And several times about one; each claim has the document's name."""
    (tmp_path / "notes.toml").write_text(DOCUMENT)
    assert claims_in([tmp_path]) == {
        "some-failure": (
            Claim(
                document="release notes",
                references=("uvicorn #1", "CVE-2024-1135"),
                fixed="0.2",
                commit="uvicorn #2",
                condition=Condition(python=">=3.12", variant="h11"),
            ),
            Claim(document="release notes", open=True),
        ),
        "other-failure": (
            Claim(
                document="release notes",
                ranges=(
                    ClaimedRange(introduced="0", fixed="0.2"),
                    ClaimedRange(introduced="0.4", last_affected="0.5"),
                ),
            ),
        ),
    }


def test_many_documents_of_one_failure(tmp_path: Path) -> None:
    """In the order of the folders, then of the files' names; a folder that does not exist has none."""
    for place, name in (("a", "z"), ("a", "b"), ("b", "a")):
        (tmp_path / place).mkdir(exist_ok=True)
        text = f'document = "{place}/{name}"\n[[claims]]\nfailure = "some-failure"\nfixed = "1"\n'
        (tmp_path / place / f"{name}.toml").write_text(text)
    (tmp_path / "a" / "README.md").write_text("no document")
    found = claims_in([tmp_path / "a", tmp_path / "none", tmp_path / "b", tmp_path / "a"])
    assert [one.document for one in found["some-failure"]] == ["a/b", "a/z", "b/a"]


def test_the_documents_of_the_project_speak_of_its_scenarios() -> None:
    """None of a failure that nobody can run; and each page says the first fixed release and the pull request."""
    found = claims_in([loading.bundled("claims")])
    assert found.keys() <= loading.load([loading.bundled("scenarios")]).subjects.keys()
    pages = [one for claims in found.values() for one in claims if one.document.endswith(".txt")]
    assert len(pages) == 5
    assert all(one.fixed and one.commit and one.references for one in pages)


CLAIM = '[[claims]]\nfailure = "some-failure"\n'
MISTAKES = [
    ("document = ", "not valid TOML: Invalid value (at end of document)"),
    ("document = 1\n" + CLAIM + 'fixed = "1"', "the document is 1; it is one line of text"),
    (CLAIM + 'fixed = "1"', "the document is ''"),
    ('document = "d"', "it has no [[claims]]"),
    ('document = "d"\nclaims = "x"', "it has no [[claims]]"),
    ('document = "d"\nclaim = []\n', "unknown key 'claim'; did you mean claims?"),
    ('document = "d"\n' + CLAIM, "[[claims]] number 1: a claim says nothing"),
    ('document = "d"\n' + CLAIM + 'fixd = "1"', "[[claims]] number 1: unknown key 'fixd'; did you mean fixed?"),
    ('document = "d"\n' + CLAIM + 'document = "e"', "unknown key 'document'"),
    ('document = "d"\n' + CLAIM + "fixed = 1", "number 1: fixed: Expected `str | null`, got `int`"),
    ('document = "d"\n' + CLAIM + 'fixed = "soon"', "number 1: a claim's fixed is 'soon'"),
    ('document = "d"\n' + CLAIM + 'ranges = [{ introduced = "0", until = "1" }]', "ranges[0]: Object contains unknown"),
    ('document = "d"\n' + CLAIM + 'ranges = [{ fixed = "1" }]', "ranges[0]: Object missing required field"),
    ('document = "d"\n' + CLAIM + 'fixed = "1"\ncondition = { python = "3.8" }', "condition: the condition's python"),
    ('document = "d"\n[[claims]]\nfixed = "1"', "number 1: failure is ''; it is a scenario's id"),
    ('document = "d"\n[[claims]]\nfailure = "../x"\nfixed = "1"', "failure is '../x'"),
    ('document = "d"\n' + CLAIM + 'fixed = "1"\n[[claims]]\nfailure = 3', "[[claims]] number 2: failure is '3'"),
    ('document = "d"\nx = ' + "9" * 9999, "not valid TOML"),
    ('document = "d"\nx = ' + "[" * 9999, "not valid TOML"),
]


@pytest.mark.parametrize(("text", "words"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_in_one_line(text: str, words: str, tmp_path: Path) -> None:
    """With the file, the table and the field."""
    path = tmp_path / "page.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        claims_in([tmp_path])
    told = str(error.value)
    assert told.startswith(f"{path}: ")
    assert words in told
    assert len(told.splitlines()) == 1


def test_a_file_of_anybody_is_bounded(tmp_path: Path) -> None:
    """A file that is too large is not read, a pipe is not waited for, and no text of a file acts."""
    path = tmp_path / "page.toml"
    path.write_text("#" * (1024 * 1024 + 1))
    with pytest.raises(UsageError, match="it has more than 1048576 bytes"):
        read(path)
    path.write_text('document = "d"\n[[claims]]\n"fix\\u001b[2Jed" = "1"\n')
    with pytest.raises(UsageError) as error:
        read(path)
    assert "\x1b" not in str(error.value)
    if hasattr(os, "mkfifo"):
        path.unlink()
        os.mkfifo(path)
        with pytest.raises(UsageError, match="cannot be read"):
            read(path)


def test_two_files_of_one_document_are_refused(tmp_path: Path) -> None:
    """Nobody could say which of them is what the document says."""
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(DOCUMENT)
    with pytest.raises(UsageError, match=r"b\.toml: the document 'release notes' has a file already, .*a\.toml"):
        claims_in([tmp_path])
