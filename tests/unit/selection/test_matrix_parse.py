"""A matrix file is strict: what it does not know, it refuses, and says where and what was probably meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from harness.catalog.loading import bundled
from harness.errors import UsageError
from harness.model.platforms import check_platform
from harness.selection.matrix import parse

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {
    "scenarios": '["some-failure"]',
    "releases": '["latest"]',
    "pythons": '["3.8", "3.12"]',
    "platforms": '["linux", "docker:python:3.12"]',
}


def matrix(**changed: str | None) -> str:
    """Return two entries, the first good, the second changed; None leaves a key out."""
    entries = (GOOD, {**GOOD, **changed})
    return "\n".join(
        "[[cells]]\n" + "\n".join(f"{key} = {value}" for key, value in entry.items() if value is not None)
        for entry in entries
    )


def refusal(text: str) -> str:
    """Return the message that the text is refused with."""
    with pytest.raises(UsageError) as error:
        parse(text, name="m.toml")
    return str(error.value)


def test_good_matrix_is_read_as_written() -> None:
    """Order and values are kept; a left out ``variants`` means all."""
    parsed = parse(matrix(variants='["h11"]'), name="m.toml")
    assert parsed.name == "m.toml"
    assert [entry.variants for entry in parsed.cells] == [(), ("h11",)]
    assert parsed.cells[0].pythons == ("3.8", "3.12")


@pytest.mark.parametrize(
    ("written", "moments"),
    [
        ('"today"', ("today",)),
        ("2024-05-01", ("2024-05-01",)),  # a date of TOML itself
        ('["release", 2024-05-01]', ("release", "2024-05-01")),
    ],
)
def test_moments_are_a_value_or_a_list(written: str, moments: tuple[str, ...]) -> None:
    """None by default, which stands for the release's own."""
    parsed = parse(matrix(as_of=written), name="m.toml")
    assert [entry.as_of for entry in parsed.cells] == [(), moments]


@pytest.mark.parametrize("written", ["20240501", "2024-05-01T12:00:00", "[[]]"])
def test_what_is_no_text_is_no_moment(written: str) -> None:
    """The place of the value is told."""
    assert "`[[cells]] number 2.as_of[0]`" in refusal(matrix(as_of=written))


@pytest.mark.parametrize("path", sorted(bundled("matrices").glob("*.toml")), ids=lambda path: path.name)
def test_own_matrices_are_good(path: Path) -> None:
    """What the project ships can be read."""
    assert parse(path.read_text(encoding="utf-8"), name=path.name).cells


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"pyton": '["3.8"]'}, ["unknown key 'pyton'", "did you mean pythons?"]),
        ({"pythons": '["3.8", "38"]'}, ["pythons: '38' is no Python such as 3.8"]),
        ({"as_of": '["today", "2024-02-30"]'}, ["as_of is '2024-02-30', which is no moment; write 2024-02-29"]),
        ({"as_of": '"tody"'}, ["[[cells]] number 2: as_of is 'tody'", "did you mean today?"]),
        ({"as_of": "[]"}, ["as_of: the list is empty"]),
        ({"pythons": '["2.7"]'}, ["'2.7' is no Python"]),
        ({"pythons": '["3.08"]'}, ["'3.08' is no Python"]),
        ({"pythons": '["python3.8"]'}, ["'python3.8' is no Python"]),
        ({"platforms": '["linus"]'}, ["platforms", "unknown platform 'linus'", "did you mean linux"]),
        ({"platforms": '["docker:"]'}, ["unknown platform 'docker:'"]),
        ({"platforms": '["docker:IMAGE", "Linux"]'}, ["unknown platform 'Linux'", "linux"]),
        ({"scenarios": "[]"}, ["scenarios", "empty"]),
        ({"releases": "[]"}, ["releases", "empty"]),
        ({"pythons": "[]"}, ["pythons", "empty"]),
        ({"platforms": "[]"}, ["platforms", "empty"]),
    ],
)
def test_refusal_names_file_entry_key_and_the_nearest(changed: dict[str, str | None], words: list[str]) -> None:
    """One line is enough to mend the file."""
    message = refusal(matrix(**changed))
    assert message.startswith("m.toml: [[cells]] number 2")
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"scenarios": None}, "scenarios"),
        ({"releases": None}, "releases"),
        ({"pythons": "[3.8]"}, "pythons"),
        ({"pythons": '"3.8"'}, "pythons"),
        ({"platforms": "[1]"}, "platforms"),
        ({"variants": "true"}, "variants"),
    ],
)
def test_value_of_another_type_is_refused(changed: dict[str, str | None], key: str) -> None:
    """A missing key, a bare string, a number where text belongs (``3.10`` would become 3.1)."""
    message = refusal(matrix(**changed))
    assert message.startswith("m.toml: ")
    assert key in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "[[cell]]\nscenarios = ['a']",
        "name = 'x'\n" + matrix(),
        "title = 1",
    ],
)
def test_unknown_table_is_refused(text: str) -> None:
    """Nothing outside ``[[cells]]`` is passed over in silence; ``name`` is not a key either."""
    assert "unknown key" in refusal(text)


@pytest.mark.parametrize("text", ["[[cells]", "cells = [", "a = 1\na = 2", "[[cells]]\nx = \x00"])
def test_what_is_not_toml_says_where(text: str) -> None:
    """The file and the line."""
    message = refusal(text)
    assert message.startswith("m.toml: not valid TOML: ")
    assert re.search(r"at (line \d+|end of document)", message)


@pytest.mark.parametrize(
    "text",
    [
        *("", "# nothing", "cells = ['x']", "[cells]\na = 1"),
        "cells = 1",
    ],
)
def test_matrix_without_entries_is_refused(text: str) -> None:
    """An empty file selects nothing, which nobody means."""
    assert refusal(text).startswith("m.toml")


@pytest.mark.parametrize(
    "platform", ["linux", "windows", "macos", "windows-wine", "docker:python:3.12", "docker:a/b", "docker"]
)
def test_platforms_of_the_contract_are_known(platform: str) -> None:
    """Each of them, in a call and in a file."""
    check_platform(platform, where="--platform")


@pytest.mark.parametrize("platform", ["", "wine", "docker:", "windows-Wine", "Docker:x"])
def test_other_platforms_are_refused(platform: str) -> None:
    """A misspelt platform is never silently another."""
    with pytest.raises(UsageError, match="--platform: unknown platform"):
        check_platform(platform, where="--platform")


def test_image_for_an_unknown_python_is_refused() -> None:
    """A slip in the table is not taken for a Python that nobody runs."""
    with pytest.raises(UsageError, match=r"m\.toml: \[pythons\]: '3\.8\.0' is no Python such as 3\.8"):
        parse('cells = []\n[pythons]\n"3.8.0" = "python:3.8"\n', name="m.toml")


@pytest.mark.parametrize("python", ["3.6", "3.15", "3.27"])
def test_a_python_that_is_newer_than_the_harness_is_known(python: str) -> None:
    """By its form: whether a machine has it is asked of the machine."""
    assert parse(matrix(pythons=f'["{python}"]'), name="m.toml").cells[1].pythons == (python,)


def test_pythons_may_be_left_out() -> None:
    """Then each release's own rule gives them."""
    assert parse(matrix(pythons=None), name="m.toml").cells[1].pythons == ()
