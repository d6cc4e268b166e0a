"""The JSON document: what other programs read, and the schema that they are promised."""

from __future__ import annotations

import json as plain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.analysis.document import Document, document_of
from harness.model.result import CellResult, EnvironmentResult
from harness.model.verdict import Verdict
from harness.report import json_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONTRACT = {
    *("id", "scenario", "variant", "subject", "version", "python", "python_full", "platform", "verdict", "reason"),
    *("expected", "trials", "duration_s", "cached", "evidence", "environment"),
}


@pytest.fixture
def results(make_result: Callable[..., CellResult]) -> list[CellResult]:
    """Every verdict, one with everything filled, with words that need escaping."""
    environment = EnvironmentResult(interpreter="/python/3.12", pins={"uvicorn": "0.27.0"}, resolved_as_of="2024")
    full = make_result(
        version="1.0",
        verdict=Verdict.REPRODUCED,
        expected=Verdict.ABSENT,
        environment=environment,
        evidence=f"evidence/{make_result(version='1.0').id}/20240101T000000.000000Z",
        signature='\x1b "quoted" \u2028 é',
    )
    return [full, *(make_result(version=f"2.{n}", verdict=one, reason="r") for n, one in enumerate(Verdict))]


def render(results: Sequence[CellResult]) -> str:
    """Return the text of the document of some results."""
    return json_document.render(document_of(results, releases={}, claims={}, searched={}))


def test_home_folder_is_not_published(make_result: Callable[..., CellResult], monkeypatch: pytest.MonkeyPatch) -> None:
    """A document may be shown to anybody; where its maker keeps his Pythons is his own affair."""
    home = Path("/home/somebody")
    monkeypatch.setattr(Path, "home", lambda: home)
    interpreter = str(home / "python3.8")
    environment = EnvironmentResult(interpreter=interpreter, pins={}, resolved_as_of="2024")
    (cell,) = plain.loads(render([make_result(environment=environment)]))["cells"]
    assert cell["environment"]["interpreter"] == "~" + interpreter.removeprefix(str(home))


def test_document_has_the_words_of_the_contract(results: list[CellResult]) -> None:
    """Every field, also the empty ones; a document of version 1."""
    document = plain.loads(render(results))
    assert document["schema_version"] == 1
    assert set(document) >= {"schema_version", "cells", "histories", "claims"}
    for cell in document["cells"]:
        assert set(cell) >= CONTRACT
    assert document["cells"][0]["environment"]["pins"] == {"uvicorn": "0.27.0"}
    assert [cell["verdict"] for cell in document["cells"][1:]] == [str(verdict) for verdict in Verdict]


def test_document_comes_back_unchanged(results: list[CellResult]) -> None:
    """What is printed can be read again."""
    assert msgspec.json.decode(render(results), type=Document).cells == tuple(results)


def test_document_meets_its_own_schema(results: list[CellResult]) -> None:
    """By a validator that is not the program's own."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = plain.loads(json_document.schema())
    document = plain.loads(render(results))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)


@pytest.mark.parametrize(
    ("key", "value"), [("verdict", "fine"), ("verdict", None), ("trials", "1"), ("cached", "no"), ("id", None)]
)
def test_schema_refuses_what_the_contract_does_not_know(key: str, value: Any, results: list[CellResult]) -> None:  # noqa: ANN401
    """A schema that lets everything through promises nothing."""
    jsonschema = pytest.importorskip("jsonschema")
    document = plain.loads(render(results))
    document["cells"][0][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, plain.loads(json_document.schema()))


@pytest.mark.parametrize("key", ["id", "verdict", "reason", "expected", "environment"])
def test_schema_refuses_a_cell_that_lacks_a_field(key: str, results: list[CellResult]) -> None:
    """A reader may count on every field."""
    jsonschema = pytest.importorskip("jsonschema")
    document = plain.loads(render(results))
    del document["cells"][0][key]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, plain.loads(json_document.schema()))


def test_text_is_plain_json_with_a_last_newline(results: list[CellResult]) -> None:
    """It can be piped and compared line by line."""
    text = render(results)
    assert text.endswith("}\n")
    assert "\x1b" not in text
    assert plain.loads(render([]))["cells"] == []
