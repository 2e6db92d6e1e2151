"""Passages of the report: what is said of the data, the split and the masks."""

from collections.abc import Mapping, Sequence
from typing import Any

from lesionlab.comparison.estimates import FEW
from lesionlab.words.findings import list_findings
from lesionlab.words.phrases import name_design

SPLITS = {
    "grouped": "Whole lesions are drawn: as far as lesions are known, none is in two "
    "sets of a network, and none of the classifier's test or validation set trained "
    "the segmentation network.",
    "leak": "The same test and validation photographs for both ways of training: on "
    "lesions that are in neither (fold0) and on any other photographs (fold1), where "
    "the share of test photographs whose lesion is in training stands in brackets. "
    "Validation has whole lesions that are not in the test set.",
    "kfold": "Whole lesions are drawn, as far as they are known, and each is tested in "
    "one fold.",
    "source": "All photographs of some sources ({sources}) are tested, by networks "
    "that were trained on others alone. Whole lesions are drawn, as far as they are "
    "known; photographs of an unknown source are in no set.",
    "image": "Single photographs are drawn, as the reference did: the share of "
    "test photographs whose lesion is in training stands in brackets.",
}


def describe_split(split_audit: Mapping[str, Any]) -> str:
    """Say how the sets were drawn."""
    sources = ", ".join(split_audit["sources"])
    return SPLITS[split_audit["protocol"]].format(sources=sources)


def describe_data(audit: Mapping[str, Any], *, source: str) -> str:
    """Count photographs, lesions, and what was refused or merged."""
    kind = "Generated photographs" if source == "phantom" else "HAM10000 photographs"
    refused = sum(audit["quarantine"].values())
    pairs = len(audit["exact_duplicates"])
    text = (
        f"{kind}: {audit['n']} of {audit['n_groups']} lesion groups; {refused} refused "
        f"(see quarantine.csv), {pairs} set(s) of exact duplicates merged into one "
        f"group each, {len(audit['masks_nearly_full'])} mask(s) that cover more than "
        "98 % of the photograph."
    )
    return " ".join([text, *list_findings(audit["found"])])


def describe_matches(audit: Mapping[str, Any]) -> str:
    """Count pairs of photographs that show one lesion under two ids."""
    if "matches" not in audit:
        return "Photographs of one lesion_id and exact duplicates count as one lesion."
    matches = audit["matches"]
    merged = matches["merged_lesions"]
    pairs = [pair for group in merged for pair in group["pairs"]]
    published = sum(pair["published"] for pair in pairs)
    return (
        f"{len(pairs)} pairs of photographs ({published} of them published) show one "
        f"lesion under two ids: {sum(len(group['lesions']) for group in merged)} "
        f"lesions became {len(merged)}. {len(matches['conflicts'])} more pairs have "
        f"two labels and are not merged, {len(matches['listed'])} are near misses: "
        "these may be on both sides of a split. All stand in matches.csv and "
        "audit.json, with pictures of the near misses in figures/near_misses.png."
    )


def describe_in_sample(
    scores: Mapping[str, Mapping[str, Any]], split_audit: Mapping[str, Any]
) -> str:
    """Compare masks that the U-Net trained on with others, over all folds."""
    parts = [figures["in_sample"] for figures in scores.values()]
    texts = []
    if all(part[name]["n"] for part in parts for name in part):
        seen, new = (
            _pool([part[name] for part in parts])
            for name in ("in_sample", "out_of_sample")
        )
        texts.append(
            f"The segmentation network trained on {seen[0]} of the classifier's "
            f"{seen[0] + new[0]} training photographs"
            f"{' of all folds' if len(parts) > 1 else ''}: their masks have a mean "
            f"Jaccard of {seen[1]:.3f}, those of the others {new[1]:.3f}."
        )
    folds = list(split_audit["in_sample_share"].values())
    shares = ", ".join(
        f"{label} {_span([share[label] or 0 for share in folds])}" for label in folds[0]
    )
    texts.append(f"Share of such photographs by class: {shares}.")
    return " ".join(texts)


def _pool(parts: Sequence[Mapping[str, Any]]) -> tuple[int, float]:
    count = sum(part["n"] for part in parts)
    return count, sum(part["n"] * part["jaccard"] for part in parts) / count


def _span(shares: Sequence[float]) -> str:
    low, high = f"{min(shares):.1%}", f"{max(shares):.1%}"
    return low if low == high else f"{low} to {high}"


def describe_design(comparison: Mapping[str, Any]) -> str:
    """Say how many trainings each arm has, and how they are compared."""
    folds = len(comparison["folds"])
    counts = {arm: len(seeds) for arm, seeds in comparison["seeds"].items()}
    if len(set(counts.values())) == 1:
        design = name_design(next(iter(counts.values())) * folds, folds)
    else:
        each = ", ".join(f"{arm} {number}" for arm, number in counts.items())
        design = f"trainings in each of {folds} fold(s) by arm: {each}"
    return f"{design[0].upper()}{design[1:]}."


def describe_intervals(comparison: Mapping[str, Any]) -> str:
    """Say what the two intervals cover, and mark those that rest on few lesions."""
    text = (
        f"Intervals ({comparison['confidence']:.0%}) come in two: over lesions (these "
        "networks, other lesions) and over lesions and trainings (other lesions, other "
        "trainings); the second decides."
    )
    few = comparison["n_positive_groups"]
    if few < FEW:
        text += (
            f" † They rest on only {few} lesions of class "
            f"{comparison['positive_class']}, fewer than {FEW}: those over lesions are "
            "by Student's t with the jackknife's standard error. "
            f"{_coverage(comparison)}"
        )
    return text


def _coverage(comparison: Mapping[str, Any]) -> str:
    """Say how often the deciding interval covers with so few lesions: as measured."""
    if len(comparison["folds"]) > 1:
        return (
            "Folds with so few lesions were not simulated: how often the deciding "
            "interval covers is not known."
        )
    return (
        "In simulated studies with 13 positive photographs the deciding interval "
        "covered 94 to 98 % where the arms are equal and 87 to 96 % where they differ; "
        "those over lesions 86 to 97 % of a difference, 90 to 93 % of an arm's AUC and "
        "93 to 98 % of its sensitivity (docs/method.md)."
    )


def describe_variance(comparison: Mapping[str, Any]) -> str:
    """Say which part of the variance of the first pair's difference is the largest."""
    if not comparison["verdicts"]:
        return ""
    split = comparison["verdicts"][0]["variance"]
    # with one training a fold, what lesions do holds the interaction
    apart = split["interaction"] is not None
    names = {
        "lesions": "the lesions of the test set",
        "interaction": "how single trainings take to single lesions",
        "trainings": "the trainings themselves",
        "folds": "what else differs between folds, as the lesions that were trained on"
        if apart
        else "what else differs between folds, trainings among it",
    }
    known = {name: split[name] ** 2 for name in names if split[name] is not None}
    whole = sum(known.values())
    if len(known) < 2 or not whole:
        return ""
    shares = ", ".join(f"{v / whole:.0%} {names[name]}" for name, v in known.items())
    largest = max(known, key=lambda name: known[name])
    more = largest if known[largest] > whole / 2 and largest != "interaction" else ""
    if not apart and more != "lesions":
        more = ""
    advice = f" More {more} would narrow the interval most." if more else ""
    return f"The variance of a single pair's difference is {shares}.{advice}"
