"""Warnings that go wherever the figures go: synthetic data, a leaking split."""

from collections.abc import Mapping
from typing import Any

MEASURED = "the figures of arms split by photographs (image) are too good by that."


def _worst_leak(split_audit: Mapping[str, Any], label: str) -> str:
    folds = split_audit["leakage"].values()
    shares = [tasks["classification"][label] for tasks in folds]
    return f"{max(share or 0 for share in shares):.0%}"


def list_stamps(
    *, source: str, split_audit: Mapping[str, Any], positive: str
) -> list[dict[str, str]]:
    """List the warnings that must stand wherever the figures are shown.

    Parameters
    ----------
    source : str
        ``dataset.source``.
    split_audit : Mapping
        ``split/audit.json``.
    positive : str
        The positive class.

    Returns
    -------
    list of dict
        ``kind``, ``title``, ``text``.
    """
    stamps = []
    if source == "phantom":
        stamps.append(
            {
                "kind": "note",
                "title": "Synthetic data.",
                "text": "The photographs are generated: the figures show that the "
                "workflow works and say nothing about skin.",
            }
        )
    if split_audit["leaks"]:
        whole = split_audit["protocol"] != "leak"
        stamps.append(
            {
                "kind": "",
                "title": "This split leaks.",
                "text": f"{_worst_leak(split_audit, 'all')} of the classifier's test "
                f"photographs, and {_worst_leak(split_audit, positive)} of those of "
                f"class {positive}, show a lesion that is in training too: "
                + ("every figure is too good." if whole else MEASURED),
            }
        )
    if not split_audit["lesion_ids_known"]:
        stamps.append({"kind": "", **_say_unknown(split_audit)})
    return stamps


def _say_unknown(split_audit: Mapping[str, Any]) -> dict[str, str]:
    without, total = split_audit["without_lesion_id"], split_audit["n_images"]
    end = "counts as a lesion of its own, and leakage cannot be excluded."
    if without == total:
        return {
            "title": "Lesions unknown.",
            "text": f"The data name no lesion_id: each photograph {end}",
        }
    return {
        "title": "Some lesions unknown.",
        "text": f"{without} of {total} photographs name no lesion_id: each of these "
        + end,
    }
