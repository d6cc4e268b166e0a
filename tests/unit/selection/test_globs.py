"""Globs of scenarios: which ids they mean, and what is said of one that means none."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.selection.globs import chosen

SUBJECTS = {"early-close": "hypercorn", "pipelined-close": "uvicorn", "pipelined-reset": "hypercorn", "slow": "uvicorn"}


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        (["slow"], ["slow"]),
        (["slow", "early-close"], ["slow", "early-close"]),
        (["pipelined-*"], ["pipelined-close", "pipelined-reset"]),
        (["*-close"], ["early-close", "pipelined-close"]),
        (["uvicorn/*"], ["pipelined-close", "slow"]),
        (["hypercorn/pipelined-*"], ["pipelined-reset"]),
        (["*/slow"], ["slow"]),
        (["uvicorn/slow"], ["slow"]),
        (["s?ow", "[es]*", "slow"], ["slow", "early-close"]),
        ([], []),
    ],
)
def test_glob_means_scenarios(asked: list[str], meant: list[str]) -> None:
    """With a slash of subject and name, without one of the id alone; each scenario once."""
    assert list(chosen(asked, SUBJECTS, where="the call")) == meant


def test_of_many_names_some_are_told() -> None:
    """A message is one line that a person reads."""
    with pytest.raises(UsageError) as error:
        chosen(["zzz"], {f"failure-{number:03}": "uvicorn" for number in range(150)}, where="the call")
    assert str(error.value).startswith("the call: unknown scenario 'zzz'; valid: failure-000, failure-001,")
    assert str(error.value).endswith(", failure-019 and 130 more")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("uvicron/*", "no scenario matches 'uvicron/*'; did you mean uvicorn/pipelined-close or uvicorn/slow?"),
        ("piplined-*", "no scenario matches 'piplined-*'; did you mean pipelined-close or pipelined-reset?"),
        ("uvicorn/early-close", "no scenario matches 'uvicorn/early-close'; did you mean hypercorn/early-close?"),
        ("uvicorn", "unknown scenario 'uvicorn'; valid: early-close, pipelined-close, pipelined-reset, slow"),
        ("zzz*", "no scenario matches 'zzz*'; valid: early-close, pipelined-close, pipelined-reset, slow"),
        ("slwo", "unknown scenario 'slwo'; did you mean slow?"),
    ],
)
def test_glob_that_means_none_is_told(asked: str, words: str) -> None:
    """Where it stands, and the nearest names; one that means something does not help it."""
    with pytest.raises(UsageError) as error:
        chosen(["slow", asked], SUBJECTS, where="m.toml: [[cells]] number 1: scenarios")
    assert str(error.value) == f"m.toml: [[cells]] number 1: scenarios: {words}"
