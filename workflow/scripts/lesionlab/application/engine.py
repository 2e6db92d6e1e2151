"""The networks of a bundle on ONNX Runtime, and what they say of photographs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lesionlab.application.likeness import (
    describe_colours,
    list_warnings,
    measure_photograph,
    rank_neighbours,
)
from lesionlab.bundle.manifest import Bundle
from lesionlab.classification.arms import ARMS
from lesionlab.data.packing import resize_photograph
from lesionlab.errors import LabError, first_line
from lesionlab.export.runtime import onnxruntime
from lesionlab.files import read_csv
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
    colours : ndarray of float32, shape (M, 512)
        Their colours; see :func:`~lesionlab.application.likeness.describe_colours`.
    cases : DataFrame
        Their ``image_id`` and ``label``, in the same order.
    """

    bundle: Bundle
    segmenters: Mapping[str, onnxruntime.InferenceSession]
    classifiers: Mapping[str, Mapping[str, list[onnxruntime.InferenceSession]]]
    training: np.ndarray
    colours: np.ndarray
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
        CPU threads of a network; the sessions may be used from several threads.

    Returns
    -------
    Networks

    Raises
    ------
    LabError
        If ONNX Runtime cannot open one.
    """
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.log_severity_level = 3  # errors
    # it would keep for each network what the largest batch took
    settings.enable_cpu_mem_arena = False

    def start(name: str) -> onnxruntime.InferenceSession:
        path = bundle.folder / name
        try:
            return onnxruntime.InferenceSession(
                path, settings, providers=["CPUExecutionProvider"]
            )
        except Exception as why:  # of an older ONNX Runtime, or without room
            raise LabError(
                f"{path}: ONNX Runtime {onnxruntime.__version__} cannot open it: "
                f"{first_line(why)}"
            ) from None

    facts = bundle.facts

    def known(name: str) -> np.ndarray:
        stored = np.load(bundle.folder / facts["training"][name])
        return np.asfortranarray(stored, np.float32)  # ranking multiplies by columns

    classifiers: dict[str, dict[str, list[onnxruntime.InferenceSession]]] = {}
    for arm, about in facts["arms"].items():
        for member in about["members"]:
            of_fold = classifiers.setdefault(arm, {}).setdefault(member["fold"], [])
            of_fold.append(start(member["file"]))
    return Networks(
        bundle,
        {one["fold"]: start(one["file"]) for one in facts["segmenters"]},
        classifiers,
        known("features"),
        known("colours"),
        read_csv(bundle.folder / facts["training"]["cases"]),
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
    bundle = networks.bundle
    masks = find_lesions(networks, photographs)
    raw, features, shown = classify(networks, photographs, masks)
    probabilities = {
        arm: np.mean([bundle.calibration(arm).apply(p) for p in folds.values()], axis=0)
        for arm, folds in raw.items()
    }
    rows, _ = rank_neighbours(features, networks.training)
    _, distances = rank_neighbours(describe_colours(shown), networks.colours)
    limits = bundle.facts["likeness"]["limits"]
    opinions = []
    for number, photograph in enumerate(photographs):
        mask = vote([of_fold[number] for of_fold in masks.values()])
        scores = {
            **measure_photograph(photograph),
            "lesion_share": float(np.count_nonzero(mask) / mask.size),
            "distance": float(distances[number, -1]),
        }
        opinions.append(
            Opinion(
                mask,
                {arm: p[number] for arm, p in probabilities.items()},
                scores,
                list_warnings(scores, limits),
                rows[number].tolist(),
            )
        )
    return opinions


def vote(masks: Sequence[np.ndarray]) -> np.ndarray:
    """Take for the lesion what at least half of the masks hold, bool (H, W)."""
    if len(masks) == 1:
        return masks[0]
    votes = np.zeros(masks[0].shape, np.uint8)  # a photograph may be large
    for mask in masks:
        votes += mask
    return votes >= (len(masks) + 1) // 2


def find_lesions(
    networks: Networks, photographs: Sequence[np.ndarray]
) -> dict[str, list[np.ndarray]]:
    """Find the lesions by the segmenter of each fold.

    Parameters
    ----------
    networks : Networks
        Of :func:`load_networks`.
    photographs : sequence of ndarray of uint8, shape (H, W, 3)
        RGB.

    Returns
    -------
    dict
        By fold, one mask a photograph: ndarray of bool, shape (H, W).
    """
    masks = {}
    shown: dict[tuple[int, int], np.ndarray] = {}
    for about in networks.bundle.facts["segmenters"]:
        size = about["height"], about["width"]
        if size not in shown:
            shown[size] = np.stack([_shrink(one, *size) for one in photographs])
        session = networks.segmenters[about["fold"]]
        maps = quantise(session.run(None, {INPUT: shown[size]})[0])
        masks[about["fold"]] = [
            binarise(
                upsample(one, height=photograph.shape[0], width=photograph.shape[1]),
                about["threshold"],
            )
            for one, photograph in zip(maps, photographs, strict=True)
        ]
    return masks


def classify(
    networks: Networks,
    photographs: Sequence[np.ndarray],
    masks: Mapping[str, list[np.ndarray]],
) -> tuple[dict[str, dict[str, np.ndarray]], np.ndarray, np.ndarray]:
    """Ask every classifier, as it was trained, before calibration.

    Parameters
    ----------
    networks : Networks
        Of :func:`load_networks`.
    photographs : sequence of ndarray of uint8, shape (H, W, 3)
        RGB.
    masks : Mapping
        Of :func:`find_lesions`.

    Returns
    -------
    probabilities : dict
        By arm and fold, the mean over seeds: ndarray of float, shape (N, C).
    features : ndarray of float32, shape (N, F)
        Of the network whose training photographs the bundle knows.
    pixels : ndarray of uint8, shape (N, S, S, 3)
        What that network was shown.
    """
    facts = networks.bundle.facts
    reference: dict[str, Any] = facts["training"]
    described = np.empty(0), np.empty(0)
    probabilities: dict[str, dict[str, np.ndarray]] = {}
    for arm, by_fold in networks.classifiers.items():
        cut = ARMS[arm].mask != "none"
        shown = None
        for fold, sessions in by_fold.items():
            if shown is None or cut:
                side = facts["arms"][arm]["size"]
                shown = _show(arm, photographs, masks[fold] if cut else None, side)
            outputs = [session.run(None, {INPUT: shown}) for session in sessions]
            if (arm, fold) == (reference["arm"], reference["fold"]):
                described = outputs[0][1], shown
            mean = np.mean([p.astype(float) for p, _ in outputs], axis=0)
            probabilities.setdefault(arm, {})[fold] = mean
    return probabilities, *described


def _show(
    arm: str,
    photographs: Sequence[np.ndarray],
    masks: Sequence[np.ndarray] | None,
    side: int,
) -> np.ndarray:
    """Render and shrink one after another: a rendered photograph may be large."""
    pictures = []
    for number, one in enumerate(photographs):
        mask = np.zeros(one.shape[:2], bool) if masks is None else masks[number]
        pictures.append(_shrink(ARMS[arm].show(one, mask), side, side))
    return np.stack(pictures)


def _shrink(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    return resize_photograph(picture, height=height, width=width)
