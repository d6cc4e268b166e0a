"""What claims are assessed by: of each series the most complete history that is at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion

from harness.analysis.completeness import most_complete
from harness.analysis.series import key_of
from harness.errors import UsageError
from harness.model.result import order_of
from harness.results.published import Published
from harness.selection.plan import PUBLISHED, RESULTS

if TYPE_CHECKING:
    from harness.analysis.document import Document
    from harness.analysis.series import Key
    from harness.results.journal import Journal
    from harness.selection.plan import Plan


def assessed(plan: Plan) -> Document:
    """Return the document of the series that the call means, whole ones: a claim is not about some of their releases.

    The published report is read beside the stored results, unless the call names these.

    Raises:
        UsageError: nothing is known of the selection.

    """
    wanted = {key_of(cell) for cell in plan.cells} if plan.options.narrows else None
    found = _document(plan, plan.source, wanted)
    if plan.options.results == RESULTS and (PUBLISHED.is_file() or not found.cells):
        found = most_complete(found, _document(plan, Published(PUBLISHED, where="the published report"), wanted))
    if not found.cells:
        message = f"no stored results of that selection in {plan.options.results}; 'harness run' makes them"
        raise UsageError(message)
    return found


def _document(plan: Plan, source: Journal | Published, wanted: set[Key] | None) -> Document:
    names = plan.scenario_names()
    results = [
        result
        for result in source.latest()
        if (wanted is None or key_of(result) in wanted)
        and (result.scenario in names or (not plan.options.names and result.scenario not in plan.scenarios))
    ]
    try:
        return plan.document([plan.expecting(result) for result in sorted(results, key=order_of)], source=source)
    except InvalidVersion as error:
        message = f"{plan.options.results} names a release that is none: {error}"
        raise UsageError(message) from None
