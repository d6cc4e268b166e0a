"""What a trial can reach of a scenario's modules: all that could change it, and where that is unclear everything."""

from __future__ import annotations

import ast
import sys
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from harness.catalog import loading, reach

if TYPE_CHECKING:
    from pathlib import Path

MODULE = '''"""A failure."""
import re
import time
from typing import TYPE_CHECKING

from harness import Check, Claim, Companion, Scenario, Variant, conclude
from harness.model.verdict import any_reproduces
from common import path, words

if TYPE_CHECKING:
    from harness import Evidence

WAIT_S = 5  # seconds
EXPECTED = {"a": "200 b'fine'"}
STATE = []
ERROR = re.compile("x")
BEFORE, AFTER = "before", "after"


def request(word):
    """Return the bytes."""
    return f"GET {word}".encode()


def observe(trial):
    """Pull the trigger."""
    STATE.append(BEFORE)
    time.sleep(WAIT_S)
    return request(path())


def signature(evidence):
    return ERROR.search(words())


def judge(evidence):
    """Look."""
    actual = {}
    actual["x"] = EXPECTED["a"]
    return conclude(signature=signature(evidence), controls=[], requirement=request(AFTER))


SCENARIO = Scenario(
    id="own",
    title="t",
    subject="s",
    claims=(Claim(document="d", references=("i",), fixed="1.0"),),
    variants=(Variant(companions=(Companion("h11", "<1"),)),),
    observe=observe,
    judge=judge,
    combine=any_reproduces(3),
    typical_s=1.0,
    deadline_s=60.0,
)
'''
COMMON = '''"""Shared."""
TOP = "/"
WORDS = "words"


def path():
    return TOP


def words():
    return WORDS
'''


def closures(folder: Path, module: str = MODULE, common: str = COMMON) -> tuple[str, str]:
    """Return the two digests of a scenario of these texts."""
    folder.mkdir(exist_ok=True)
    (folder / "own.py").write_text(module)
    (folder / "common.py").write_text(common)
    closure = loading.load_file(folder / "own.py").closure
    return closure.trial, closure.judgement


def change(old: str, new: str) -> tuple[str, str]:
    """Return both texts with a change in the one that has the words."""
    assert (old in MODULE) + (old in COMMON) == 1
    return MODULE.replace(old, new), COMMON.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("requirement=request(AFTER)", "requirement=request(AFTER + AFTER)"),
        ("return ERROR.search(words())", "return None"),
        ('EXPECTED = {"a": "200 b\'fine\'"}', 'EXPECTED = {"a": "200 b\'good\'"}'),
        ('re.compile("x")', 're.compile("y")'),
        ('WORDS = "words"', 'WORDS = "other words"'),
        ("any_reproduces(3)", "any_reproduces(5)"),
        ('title="t"', 'title="another"'),
        ('fixed="1.0"', 'fixed="2.0"'),
        ("typical_s=1.0", "typical_s=2.0"),
        ("# seconds", "# milliseconds"),
        ('"""Pull the trigger."""', '"""Do it."""'),
        ('"""A failure."""', '"""A failure, told otherwise."""'),
        ('"""Look."""', "global judge_calls; judge_calls = 1"),
        ("    from harness import Evidence\n", "    from harness import Evidence, Judgement\n"),
        ("import re\n", "import re\nimport string\n"),
        ('WORDS = "words"', 'WORDS = "words"\n\n\ndef unused():\n    return path()\n'),
    ],
)
def test_change_of_the_judging_alone_leaves_the_trial(old: str, new: str, tmp_path: Path) -> None:
    """And is another judgement, whatever it is."""
    before, after = closures(tmp_path), closures(tmp_path, *change(old, new))
    if "global" in new:  # what changes the module may change the trial
        assert before[0] != after[0]
    else:
        assert before[0] == after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("WAIT_S = 5", "WAIT_S = 6"),
        ('BEFORE, AFTER = "before"', 'BEFORE, AFTER = "earlier"'),
        ('return f"GET {word}".encode()', 'return f"HEAD {word}".encode()'),
        ('TOP = "/"', 'TOP = "/x"'),
        ("    return TOP", "    return TOP + WORDS"),
        ('Companion("h11", "<1")', 'Companion("h11", "<2")'),
        ("deadline_s=60.0", "deadline_s=61.0"),
        ('subject="s"', 'subject="other"'),
        ("    deadline_s=60.0,\n", '    deadline_s=60.0,\n    pythons=(("<1", "3.8"),),\n'),
        ("    time.sleep(WAIT_S)\n", "    time.sleep(WAIT_S)\n    time.sleep(1)\n"),
        ('WORDS = "words"', 'WORDS = "words"\nprint(TOP)\n'),
        ("STATE = []", "STATE = []\nSTATE.append(EXPECTED)"),
        ("    actual = {}\n", "    actual = STATE\n"),
        ("    actual = {}\n", "    actual = {}\n    STATE.clear()\n"),
        ("    actual = {}\n", "    actual = {}\n    time.sleep = None\n"),
        ("    actual = {}\n", "    actual = {}\n    globals()['WAIT_S'] = 1\n"),
        ("    actual = {}\n", "    actual = {}\n    setattr(request, 'x', 1)\n"),
        ("    actual = {}\n", "    actual = {}\n    observe(None)\n"),
    ],
)
def test_change_of_what_a_trial_reaches_is_another_trial(old: str, new: str, tmp_path: Path) -> None:
    """In the module, in what it imports, in the declaration; and a judge that touches what the trial uses."""
    assert closures(tmp_path)[0] != closures(tmp_path, *change(old, new))[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    time.sleep(WAIT_S)\n", "    globals()['request']\n"),
        ("    time.sleep(WAIT_S)\n", "    eval('judge')\n"),
        ("    time.sleep(WAIT_S)\n", "    exec('judge')\n"),
        ("    time.sleep(WAIT_S)\n", "    vars()\n"),
        ("    time.sleep(WAIT_S)\n", "    import sys; getattr(sys.modules[__name__], 'judge')\n"),
        ("    time.sleep(WAIT_S)\n", "    import importlib; importlib.import_module('re')\n"),
        ("    time.sleep(WAIT_S)\n", "    observe.__globals__\n"),
        ("    time.sleep(WAIT_S)\n", "    judge.__doc__\n"),
        ("    time.sleep(WAIT_S)\n", "    SCENARIO.judge\n"),
        ("    time.sleep(WAIT_S)\n", "    from own import SCENARIO\n"),
        ("    time.sleep(WAIT_S)\n", "    import own\n"),
        ("    time.sleep(WAIT_S)\n", "    judge(None)\n"),
        ("import re\n", "import re\nfrom common import *\n"),
        ("SCENARIO = Scenario(", "Scenario = Scenario\nSCENARIO = Scenario("),
        ("SCENARIO = Scenario(", "SCENARIO = (lambda **fields: Scenario(**fields))("),
        ("    observe=observe,\n    judge=judge,\n", "    **{'observe': observe, 'judge': judge},\n"),
        ("    judge=judge,\n", "    judge=(lambda one: STATE.append(one) or judge)(1),\n"),
        ("STATE = []", "STATE = []\nif STATE == []:\n    NOTHING = judge = None\n"),
    ],
)
def test_what_cannot_be_followed_counts_as_a_whole(old: str, new: str, tmp_path: Path) -> None:
    """A changed judge of such a module is another trial."""
    module, common = change(old, new)
    changed = module.replace("requirement=request(AFTER)", "requirement=None")
    assert changed != module
    assert closures(tmp_path, module, common)[0] != closures(tmp_path, changed, common)[0]


def test_packages_count_as_a_whole(tmp_path: Path) -> None:
    """Which of their modules import which others is not followed."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    module = MODULE.replace("import re\n", "import re\nimport package\n")
    before = closures(tmp_path, module)
    (tmp_path / "package" / "later.py").write_text("x = 1\n")
    assert closures(tmp_path, module)[0] != before[0]


def test_a_module_that_asks_for_its_place_depends_on_all_that_lies_there(tmp_path: Path) -> None:
    """It may read any of it; what the harness itself writes there does not count, nor what is hidden."""
    module = MODULE.replace("STATE = []", "STATE = [__file__]")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "request.bin").write_bytes(b"one")
    before = closures(tmp_path, module)
    (tmp_path / "own.expected.json").write_text('{"histories": []}')
    (tmp_path / ".harness").mkdir()
    (tmp_path / ".harness" / "journal.jsonl").write_text("{}")
    assert closures(tmp_path, module) == before
    (tmp_path / "data" / "request.bin").write_bytes(b"two")
    assert closures(tmp_path, module)[0] != before[0]


@pytest.mark.skipif(sys.platform == "win32", reason="the program is not installed where its tests run on Windows")
def test_version_of_an_installed_package_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one that the harness does not need itself: another version may send other bytes."""
    module = MODULE.replace("import re\n", "import re\nimport hypothesis\nimport h11\n")
    before = closures(tmp_path, module)
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.0.1" if name == "h11" else real(name))
    assert closures(tmp_path, module)[0] == before[0]
    monkeypatch.setattr(metadata, "version", lambda name: "0.0.1" if name == "hypothesis" else real(name))
    assert closures(tmp_path, module)[0] != before[0]


@pytest.mark.parametrize(
    ("source", "stores"),
    [
        ("def f():\n    rows = []\n    rows[0] = 1\n", False),
        ("def f():\n    rows = {}\n    rows['x'] = 1\n    rows = [1]\n    del rows[0]\n", False),
        ("def f(rows):\n    rows[0] = 1\n    rows = []\n", True),
        ("def f(*rows):\n    rows = []\n    rows[0] = 1\n", True),
        ("def f():\n    own = [SHARED]\n    own[0].x = 1\n", True),
        ("def f():\n    own = []\n    for own in SHARED:\n        own.x = 1\n", True),
        ("def f():\n    own = []\n    own = SHARED\n    own.x = 1\n", True),
        ("def f():\n    own = []\n    if own := SHARED:\n        own.x = 1\n", True),
        ("def f():\n    own = []\n    with SHARED as own:\n        own.x = 1\n", True),
        ("def f():\n    own = []\n    import own\n    own.x = 1\n", True),
        ("def f():\n    own = []\n    def own(): ...\n    own.x = 1\n", True),
        ("def f():\n    own = []\n    match SHARED:\n        case {'x': own}:\n            own.x = 1\n", True),
        ("def f():\n    own = []\n    def g(own):\n        own[0] = 1\n", True),
        ("def f():\n    own = []\n    def g():\n        nonlocal own\n", True),
        ("def f():\n    re.x = 1\n", True),
        ("class A:\n    def __init__(self):\n        self.x = 1\n", False),
        ("class A:\n    def f(self):\n        self.rows[0] = 1\n", True),
        ("class A:\n    def f(self):\n        self[0] = 1\n", True),
        ("class A:\n    def f(self, other):\n        other.x = 1\n", True),
    ],
)
def test_what_a_statement_may_change_is_its_own_or_not(source: str, *, stores: bool) -> None:
    """A judge that may change what a trial uses belongs to the trial: its own is what it made, by every way to bind."""
    assert reach._stores_outside(ast.parse(source).body[0]) is stores
