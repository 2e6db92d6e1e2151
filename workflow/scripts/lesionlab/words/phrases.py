"""Names, figures and counts as people write them."""

from collections.abc import Mapping, Sequence
from typing import Any

SHOWN = {
    "auc": "{positive} AUC",
    "average_precision": "{positive} average precision",
    "sensitivity": "{positive} sensitivity",
    "specificity": "{positive} specificity",
    "matched_sensitivity": "{positive} sensitivity at the chosen specificity",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "log_loss": "log loss",
    "brier": "Brier score",
}
BOTH, LESIONS = ("low", "high"), ("lesions_low", "lesions_high")
SPLITS = {"grouped": "lesions", "image": "photographs"}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def name_metric(metric: str, positive: str) -> str:
    """Name a metric in a sentence, for example ``MEL AUC``."""
    return SHOWN[metric].format(positive=positive)


def head_metric(metric: str, positive: str) -> str:
    """Name a metric at the head of a column or a row: with a capital."""
    name = name_metric(metric, positive)
    return name[0].upper() + name[1:]


def format_figure(value: float | None, *, signed: bool = False) -> str:
    """Format a figure with three decimals; a dash where it is undefined."""
    if value is None:
        return "–"
    sign = "+" if signed else ""
    text = f"{value:{sign}.3f}".replace("-", "−")
    return "0.000" if text.strip("+−") == "0.000" else text


def format_bounds(
    figure: Mapping[str, Any], bounds: Sequence[str] = BOTH, *, signed: bool = False
) -> str:
    """Format an interval as ``0.880 to 0.941``; a dash where there is none."""
    low, high = (figure[name] for name in bounds)
    if low is None or high is None:
        return "–"
    return (
        f"{format_figure(low, signed=signed)} to {format_figure(high, signed=signed)}"
    )


def format_interval(
    figure: Mapping[str, Any],
    bounds: Sequence[str] = BOTH,
    *,
    value: str = "value",
    signed: bool = False,
) -> str:
    """Format a figure with one of its intervals as ``0.912 (0.880 to 0.941)``.

    Parameters
    ----------
    figure : Mapping
        From :func:`lesionlab.comparison.estimates.describe`; figures may be None.
    bounds : sequence of str
        :data:`BOTH` (over lesions and trainings) or :data:`LESIONS`.
    value : str
        Key of the figure itself.
    signed : bool
        Show a plus sign.

    Returns
    -------
    str
        A dash where the value is undefined, the value alone where the interval is.
    """
    text = format_figure(figure[value], signed=signed)
    interval = format_bounds(figure, bounds, signed=signed)
    return text if "–" in (text, interval) else f"{text} ({interval})"


def format_p(p_value: float | None) -> str:
    """Format a p-value: ``0.043``, ``<0.001``, or a dash where there is none."""
    if p_value is None:
        return "–"
    return "<0.001" if p_value < 0.001 else f"{p_value:.3f}"


def format_margin(margin: float) -> str:
    """Format the margin with no more digits than it was given."""
    return f"{margin:g}"


def count(number: int, noun: str) -> str:
    """Count things: ``one training``, ``12 trainings``."""
    shown = NUMBERS[number] if number < len(NUMBERS) else str(number)
    return f"{shown} {noun}" if number == 1 else f"{shown} {noun}s"


def join(names: Sequence[str]) -> str:
    """Join names: ``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def name_training(arm: str) -> str:
    """Say what a network of an arm is trained on.

    Parameters
    ----------
    arm : str
        Its name; of protocol ``leak``, behind a slash, how photographs were split.

    Returns
    -------
    str
        For example ``pictures of arm crop``.
    """
    name, _, way = arm.partition("/")
    return f"pictures of arm {name}" + (f", split by {SPLITS[way]}," if way else "")


def is_leak(arm: str) -> bool:
    """Say whether an arm is one way of splitting: the leak is what is asked about."""
    return "/" in arm


def name_design(trainings: int, folds: int) -> str:
    """Say how many trainings stand behind the figures of an arm.

    Parameters
    ----------
    trainings : int
        Of each arm, over all folds.
    folds : int
        1 for a hold-out.

    Returns
    -------
    str
        For example ``three trainings of each arm in each of five folds``.
    """
    each = f"{count(trainings // folds, 'training')} of each arm"
    return f"{each} in each of {count(folds, 'fold')}" if folds > 1 else each
