"""What a scenario's author gets wrong is told in one line: file, line, error, and the nearest right word."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from harness.catalog import loading
from harness.errors import NAMESPACE, ScenarioError
from harness.execution.observing import run_trial
from harness.execution.ports import Ports
from harness.mistakes import mistake
from harness.model.judge import judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.model.cell import Cell

IMPORTS = "from harness import Check, Companion, Heard, Scenario, Trial, Variant, conclude, control, request, trigger\n"
HELLO = 'control("hello", request("GET", "/"), owed="200 b\'hello\'")'
FAILS = 'trigger("late", request("GET", "/late"), owed="200 b\'late\'", failure="then closed by server")'
OBSERVE = "def observe(trial):\n    {line}\n\n"
JUDGE = "def judge(evidence):\n    {line}\n    return conclude(signature=None, controls=[], requirement=None)\n\n"
OWN = 'SCENARIO = Scenario(title="t", observe={observe}, judge={judge})\n'


def declared(fields: str = "", *, checks: str = f"{HELLO}, {FAILS}") -> str:
    """Return a declared scenario, which begins in line 2."""
    return f'{IMPORTS}SCENARIO = Scenario(title="t", serve=lambda trial: None, checks=({checks},), {fields})\n'


LOADED = [
    (declared("owned=1"), 2, "TypeError: Scenario() got an unexpected keyword argument 'owned'; valid: applications"),
    (declared("varaints=()"), 2, "TypeError: Scenario() got an unexpected keyword argument 'varaints'; did you mean v"),
    (
        declared("variants=(Variant(nmae='a'),)"),
        2,
        "TypeError: Variant() got an unexpected keyword argument 'nmae'; did you mean name?",
    ),
    (
        declared("variants=(Variant(companions=(Companion('x', relaeses='<1'),)),)"),
        2,
        "TypeError: Companion() got an unexpected keyword argument 'relaeses'; did you mean releases?",
    ),
    (
        declared(checks=f"{HELLO.replace('owed', 'owned')}, {FAILS}"),
        2,
        "TypeError: control() got an unexpected keyword argument 'owned'; did you mean owed?",
    ),
    (
        declared(checks=f"{HELLO}, {FAILS.replace('failure', 'failrue')}"),
        2,
        "TypeError: trigger() got an unexpected keyword argument 'failrue'; did you mean failure?",
    ),
    (
        declared(checks=f"""{HELLO.replace('"/")', '"/", bdoy=b"")')}, {FAILS}"""),
        2,
        "TypeError: request() got an unexpected keyword argument 'bdoy'; did you mean body?",
    ),
    (
        f"{IMPORTS}\nHELLO = Heard.of((200, b''), than=None)\nSCENARIO = None\n",
        3,
        "TypeError: Heard.of() got an unexpected keyword argument 'than'; did you mean then?",
    ),
    (
        declared(checks=f"control('hello', request('GET', '/')), {FAILS}"),
        2,
        "TypeError: control() missing 1 required keyword-only argument: 'owed'",
    ),
    (f"{IMPORTS}SCENARIO = Scenario()\n", 2, "TypeError: Scenario() missing 1 required keyword-only argument: 'title'"),
    (
        "\nfrom harness import conrtol\nSCENARIO = None\n",
        2,
        "ImportError: cannot import name 'conrtol' from 'harness'; did you mean control?",
    ),
    (
        "from harness.modle import checks\nSCENARIO = None\n",
        1,
        "ModuleNotFoundError: No module named 'harness.modle'; did you mean model?",
    ),
    (
        "from harness.model import chekcs\nSCENARIO = None\n",
        1,
        "ImportError: cannot import name 'chekcs' from 'harness.model'; did you mean checks?",
    ),
    (
        "from harness import Scenario\nSCENARIO = Scenario(title='t', checks=(control('a', owed='b'),))\n",
        2,
        "NameError: name 'control' is not defined; 'from harness import control' imports it",
    ),
    (f"{IMPORTS}SCENARIO = Scenraio(title='t')\n", 2, "NameError: name 'Scenraio' is not defined; did you mean Scen"),
    ("\nSCENARIO = Scenario(\n", 2, "SyntaxError: '(' was never closed"),
    (
        declared('applications=("hello.py",)'),
        2,
        "the application hello.py is neither beside it nor ready-made; did you mean helo.py?",
    ),
    (
        declared(
            "variants=(Variant(name='h11'), Variant(name='httptools')), ",
            checks=f'control("hello", request("GET", "/"), owed={{"h11": "a", "htptools": "b"}}), {FAILS}',
        ),
        2,
        "ValueError: owed of the control 'hello' names no variant of the scenario by 'htptools'; did you mean http",
    ),
    (
        declared(
            "variants=(Variant(name='h11'), Variant(name='httptools')), ",
            checks=f'{HELLO}, trigger("a", request("GET", "/"), owed="a", failure={{"h1": "b"}}, log="x")',
        ),
        2,
        "ValueError: failure of the trigger 'a' names no variant of the scenario by 'h1'; did you mean h11?",
    ),
    (
        declared(checks=f"{HELLO}, {FAILS.replace('late', 'hello', 1)}"),
        2,
        "ValueError: two checks are called 'hello': one observation cannot be both a control and the trigger",
    ),
    (
        declared(checks=f"{HELLO}, trigger('a', owed='b', failure=200)"),
        2,
        "ValueError: the trigger 'a' has 200 as its failure; it is a text, a pattern, at_most(N) or at_least(N)",
    ),
    (
        declared(checks=f"{HELLO}, trigger('a', owed='b', log=200)"),
        2,
        "ValueError: the trigger 'a' has 200 as its log; it is a text, a tuple of texts in one line, or a pattern",
    ),
]
OBSERVED = [
    ("trial.recrod('a', 1)", "AttributeError: 'Trial' object has no attribute 'recrod'; did you mean record?"),
    ("trial.verison", "AttributeError: 'Trial' object has no attribute 'verison'; did you mean version?"),
    (
        "trial.server('s', 'p', raedy_s=3).__enter__()",
        "TypeError: Trial.server() got an unexpected keyword argument 'raedy_s'; did you mean ready_s?",
    ),
    ("trial.qqqq", "AttributeError: 'Trial' object has no attribute 'qqqq'; valid: answers, certificate, clock"),
    ("trial.record('a', 1).x", "AttributeError: 'NoneType' object has no attribute 'x'"),
    ("conrtol('a')", "NameError: name 'conrtol' is not defined; did you mean control?"),
]
JUDGED = [
    ("evidence.exchagne('a')", "AttributeError: 'Evidence' object has no attribute 'exchagne'; did you mean exchange"),
    ("Heard.off()", "AttributeError: type object 'Heard' has no attribute 'off'; did you mean of?"),
    (
        "Check(name='a', expeced=1, actual=2)",
        "TypeError: Unexpected keyword argument 'expeced'; did you mean expected?",
    ),
    (
        "conclude(signatur=None, controls=[], requirement=None)",
        "TypeError: conclude() got an unexpected keyword argument 'signatur'; did you mean signature?",
    ),
    (
        "both = Check(name='a', expected=1, actual=1); conclude(signature=None, controls=[both], requirement=both)",
        "ValueError: 'a' is a control and the requirement: one observation cannot be both",
    ),
]


def written(folder: Path, text: str) -> Path:
    """Write a scenario's folder, in which a file of nearly the right name lies."""
    path = folder / "toyserver" / "own-failure" / "scenario.py"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    (path.parent / "helo.py").touch()
    return path


@pytest.mark.parametrize(("text", "line", "told"), LOADED, ids=[told[:50] for _, _, told in LOADED])
def test_a_module_that_is_wrong_is_told(text: str, line: int, told: str, tmp_path: Path) -> None:
    """One line that begins with the file and the line, and ends with the right word."""
    path = written(tmp_path, text)
    with pytest.raises(ScenarioError) as error:
        _ = loading.load([tmp_path])["own-failure"]
    assert str(error.value).startswith(f"{path}, line {line}: {told}")
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(("line", "told"), OBSERVED, ids=[line[:30] for line, _ in OBSERVED])
def test_a_mistake_in_observe_is_told(line: str, told: str, tmp_path: Path, make_cell: Callable[..., Cell]) -> None:
    """It is the scenario's, and its cell's reason says where."""
    text = IMPORTS + OBSERVE.format(line=line) + OWN.format(observe="observe", judge="lambda evidence: None")
    path = written(tmp_path, text)
    nothing: Any = None  # no server is started
    evidence = run_trial(
        loading.load([tmp_path])["own-failure"],
        make_cell(),
        nothing,
        number=1,
        folder=tmp_path / "1",
        ports=Ports(tmp_path / "ports"),
        mark=uuid.uuid4().hex,
    )
    assert (evidence.error or "").startswith(f"the scenario's observe failed: {path}, line 3: {told}")
    if "; " not in told:
        assert (evidence.error or "").endswith(told)
    assert evidence.error_verdict == "environment-failed"


@pytest.mark.parametrize(("line", "told"), JUDGED, ids=[line[:30] for line, _ in JUDGED])
def test_a_mistake_in_judge_is_told(line: str, told: str, tmp_path: Path, kept: Callable[[str, str], Any]) -> None:
    """The evidence is whole, and its reason says where the judge is wrong."""
    text = IMPORTS + JUDGE.format(line=line) + OWN.format(observe="lambda trial: None", judge="judge")
    path = written(tmp_path, text)
    scenario = loading.load([tmp_path])["own-failure"].scenario
    judgement = judge(scenario, kept("pipelined-keep-alive", "reproduced-0.27.0-h11"))
    assert judgement.verdict == "environment-failed"
    assert (judgement.reason or "").startswith(f"the scenario's judge failed: {path}, line 3: {told}")


def test_an_option_that_a_function_hands_on_is_compared_with_both() -> None:
    """A subject's function takes some options itself, and hands the others on."""
    subject: dict[str, Any] = {"__name__": "harness.subjects.toyserver"}
    text = """
def start(trial, ready_s=0): pass
def cli(trial, keep_alive_s=0, **given): start(trial, **given)
"""
    exec(compile(text, "toyserver.py", "exec"), subject)  # noqa: S102 - as a module of the harness
    own: dict[str, Any] = {"__name__": f"{NAMESPACE}0.scenario", "toyserver": SimpleNamespace(**subject)}
    with pytest.raises(TypeError) as error:
        exec(compile("toyserver.cli(None, keep_alive=2)", "scenario.py", "exec"), own)  # noqa: S102 - as a scenario
    words = "TypeError: start() got an unexpected keyword argument 'keep_alive'; did you mean keep_alive_s?"
    assert mistake(error.value) == f"scenario.py, line 1: {words}"


def test_an_error_whose_own_code_is_wrong_is_told_all_the_same() -> None:
    """An error may be of the scenario's own class."""

    class OddError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert mistake(OddError()) == "OddError"
    assert mistake(AttributeError("no name", name=None)) == "AttributeError: no name"
    assert mistake(NameError("no such name", name="x")) == "NameError: no such name"
    assert mistake(TypeError("f() got an unexpected keyword argument 'x'")).endswith("argument 'x'")
