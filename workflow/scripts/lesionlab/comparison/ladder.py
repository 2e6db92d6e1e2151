"""The ladder of arms that explain a difference: masks, context, background."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lesionlab.comparison.estimates import Estimate, Scores, describe, estimate
from lesionlab.comparison.trainings import Fold
from lesionlab.comparison.verdict import judge

CHANCE = 0.5  # AUC of a network that knows nothing
# what a step asks: the arm that lacks something, and the arm that has it
STEPS = {
    "masks": ("segmented", "segmented_true"),
    "context": ("segmented_true", "crop"),
}
BACKGROUND = "background"


def climb(
    folds: Sequence[Fold],
    scores: Scores,
    arms: Sequence[str],
    *,
    primary: str,
    margin: float,
    confidence: float,
) -> list[dict[str, Any]]:
    """Judge each step of the ladder whose arms were run.

    Parameters
    ----------
    folds, scores
        As in :func:`lesionlab.comparison.estimates.estimate`.
    arms : sequence of str
        Those of the run.
    primary : str
        The metric of the steps ``masks`` (do the expert's masks help over predicted
        ones?) and ``context`` (does the whole bounding box help over the lesion
        alone?). The step ``background`` (does a picture without the lesion tell the
        class?) compares an AUC with chance, whatever the primary metric is.
    margin, confidence : float
        As in :func:`lesionlab.comparison.verdict.judge`.

    Returns
    -------
    list of dict
        ``step``, ``a`` (None for chance), ``b``, ``metric``, ``difference`` with its
        bounds, and the ``kind`` of the verdict.
    """
    rules = {"margin": margin, "confidence": confidence}
    rows = []
    for step, (a, b) in STEPS.items():
        if {a, b} <= set(arms):
            figure = estimate(folds, scores, primary, a, b)
            rows.append(_row(step, a, b, primary, figure, **rules))
    if BACKGROUND in arms:
        figure = estimate(folds, scores, "auc", BACKGROUND)
        if figure is not None:
            figure = replace(
                figure,
                points=figure.points - CHANCE,
                value=figure.value - CHANCE,
                replicates=figure.replicates - CHANCE,
                share=False,
            )
        rows.append(_row(BACKGROUND, None, BACKGROUND, "auc", figure, **rules))
    return rows


def _row(
    step: str,
    a: str | None,
    b: str,
    metric: str,
    figure: Estimate | None,
    *,
    margin: float,
    confidence: float,
) -> dict[str, Any]:
    bounds = describe(figure, confidence)
    verdict = judge(figure, metric=metric, margin=margin, confidence=confidence)
    difference = bounds.pop("value")
    return {
        "step": step,
        "a": a,
        "b": b,
        "metric": metric,
        "difference": difference,
        **bounds,
        "kind": verdict["kind"],
    }
