"""A scenario that breaks a rule is refused when it is loaded, not in the middle of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.model.scenario import Claim, Companion, Variant

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.scenario import Scenario


def claim(fixed: str) -> Claim:
    """Return a claim that names this release."""
    return Claim(document="d", issue="i", fixed=fixed)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"id": "Upper"}, "the id 'Upper' is not lower-case words"),
        ({"id": "under_score"}, "the id 'under_score'"),
        ({"id": ""}, "the id ''"),
        ({"id": "a--b"}, "the id 'a--b'"),
        ({"id": "a-"}, "the id 'a-'"),
        ({"id": "a\n"}, "is not lower-case words"),
        ({"variants": ()}, "at least one"),
        ({"variants": (Variant(name="a"), Variant(name="a"))}, "different names"),
        ({"variants": (Variant(companions=(Companion("h11", "=>1"),)),)}, "=>1"),
        ({"claim": claim("newest")}, "newest"),
        ({"pythons": (("=>1", "3.8"),)}, "=>1"),
    ],
)
def test_broken_rule_is_told(fields: dict[str, Any], words: str, make_scenario: Callable[..., Scenario]) -> None:
    """The message has the value that is wrong."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the words are looked at below
        make_scenario(**fields)
    assert words in str(error.value)


@pytest.mark.parametrize("good", ["a", "winerror87-reload", "preload-closed-loop", "a1-2b"])
def test_ids_of_the_contract_are_good(good: str, make_scenario: Callable[..., Scenario]) -> None:
    """The permanent ids and their like."""
    assert make_scenario(id=good).id == good


def test_companions_follow_the_release() -> None:
    """What only some releases need is installed beside those only."""
    variant = Variant(companions=("gunicorn", Companion("uvloop", ">=0.12"), Companion("setuptools<60", "<0.18")))
    assert variant.requirements("0.11.8") == ("gunicorn", "setuptools<60")
    assert variant.requirements("0.17.0") == ("gunicorn", "uvloop", "setuptools<60")
    assert variant.requirements("0.18.0rc1") == ("gunicorn", "uvloop")
    assert variant.requirements("0.18.0+local.ab") == ("gunicorn", "uvloop")


def test_unknown_variant_is_a_key_error(make_scenario: Callable[..., Scenario]) -> None:
    """Not another variant."""
    with pytest.raises(KeyError, match="other"):
        make_scenario().variant("other")
