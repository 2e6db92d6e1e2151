"""What a user takes away: the table, and a page that prints and holds all it shows."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import pandas as pd

from lesionlab.bundle.manifest import Bundle
from lesionlab.visits.cases import Case
from lesionlab.visits.decision import Choice, find_point, list_arms
from lesionlab.visits.texts import say
from lesionlab.visits.views import say_reason

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a spreadsheet tells one


def write_table(bundle: Bundle, cases: Sequence[Case], choice: Choice) -> bytes:
    """Write the table of a visit.

    Parameters
    ----------
    bundle : Bundle
        Whose networks judged.
    cases : sequence of Case
        Of the visit.
    choice : Choice
        Of the user.

    Returns
    -------
    bytes
        CSV in UTF-8 with a mark that spreadsheets need: the columns of ``lesionlab
        predict`` but for masks, the decisions at the chosen operating point, and that
        it is for research only.
    """
    rows = [_write_row(bundle, case, choice) for case in cases]
    table = io.StringIO()
    pd.DataFrame(rows).to_csv(table, index=False)
    return table.getvalue().encode("utf-8-sig")


def _write_row(bundle: Bundle, case: Case, choice: Choice) -> dict[str, Any]:
    # a name that a spreadsheet would take for a formula is only text behind a quote
    name = f"'{case.name}" if case.name.startswith(FORMULA) else case.name
    row: dict[str, Any] = {"file": name, "reason": say_reason(case, choice)}
    if not case.reason:
        row |= case.row
        for arm in list_arms(bundle):
            point = find_point(bundle, arm, choice.wanted)
            p = case.probabilities[arm][bundle.positive]
            if point is None:
                continue
            row[f"{arm}_chosen_threshold"] = round(point["threshold"], 6)
            row[f"{arm}_sent_at_chosen"] = bool(p >= point["threshold"])
    return {
        **row,
        "model": bundle.identity,
        "note": say("research_only", choice.language),
    }


def embed(content: bytes, kind: str) -> str:
    """Turn bytes into a data address."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
