"""What a user takes away: the table, and a page that prints and holds all it shows."""

import base64
import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lesionlab.application.engine import Networks
from lesionlab.application.table import escape_formula, list_arms, list_columns
from lesionlab.bundle.manifest import Bundle
from lesionlab.visits.cases import Case
from lesionlab.visits.decision import Choice, find_point
from lesionlab.visits.texts import say
from lesionlab.visits.views import fill, say_reason


def write_table(networks: Networks, cases: Sequence[Case], choice: Choice) -> bytes:
    """Write the table of a visit.

    Parameters
    ----------
    networks : Networks
        That judged.
    cases : sequence of Case
        Of the visit.
    choice : Choice
        Of the user.

    Returns
    -------
    bytes
        CSV in UTF-8 with a mark that spreadsheets need: the columns of ``lesionlab
        predict`` but for masks, the decisions at the chosen operating point, and that
        it is for research only. Which columns depends on the bundle alone.
    """
    bundle = networks.bundle
    points = {
        arm: point
        for arm in list_arms(bundle)
        if (point := find_point(bundle, arm, choice.wanted)) is not None
    }
    columns = [name for name in list_columns(bundle) if name != "mask"]
    for arm in points:
        columns += [f"{arm}_chosen_threshold", f"{arm}_sent_at_chosen"]
    table = io.StringIO()
    writer = csv.DictWriter(table, [*columns, "model", "note"], lineterminator="\n")
    writer.writeheader()
    for case in cases:
        row: dict[str, Any] = {"file": escape_formula(case.name)}
        row["reason"] = say_reason(case, choice)
        if not case.reason:
            nearest = networks.cases["image_id"].iloc[list(case.neighbours)]
            row |= {**case.row, "nearest": " ".join(nearest)}
            for arm, point in points.items():
                sent = case.probabilities[arm][bundle.positive] >= point["threshold"]
                row[f"{arm}_chosen_threshold"] = round(point["threshold"], 6)
                row[f"{arm}_sent_at_chosen"] = bool(sent)
        row |= {
            "model": bundle.identity,
            "note": say("research_only", choice.language),
        }
        writer.writerow(row)
    return table.getvalue().encode("utf-8-sig")


def write_page(bundle: Bundle, choice: Choice, *, meaning: str, cards: str) -> bytes:
    """Write the page for printing.

    Parameters
    ----------
    bundle : Bundle
        Whose networks judged.
    choice : Choice
        Of the user.
    meaning, cards : str
        HTML that holds its pictures.

    Returns
    -------
    bytes
        HTML in UTF-8.
    """
    page = fill(
        "saved.html",
        choice.language,
        facts=bundle.facts,
        identity=bundle.identity,
        when=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        meaning=meaning,
        cards=cards,
    )
    return page.encode()


def embed(content: bytes, kind: str) -> str:
    """Turn bytes into a data address."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
