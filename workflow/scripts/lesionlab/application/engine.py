"""The networks of a bundle on ONNX Runtime, and what they say of photographs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd

from lesionlab.application.likeness import (
    list_warnings,
    measure_photograph,
    rank_neighbours,
    unit,
)
from lesionlab.bundle.manifest import Bundle
from lesionlab.classification.arms import ARMS
from lesionlab.data.packing import resize_photograph
from lesionlab.segmentation.overlap import binarise, quantise, upsample

INPUT = "photographs"


@dataclass(frozen=True)
class Networks:
    """The sessions of a bundle, and the training photographs it knows.

    Parameters
    ----------
    bundle : Bundle
        Where they come from.
    segmenters : Mapping
        Session by fold.
    classifiers : Mapping
        Sessions by arm and fold, one a seed.
    training : ndarray of float32, shape (M, F)
        Features of training photographs, each of length 1.
    cases : DataFrame
        Their ``image_id`` and ``label``, in the same order.
    """

    bundle: Bundle
    segmenters: Mapping[str, onnxruntime.InferenceSession]
    classifiers: Mapping[str, Mapping[str, list[onnxruntime.InferenceSession]]]
    training: np.ndarray
    cases: pd.DataFrame


@dataclass(frozen=True)
class Opinion:
    """What the networks say of one photograph.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        The lesion, where most of the segmenters see it.
    probabilities : Mapping
        Calibrated, by arm: ndarray of float, shape (C,).
    scores : Mapping
        Of likeness, by name.
    warnings : list of str
        What is unlike the training data.
    neighbours : list of int
        Rows of the nearest training photographs, the nearest first.
    """

    mask: np.ndarray
    probabilities: Mapping[str, np.ndarray]
    scores: Mapping[str, float]
    warnings: list[str]
    neighbours: list[int]


def load_networks(bundle: Bundle, *, threads: int) -> Networks:
    """Start the networks of a bundle.

    Parameters
    ----------
    bundle : Bundle
        Of :func:`~lesionlab.bundle.manifest.load_bundle`.
    threads : int
        CPU threads of a network.

    Returns
    -------
    Networks
    """
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.log_severity_level = 3

    def start(name: str) -> onnxruntime.InferenceSession:
        path = bundle.folder / name
        return onnxruntime.InferenceSession(
            path, settings, providers=["CPUExecutionProvider"]
        )

    facts = bundle.facts
    classifiers: dict[str, dict[str, list[onnxruntime.InferenceSession]]] = {}
    for arm, about in facts["arms"].items():
        for member in about["members"]:
            of_fold = classifiers.setdefault(arm, {}).setdefault(member["fold"], [])
            of_fold.append(start(member["file"]))
    return Networks(
        bundle,
        {one["fold"]: start(one["file"]) for one in facts["segmenters"]},
        classifiers,
        np.load(bundle.folder / facts["training"]["features"]).astype(np.float32),
        pd.read_csv(bundle.folder / facts["training"]["cases"], dtype=str),
    )


def judge(networks: Networks, photographs: Sequence[np.ndarray]) -> list[Opinion]:
    """Judge photographs of any size.

    Parameters
    ----------
    networks : Networks
        Of :func:`load_networks`.
    photographs : sequence of ndarray of uint8, shape (H, W, 3)
        RGB.

    Returns
    -------
    list of Opinion
        One a photograph.
    """
    facts = networks.bundle.facts
    masks = _find_lesions(networks, photographs)
    probabilities, features = _classify(networks, photographs, masks)
    rows, distances = rank_neighbours(features, networks.training)
    opinions = []
    for number, photograph in enumerate(photographs):
        votes = [of_fold[number] for of_fold in masks.values()]
        mask = np.mean(votes, axis=0) >= 0.5 if len(votes) > 1 else votes[0]
        scores = {
            **measure_photograph(photograph),
            "lesion_share": float(mask.mean()),
            "distance": float(distances[number, -1]),
        }
        opinions.append(
            Opinion(
                mask,
                {arm: p[number] for arm, p in probabilities.items()},
                scores,
                list_warnings(scores, facts["likeness"]["limits"]),
                rows[number].tolist(),
            )
        )
    return opinions


def _find_lesions(
    networks: Networks, photographs: Sequence[np.ndarray]
) -> dict[str, list[np.ndarray]]:
    """Masks by fold, each of the photograph's own size."""
    masks = {}
    for about in networks.bundle.facts["segmenters"]:
        shown = _shrink(photographs, about["height"], about["width"])
        session = networks.segmenters[about["fold"]]
        maps = quantise(session.run(None, {INPUT: shown})[0])
        masks[about["fold"]] = [
            binarise(
                upsample(one, height=photograph.shape[0], width=photograph.shape[1]),
                about["threshold"],
            )
            for one, photograph in zip(maps, photographs, strict=True)
        ]
    return masks


def _classify(
    networks: Networks,
    photographs: Sequence[np.ndarray],
    masks: Mapping[str, list[np.ndarray]],
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Calibrated probabilities by arm, (N, C), and the features of the reference."""
    facts, bundle = networks.bundle.facts, networks.bundle
    reference: dict[str, Any] = facts["training"]
    probabilities, features = {}, np.empty(0)
    for arm, by_fold in networks.classifiers.items():
        of_folds = []
        for fold, sessions in by_fold.items():
            shown = _show(arm, photographs, masks.get(fold), facts["arms"][arm]["size"])
            outputs = [session.run(None, {INPUT: shown}) for session in sessions]
            if (arm, fold) == (reference["arm"], reference["fold"]):
                features = outputs[0][1]
            mean = np.mean([p.astype(float) for p, _ in outputs], axis=0)
            of_folds.append(bundle.calibration(arm).apply(mean))
        probabilities[arm] = np.mean(of_folds, axis=0)
    return probabilities, unit(features)


def _show(
    arm: str,
    photographs: Sequence[np.ndarray],
    masks: list[np.ndarray] | None,
    size: int,
) -> np.ndarray:
    if ARMS[arm].mask == "none" or masks is None:
        masks = [np.zeros(one.shape[:2], bool) for one in photographs]
    pictures = list(map(ARMS[arm].show, photographs, masks))
    return _shrink(pictures, size, size)


def _shrink(pictures: Sequence[np.ndarray], height: int, width: int) -> np.ndarray:
    return np.stack(
        [resize_photograph(one, height=height, width=width) for one in pictures]
    )
