"""Pages from values by templates, in which no text can act.

Every string that a template prints goes through `harness.escaping.line` and is then escaped; only what a template
itself writes is markup. The policy in each page's head lets nothing run or load but the files beside the pages.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from harness import escaping
from harness.model.verdict import Verdict
from harness.report.site import names
from harness.report.table import SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.report.site.content import Content, Failure
    from harness.report.site.proof import Proof

# 'self' is the files beside the pages; there is no other script, no style in a page, no form that goes anywhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
EVIDENCE_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"

LEGEND = {
    Verdict.REPRODUCED: "affected: the failure was observed",
    Verdict.ABSENT: "free of it, and working",
    Verdict.UNHEALTHY: "cannot do its ordinary work",
    Verdict.ENVIRONMENT_FAILED: "could not be installed or tried here",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.NOT_RUN: "not run",
}


def start(content: Content, *, made_by: str) -> str:
    """Return the start page; ``made_by`` is the call that makes the site."""
    data = _harmless_data(content.answers)
    return _template("start.html").render(content=content, data=data, made_by=made_by, root="")


def failure(one: Failure, *, made_by: str) -> str:
    """Return the page of a failure."""
    return _template("failure.html").render(failure=one, made_by=made_by, root="../")


def cell(proof: Proof, *, failure: str) -> str:
    """Return the page of a cell; ``failure`` is the file name of the page of its failure."""
    policy = Markup(EVIDENCE_POLICY)  # noqa: S704 - likewise
    return _template("cell.html").render(proof=proof, failure=failure, root="../", policy=policy)


def style(widest: int) -> str:
    """Return the style sheet, for bands of at most ``widest`` releases.

    Places in a band are classes, because the policy allows no style in a page.
    """
    places = [f".at-{n}{{grid-column-start:{n}}}.for-{n}{{grid-column-end:span {n}}}" for n in range(1, widest + 1)]
    widths = [f".of-{n}{{grid-template-columns:repeat({n},minmax(0,1fr))}}" for n in range(1, widest + 1)]
    return "\n".join((asset("site.css"), *places, *widths)) + "\n"


def asset(name: str) -> str:
    """Return one of the files that go beside the pages."""
    source, _, _ = _loader().get_source(_environment(), name)
    return source


def _harmless(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    """Make text harmless; the template engine escapes it next. Markup, which only templates write, stays as it is."""
    if isinstance(value, Markup):
        return value
    return "" if value is None else escaping.line(str(value))


def _harmless_data(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Make all text in a value harmless: the page's script writes it into the page."""
    if isinstance(value, str):
        return escaping.line(value)
    if isinstance(value, dict):
        return {escaping.line(name): _harmless_data(one) for name, one in value.items()}
    return [_harmless_data(one) for one in value] if isinstance(value, list) else value


def _rows(lines: Iterable[str]) -> Markup:
    """Return lines of text as markup, with a line break between them."""
    return Markup("<br>").join(escaping.line(line) for line in lines)


@functools.cache
def _loader() -> jinja2.BaseLoader:
    folders = ("templates", "static")
    return jinja2.ChoiceLoader([jinja2.PackageLoader("harness.report.site", folder) for folder in folders])


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=_loader(),
        autoescape=True,
        finalize=_harmless,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["policy"] = Markup(POLICY)  # noqa: S704 - it stands between double quotes and has none
    environment.globals["symbols"] = SYMBOLS
    environment.globals["legend"] = [(verdict, SYMBOLS[verdict], words) for verdict, words in LEGEND.items()]
    environment.filters["page"] = names.page
    environment.filters["rows"] = _rows
    return environment


@functools.cache
def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)
