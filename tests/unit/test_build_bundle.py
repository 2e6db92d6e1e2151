"""From the files of a run to a bundle with its card, without a training."""

import json
import shutil
from importlib.metadata import version

import cv2
import numpy as np
import pandas as pd
import pytest
from tests.unit.made_bundle import draw_photograph, make_bundle
from tests.unit.made_predictions import CLASSES, make_table

import build_bundle
import calibrate_arms
from lesionlab.application.engine import judge, load_networks
from lesionlab.bundle.manifest import load_bundle
from lesionlab.files import read_csv, sha256_file, write_csv, write_json
from lesionlab.stage import Paths

TEMPLATE = "workflow/report/model.md"
DIAGNOSES = {"MEL": ["mel"], "NV": ["nv"], "Other_SC": ["bcc", "bkl"]}
ARMS = ("original", "segmented")


def make_run(root, folds, seeds=("seed1", "seed2")):
    """What the rules before hand over: tables of predictions, networks as ONNX."""
    draw = np.random.default_rng(0)
    table = make_table(folds=len(folds))
    parts = [table.assign(arm=arm, seed=seed) for arm in ARMS for seed in seeds]
    write_csv(root / "predictions.csv", pd.concat(parts))
    photographs = table.drop_duplicates("image_id").reset_index(drop=True)
    images = photographs[["image_id", "group", "label"]].assign(
        dx=photographs["label"].map(lambda label: DIAGNOSES[label][0]),
        age=draw.choice([30.0, 50.0, 70.0], len(photographs)),
        sex=draw.choice(["female", "male"], len(photographs)),
        localization="unknown",
    )
    write_csv(root / "images.csv", images)
    split = table[["image_id", "group", "label", "fold", "set"]]
    shown = split[split["fold"] == folds[0]].assign(set="train")
    write_csv(
        root / "split.csv", pd.concat([split, shown]).assign(task="classification")
    )
    names = ("sharpness", "glare", "lesion_share", "distance")
    scores = split[split["fold"] == folds[0]].copy()
    scores[list(names)] = draw.random((len(scores), 4))
    write_csv(root / "likeness.csv", scores)
    counts = {part: dict.fromkeys(CLASSES, 20) for part in ("train", "valid", "test")}
    write_json(
        root / "split_audit.json",
        {
            "protocol": "kfold" if len(folds) > 1 else "grouped",
            "sources": [],
            "leaks": False,
            "lesion_ids_known": True,
            "without_lesion_id": 0,
            "n_images": len(images),
            "counts": {fold: {"classification": counts} for fold in folds},
            "leakage": {},
        },
    )
    return root


def calibrate(root, **options):
    paths = {
        name: root / f"{name}.csv"
        for name in ("predictions", "images", "split", "likeness")
    }
    paths["calibration"] = root / "calibration.json"
    wanted = {
        "arms": list(ARMS),
        "classes": CLASSES,
        "positive_class": "MEL",
        "sampling": "natural",
        "class_weights": False,
        "sensitivity": [0.95, 0.9],
        "prevalence": None,
        "false_alarms": 0.01,
        "confidence": 0.95,
        "code": "0" * 64,
        **options,
    }
    calibrate_arms.main(Paths(**paths), options=wanted)
    return json.loads((root / "calibration.json").read_text())


def build(root, repository, folds, seeds=("seed1", "seed2"), **options):
    """Build the bundle out of the networks of a made one."""
    made = make_bundle(root / "made", arms=ARMS, folds=folds, seeds=seeds)
    keys = [(arm, fold, seed) for arm in ARMS for fold in folds for seed in seeds]

    def place(part, name, source):
        target = root / part / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source is None:
            target.write_bytes(part.encode())
        else:
            shutil.copyfile(source, target)
        return target

    packed, small = root / "packed.npy", root / "maps.npy"
    np.save(packed, np.zeros((4, 32, 32, 3), np.uint8))
    np.save(small, np.zeros((4, 32, 48, 3), np.uint8))
    difference = {"from_network": 1e-7, "from_run": 2e-6}
    write_json(
        root / "export.json",
        {
            "n": 32,
            "segmenters": dict.fromkeys(folds, difference),
            "classifiers": {"/".join(key): difference for key in keys},
            "versions": {"onnxruntime": version("onnxruntime")},
        },
    )
    write_json(root / "threshold.json", {"threshold": 0.5})
    write_json(root / "scores.json", {"jaccard": {"mean": 0.812}})
    paths = Paths(
        manifest=root / "model" / "model.json",
        template=repository / TEMPLATE,
        calibration=root / "calibration.json",
        check=root / "export.json",
        split_audit=root / "split_audit.json",
        segmentation_scores=[root / "scores.json" for _ in folds],
        thresholds=[root / "threshold.json" for _ in folds],
        segmenter_pixels=small,
        segmenter_files=[
            place(fold, "segmenter.onnx", made / "segmenters" / f"{fold}.onnx")
            for fold in folds
        ],
        segmenters=[place(fold, "unet.weights.h5", None) for fold in folds],
        classifier_files=[
            place(
                "/".join(key),
                "classifier.onnx",
                made / f"classifiers/{'.'.join(key)}.onnx",
            )
            for key in keys
        ],
        classifiers=[place("/".join(key), "model.safetensors", None) for key in keys],
        pixels=[packed for _ in keys],
        features=made / "training/features.npy",
        colours=made / "training/colours.npy",
        cases=made / "training/cases.csv",
        thumbnails=made / "training/thumbnails.npy",
        version="0.1.0",
    )
    wanted = {
        "run": "made",
        "keys": keys,
        "folds": list(folds),
        "licence": "generated by LesionLab",
        "left_out": [],
        "source": "phantom",
        "segmenter": "unet",
        "classifier": "resnet50",
        "weights": "none",
        "classes": DIAGNOSES,
        "positive_class": "MEL",
        "code": "0" * 64,
        **options,
    }
    build_bundle.main(paths, options=wanted)
    return paths.manifest.parent


@pytest.fixture(scope="module")
def one_fold(tmp_path_factory, repository):
    root = make_run(tmp_path_factory.mktemp("one"), ["fold0"])
    calibrate(root)
    return root, build(root, repository, ["fold0"])


@pytest.fixture(scope="module")
def two_folds(tmp_path_factory, repository):
    root = make_run(tmp_path_factory.mktemp("two"), ["fold0", "fold1"])
    calibrate(root)
    options = {"source": "folder", "licence": None, "left_out": ["crop", "background"]}
    return root, build(root, repository, ["fold0", "fold1"], **options)


def card_of(folder):
    return (folder / "README.md").read_text()


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize("made", ["one_fold", "two_folds"])
def test_what_is_built_predicts(made, request):
    folder = request.getfixturevalue(made)[1]
    bundle = load_bundle(folder)
    assert {
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
    } == {
        *bundle.facts["files"],
        "model.json",
    }
    [opinion] = judge(load_networks(bundle, threads=1), [draw_photograph(3)])
    for p in opinion.probabilities.values():
        assert p.sum() == pytest.approx(1)
    members = bundle.facts["arms"]["original"]["members"]
    assert len(members) == (2 if made == "one_fold" else 4)
    assert bundle.facts["export"]["classifiers"]["original/fold0/seed2"]
    for member in members:
        weights = (folder / member["file"]).with_name("model.safetensors")
        assert weights.relative_to(folder).as_posix() in bundle.facts["files"]


def test_the_lines_of_the_documentation_predict_the_same(
    one_fold, tmp_path, repository, monkeypatch, capsys
):
    (tmp_path / "results/demo").mkdir(parents=True)
    (tmp_path / "results/demo/model").symlink_to(one_fold[1])
    photograph = draw_photograph(5)
    cv2.imwrite(str(tmp_path / "photograph.jpg"), photograph[..., ::-1])
    shown = cv2.imread(str(tmp_path / "photograph.jpg"))[..., ::-1]
    page = (repository / "docs/model.md").read_text()
    lines = page.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    found = {}
    exec(lines, found)
    assert "'MEL': " in capsys.readouterr().out
    networks = load_networks(load_bundle(one_fold[1]), threads=1)
    [opinion] = judge(networks, [np.ascontiguousarray(shown)])
    p = found["p"] / found["p"].sum()
    assert p == pytest.approx(opinion.probabilities["original"], abs=1e-6)


def test_the_card_says_what_a_phantom_does_not(one_fold):
    card = words(card_of(one_fold[1]))
    assert "**Research only, not a medical device.**" in card
    assert "say nothing about skin" in card
    assert "| MEL (positive) | mel | 20 | 20 | 20 |" in card
    assert "mean Jaccard index on test 0.812" in card
    assert "The mean of an arm's seeds was scored" in card
    assert "Photographs of training: generated by LesionLab." in card
    assert "Left out" not in card
    assert (
        "Not tested, since the data do not tell it: skin type, body site and source."
        in card
    )
    assert "1e-07 from the network itself" in card


def test_the_card_says_that_members_of_folds_were_scored(two_folds):
    card = words(card_of(two_folds[1]))
    assert "So the members of a fold were scored, and not the mean over folds" in card
    assert "Left out: crop and background." in card
    assert "say nothing about skin" not in card
    assert "none of them is in this folder" in card
    assert "mean Jaccard index on test 0.812 and 0.812" in card


def test_the_card_prints_what_the_manifest_holds(one_fold):
    _, folder = one_fold
    bundle, card = load_bundle(folder), card_of(folder)
    for name, digest in bundle.facts["files"].items():
        if name != "README.md":
            assert f"| `{name}` | `{digest}` |" in card
    for arm, about in bundle.facts["arms"].items():
        for point in about["operating_points"]:
            low, high = point["sensitivity"]["low"], point["sensitivity"]["high"]
            shown = f"{point['sensitivity']['value']:.3f} ({low:.3f} to {high:.3f})"
            assert (
                f"| {arm} | {point['wanted']:g} | {point['threshold']:.4g} | {shown} |"
                in card
            )
        assert f"| {arm} | {about['calibration']['temperature']:.2f} |" in card


def test_of_photographs_of_no_known_licence_none_is_shown_and_none_named(two_folds):
    bundle = load_bundle(two_folds[1])
    assert bundle.facts["training"]["thumbnails"] is None
    assert not (bundle.folder / "training/thumbnails.npy").exists()
    cases = read_csv(bundle.folder / bundle.facts["training"]["cases"])
    assert list(cases["image_id"][:2]) == ["case 1", "case 2"]
    assert set(cases["label"]) == set(CLASSES)


def test_a_second_build_is_the_same_and_leaves_what_is_not_its_own(
    one_fold, repository
):
    root, folder = one_fold
    first = sha256_file(folder / "model.json")
    (folder / "mine.txt").write_text("mine")
    (folder / "classifiers" / "old.onnx").write_bytes(b"of an older bundle")
    build(root, repository, ["fold0"])
    assert sha256_file(folder / "model.json") == first
    assert (folder / "mine.txt").read_text() == "mine"
    assert not (folder / "classifiers" / "old.onnx").exists()
    (folder / "mine.txt").unlink()


def test_a_split_that_leaks_says_so(one_fold, tmp_path, repository):
    root = shutil.copytree(one_fold[0], tmp_path / "run")
    audit = json.loads((root / "split_audit.json").read_text())
    leakage = {"fold0": {"classification": {"all": 0.61, "MEL": 0.74}}}
    audit |= {"protocol": "image", "leaks": True, "leakage": leakage}
    write_json(root / "split_audit.json", audit)
    card = words(card_of(build(root, repository, ["fold0"])))
    assert "**This split leaks.** 61% of the classifier's test" in card
    assert "by photographs, so that a lesion may be in two sets: it leaks" in card


def test_without_an_operating_point_the_card_says_why(one_fold, tmp_path, repository):
    root = shutil.copytree(one_fold[0], tmp_path / "run")
    table = read_csv(root / "predictions.csv")
    table = table[(table["set"] == "test") | (table["label"] != "MEL")]
    write_csv(root / "predictions.csv", table)
    arms = calibrate(root)["arms"]
    assert arms["original"]["operating_points"] == arms["original"]["subgroups"] == []
    card = words(card_of(build(root, repository, ["fold0"])))
    assert "None could be chosen: a validation set holds no photograph of MEL." in card


def test_a_prevalence_of_the_config_is_what_probabilities_hold_for(
    one_fold, tmp_path, repository
):
    root = shutil.copytree(one_fold[0], tmp_path / "run")
    shares = {"MEL": 0.02, "NV": 0.9, "Other_SC": 0.08}
    calibration = calibrate(root, prevalence=shares)["arms"]["original"]["calibration"]
    assert calibration["prevalence"] == [0.02, 0.9, 0.08]
    card = words(card_of(build(root, repository, ["fold0"])))
    assert "MEL 0.020, NV 0.900, Other_SC 0.080 (`application.prevalence`)" in card


def test_the_seeds_of_a_fold_are_averaged_before_they_are_judged(tmp_path):
    root = make_run(tmp_path, ["fold0"], seeds=("seed1",))
    alone = calibrate(root)
    table = read_csv(root / "predictions.csv")
    columns = [f"prob_{name}" for name in CLASSES]
    up, down = table.assign(seed="seed1"), table.assign(seed="seed2")
    change = np.minimum(table[columns].min(axis=1), 0.01).to_numpy()
    up[columns[0]] += change
    up[columns[1]] -= change
    down[columns[0]] -= change
    down[columns[1]] += change
    write_csv(root / "predictions.csv", pd.concat([up, down]))
    both = calibrate(root)
    for arm in ARMS:
        one, mean = (it["arms"][arm]["operating_points"][0] for it in (alone, both))
        assert mean["threshold"] == pytest.approx(one["threshold"], rel=1e-3)
        assert mean["sent"] == one["sent"]


def test_sampling_and_weights_decide_what_training_saw(one_fold, tmp_path):
    root = shutil.copytree(one_fold[0], tmp_path / "run")
    natural = calibrate(root)["arms"]["original"]["calibration"]["trained"]
    even = calibrate(root, sampling="balanced")["arms"]["original"]["calibration"]
    assert even["trained"] == pytest.approx([1 / 3] * 3)
    assert natural != pytest.approx([1 / 3] * 3, abs=0.05)


def test_false_alarms_are_counted_on_test_by_limits_of_validation(one_fold):
    likeness = load_bundle(one_fold[1]).facts["likeness"]
    scores = read_csv(one_fold[0] / "likeness.csv")
    test = scores[scores["set"] == "test"]
    below = (test["sharpness"] < likeness["limits"]["sharpness"]).mean()
    assert likeness["false_alarms"]["blurred"] == pytest.approx(below)
    assert likeness["n"]["test"] == len(test)
    assert likeness["share"] == 0.01
