"""A scenario that breaks a rule is refused when it is loaded, not in the middle of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.model.claim import Claim, Condition
from harness.model.scenario import Companion, Variant

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.scenario import Scenario


def claim(fixed: str) -> Claim:
    """Return a claim that names this release."""
    return Claim(document="d", references=("i",), fixed=fixed)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"id": "Upper"}, "the id 'Upper' is not lower-case words"),
        ({"id": "under_score"}, "the id 'under_score'"),
        ({"id": None}, "the id 'None'"),
        ({"subject": None}, "the subject 'None'"),
        ({"id": "a--b"}, "the id 'a--b'"),
        ({"id": "a-"}, "the id 'a-'"),
        ({"id": "a\n"}, "is not lower-case words"),
        ({"variants": ()}, "at least one"),
        ({"variants": (Variant(name="a"), Variant(name="a"))}, "different names"),
        ({"variants": Variant()}, "the variants are a Variant; write a tuple"),
        ({"variants": ("h11",)}, "a variant is 'h11', a str, not Variant"),
        ({"variants": (Variant(companions=("h11", "Uvicorn<1")),)}, "'Uvicorn<1' is the subject itself"),
        ({"title": " "}, "the title is ' '; it is one line"),
        ({"title": "a\nb"}, "it is one line"),
        ({"subject": "Uvicorn"}, "write 'uvicorn'"),
        ({"subject": "../uvicorn"}, "the subject '../uvicorn' is not a package's name"),
        ({"claims": "0.27.1"}, "the claims are the text '0.27.1'"),
        ({"claims": ("0.27.1",)}, "a claim is '0.27.1', a str, not Claim"),
        ({"references": "uvicorn #1"}, "the references are the text 'uvicorn #1'"),
        (
            {
                "claims": (Claim(document="d", fixed="1", condition=Condition(variant="h12")),),
                "variants": (Variant(name="h11"),),
            },
            "a claim speaks of the variant 'h12'; did you mean h11?",
        ),
        ({"observe": None}, "observe is a NoneType, which cannot be called"),
        ({"judge": 1}, "judge is a int, which cannot be called"),
        ({"combine": "any"}, "combine is a str, which cannot be called"),
        ({"deadline_s": 0}, "deadline_s is 0; it is a number of seconds, more than 0"),
        ({"deadline_s": float("nan")}, "deadline_s is nan"),
        ({"deadline_s": "60"}, "deadline_s is '60'"),
        ({"typical_s": -1}, "typical_s is -1; it is a number of seconds"),
        ({"platforms": ("Linux",)}, "unknown platform 'Linux'; did you mean linux?"),
        ({"platforms": "linux"}, "a tuple of one is written with a comma: ('linux',)"),
        ({"platforms": ("windows-wine",)}, "write 'windows'"),
        ({"platforms": ()}, "the platforms are none"),
        ({"applications": "app.py"}, "the applications are the text 'app.py'"),
        ({"applications": ("app.py", "app.py")}, "the application 'app.py' is named twice"),
        ({"applications": ("../app.py",)}, "'../app.py' is not the name of a file beside the module"),
        ({"applications": ("/etc/passwd",)}, "is not the name of a file"),
        ({"applications": ("C:app.py",)}, "is not the name of a file"),
        ({"applications": ("..",)}, "is not the name of a file"),
        ({"pythons": ("<1", "3.8")}, "the pythons hold '<1', which is no pair"),
        ({"pythons": (("<1", "38"),)}, "which is no pair such as ('<0.12', '3.8')"),
        ({"pythons": (("<x", "3.8"),)}, "'<x' is no specifier"),
    ],
)
def test_broken_rule_is_told(fields: dict[str, Any], words: str, make_scenario: Callable[..., Scenario]) -> None:
    """The message has the value that is wrong."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the words are looked at below
        make_scenario(**fields)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: claim("newest"), "'newest', which is no version"),
        (lambda: Companion("h11", "=>1"), "'=>1' is no specifier"),
        (lambda: Variant(companions=("x<1")), "a tuple of one is written with a comma: ('x<1',)"),  # type: ignore[arg-type]
        (lambda: Variant(companions=("x<",)), "'x<' is no requirement"),
        (lambda: Variant(companions=("./x.whl",)), "write 'NAME @ ./x.whl'"),
        (lambda: Variant(companions=(1,)), "the companion 1 is a int"),  # type: ignore[arg-type]
        (lambda: Variant(companions=("x @ git+file:///clone@main",)), "names no commit by its 40 digits"),
        (lambda: Variant(companions=("x @ https://localhost/x.whl",)), "needs '#sha256=…' at its end"),
        (lambda: Variant(name=""), "a variant's name is ''"),
    ],
)
def test_broken_part_is_told(make: Callable[[], object], words: str) -> None:
    """Where it is written, before there is a scenario."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the words are looked at below
        make()
    assert words in str(error.value)


def test_companions_that_cannot_change_unseen_are_taken() -> None:
    """By a commit, by a hash, and by a path, whose content counts."""
    commit = "x @ git+file:///clone@" + "0" * 40
    Variant(companions=(commit, "x @ https://localhost/x.whl#sha256=" + "0" * 64, "x @ ./x.whl", "x @ file:///x.whl"))


def test_pythons_follow_the_release(make_scenario: Callable[..., Scenario]) -> None:
    """Those of every pair that holds the release, each once; none where the scenario says nothing."""
    scenario = make_scenario(pythons=(("<0.12", "3.7"), ("<0.12", "3.8"), (">=0.11", "3.8"), (">=0.12", "3.12")))
    assert scenario.pythons_for("0.11.3") == ("3.7", "3.8")
    assert scenario.pythons_for("0.12.0+local.ab") == ("3.8", "3.12")
    assert make_scenario(pythons=(("<1", "3.8"), (">=1", "3.12"))).pythons_for("1.0b1") == ("3.12",)
    assert make_scenario().pythons_for("0.12.0") == ()


@pytest.mark.parametrize("good", ["a", "winerror87-reload", "preload-closed-loop", "a1-2b"])
def test_ids_of_the_contract_are_good(good: str, make_scenario: Callable[..., Scenario]) -> None:
    """The permanent ids and their like."""
    assert make_scenario(id=good).id == good


def test_companions_follow_the_release() -> None:
    """What only some releases need is installed beside those only."""
    variant = Variant(companions=("gunicorn", Companion("uvloop", ">=0.12"), Companion("setuptools<60", "<0.18")))

    def names(version: str) -> tuple[str, ...]:
        return tuple(one.requirement for one in variant.beside(version))

    assert names("0.11.8") == ("gunicorn", "setuptools<60")
    assert names("0.17.0") == ("gunicorn", "uvloop", "setuptools<60")
    assert names("0.18.0rc1") == ("gunicorn", "uvloop")
    assert names("0.18.0+local.ab") == ("gunicorn", "uvloop")


def test_unknown_variant_is_a_key_error(make_scenario: Callable[..., Scenario]) -> None:
    """Not another variant."""
    with pytest.raises(KeyError, match="other"):
        make_scenario().variant("other")
