"""Kinds 4, 6 and 7: a scenario that is wrong says so, in its own lines, and spoils nothing of anybody else's."""

from __future__ import annotations

import dataclasses
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.minimatrix.driving import SCENARIOS, servers

if TYPE_CHECKING:
    from tests.minimatrix.driving import User

    from .conftest import Seen

OWN = "toy_failure.py"


def author(user: User, old: str = "", new: str = "") -> User:
    """Give a user a copy of the toy's scenario, with a change."""
    folder = user.folder / "own"
    folder.mkdir()
    shutil.copy(SCENARIOS / OWN, folder)
    text = (folder / OWN).read_text()
    assert old in text
    (folder / OWN).write_text(text.replace(old, new))
    return dataclasses.replace(user, scenarios=folder)


MISTAKES = [
    ("SCENARIO = ", "SCENARO = ", "it assigns SCENARO; did you mean SCENARIO?"),
    ("subject=", "variants=(Variant(companions=('x<1')),), subject=", "a tuple of one is written with a comma"),
    ("subject=", "platforms=('Linux',), subject=", "unknown platform 'Linux'; did you mean linux?"),
    ("subject=", "claims=(Claim(document='d', fixed='soon'),), subject=", "'soon', which is no version"),
    ("subject=", "applications=('../x.py',), subject=", "'../x.py' is not the name of a file beside the module"),
    ("deadline_s=120.0", "deadline_s=0", "deadline_s is 0; it is a number of seconds, more than 0"),
    ("typical_s=1.0", "typical_s=-1", "typical_s is -1"),
    ('title="the toy is broken"', 'title=""', "the title is ''"),
    ("import os", "import os\nraise SystemExit(0)", "SystemExit: 0"),
    ("import os", "import os\nclass Odd(BaseException): pass\nraise Odd('odd')", "Odd: odd"),
    ("import os", "import os\nimport no_such_module", "No module named 'no_such_module'"),
]


@pytest.mark.fault(6, "a scenario module that is wrong: names, types, exits, imports")
@pytest.mark.parametrize(("old", "new", "words"), MISTAKES, ids=[words[:30] for _, _, words in MISTAKES])
def test_a_mistake_is_the_scenarios(old: str, new: str, words: str, user: User, seen: Seen) -> None:
    """One line with the file, the line and what is right; status 2; standard output is left alone."""
    own = author(user, old, new)
    path = own.scenarios / OWN
    path.write_text(path.read_text().replace("from harness import", "from harness import Claim, Variant,"))
    called = own.run(*servers("1.1"))
    assert (called.status, called.stdout, len(called.stderr.splitlines())) == (2, "", 1), called.stderr
    assert called.stderr.startswith(f"harness: {path}, line ")
    assert words in called.stderr
    seen("one line with the scenario's file and line, exit status 2", called)


@pytest.mark.fault(7, "a scenario module that prints, changes folder, variables and search path when it is imported")
def test_what_a_scenario_does_when_it_is_imported_is_its_own(user: User, seen: Seen) -> None:
    """The JSON document is whole, and the results lie where the call was made."""
    lines = (
        "import os, sys\nprint('hello')\nos.chdir('/')\nsys.path.insert(0, '/x')\nos.environ['HARNESS_CACHE'] = '/x'"
    )
    own = author(user, "import os", lines)
    called = own.run(*servers("1.1"))
    assert (called.status, called.verdicts) == (0, {"1.1": "absent"}), called.stderr
    assert json.loads(called.stdout)["schema_version"] == 1
    assert (own.results / "journal.jsonl").is_file()
    seen("it is undone; what is printed is on standard error", called)


@pytest.mark.fault(4, "a scenario that imports a module from a folder that nobody named")
def test_a_module_that_no_digest_sees_is_refused(user: User, seen: Seen) -> None:
    """Its change would leave the old verdict standing; with the folder named it is part of the digest."""
    (user.folder / "shared").mkdir()
    (user.folder / "shared" / "words.py").write_text("FINE = \"200 b'fine'\"\n")
    own = author(
        user, "import os", f"import os, sys\nsys.path.insert(0, {str(user.folder / 'shared')!r})\nimport words"
    )
    refused = own.run(*servers("1.1"))
    assert refused.status == 2
    assert "'words' comes from" in refused.stderr
    called = own.run(*servers("1.1"), "--scenarios", str(user.folder / "shared"))
    assert (called.status, called.verdicts) == (0, {"1.1": "absent"})
    seen("status 2, which names the remedy: --scenarios of that folder", refused)
