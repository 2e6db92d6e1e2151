"""What a reader must keep in mind."""

from collections.abc import Mapping, Sequence


def list_limits(
    *,
    source: str,
    classes: Mapping[str, Sequence[str]],
    folds: int,
    trainings: int,
    predicted_masks: bool,
) -> list[str]:
    """List the limits of a run.

    Parameters
    ----------
    source : str
        ``dataset.source``.
    classes : Mapping
        Class: its diagnoses.
    folds, trainings : int
        How many folds are compared, and trainings of the first two arms in each.
    predicted_masks : bool
        Whether an arm shows them.

    Returns
    -------
    list of str
        A sentence or two each.
    """
    limits = [
        "Not a medical device. Nothing here is fit for the diagnosis of a person.",
        _say_coverage(folds, trainings),
        "The answer is about this recipe: this network, these hyperparameters, this "
        "size of pictures and of the training set. Another recipe may answer "
        "otherwise.",
        "One metric of the first pair of arms was declared to decide. All other "
        "metrics and pairs describe; the metrics of a pair are adjusted by Holm's "
        "method, the pairs among each other are not.",
        "Where training sets are balanced by class, validation and test sets keep "
        "natural proportions: probabilities are not calibrated, which log loss and "
        "Brier score count.",
    ]
    if predicted_masks:
        limits.append(
            "Masks of photographs on which the segmentation network trained may be "
            "better than those of new ones; the share of each class is stated above."
        )
    if folds > 1:
        limits.append(
            "AUC, average precision and all other metrics that have an interval are "
            "computed within a fold and averaged: photographs of different folds are "
            "never ranked together."
        )
    if trainings > 1:
        limits.append(
            "Confusion matrices and the table by class are means over trainings: their "
            "numbers need not be whole, and no single network made them."
        )
    benign = {"bkl", "df", "vasc"} & set(classes.get("Other_SC", ()))
    if benign:
        limits.append(
            "The class name Other_SC (other skin cancers) is that of the 2022 "
            f"reference; of its diagnoses {', '.join(sorted(benign))} are benign."
        )
    if source != "phantom":
        limits.append(
            "HAM10000 comes from two centres, mostly of fair skin, with melanoma "
            "confirmed by histology and many nevi by follow-up: another population "
            "may give other figures."
        )
    return limits


def _say_coverage(folds: int, trainings: int) -> str:
    if folds * trainings < 2:
        return (
            "Intervals cover the draw of test lesions alone. With one training of an "
            "arm, the chance of initial weights, order and training lesions is in no "
            "interval."
        )
    text = (
        "The deciding interval covers the draw of test lesions and the chance of a "
        "training (initial weights, order, augmentation)"
    )
    if folds == 1:
        return (
            f"{text}. The lesions that were trained on are one draw, which every "
            "training shares: what another draw of them would change is in no interval."
        )
    return (
        f"{text}, as folds differ by both; and in part the draw of training lesions: "
        "folds train on lesions that overlap, so that they differ less than "
        "independent draws would."
    )
