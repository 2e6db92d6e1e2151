"""The whole workflow at its smallest: every promised file, and honest errors."""

import json
import re
import shutil

import numpy as np
import pytest
import yaml

from lesionlab.files import read_csv, sha256_file
from workflow.runner import TINY, dry_run, overlay, run_workflow, stale_rules

pytestmark = pytest.mark.workflow

COLUMNS = {
    "data/images.csv": "image_id lesion_id group dx label dx_type age sex localization "
    "image mask width height sha256 pixels_sha256 mask_fraction",
    "data/index.csv": "image_id lesion_id group dx label dx_type age sex localization "
    "image mask width height sha256 pixels_sha256 mask_fraction",
    "data/matches.csv": "image_a image_b lesion_a lesion_b label_a label_b inliers "
    "zoom turn overlap correlation published decision",
    "data/quarantine.csv": "image_id file reason",
    "split/split.csv": "image_id group label fold task set",
    "fold0/segmentation/history.csv": "epoch loss accuracy val_loss val_accuracy "
    "val_jaccard val_threshold phase",
    "fold0/segmentation/threshold.csv": "threshold jaccard",
    "fold0/segmentation/scores.csv": "image_id group label jaccard dice pixel_accuracy "
    "sensitivity specificity",
    "fold0/segmentation/mask_scores.csv": "image_id group label set jaccard in_sample",
    "fold0/segmentation/masks/manifest.csv": "image_id file sha256",
    "fold0/images/segmented/manifest.csv": "image_id file sha256",
    "fold0/packed/segmented.csv": "image_id",
    "data/packed/original.csv": "image_id",
    "fold0/classification/original/seed1/history.csv": "epoch loss accuracy val_loss "
    "val_accuracy",
    "fold0/classification/original/seed1/predictions.csv": "image_id group label set "
    "prob_MEL prob_NV prob_Other_SC",
    "comparison/pairs.csv": "a b metric difference low high lesions_low lesions_high "
    "p_value p_holm trainings",
    "comparison/trainings.csv": "arm fold seed auc average_precision sensitivity "
    "specificity matched_sensitivity accuracy balanced_accuracy log_loss brier",
    "comparison/by_mask.csv": "jaccard arm n n_positive sensitivity accuracy "
    "probability",
}


@pytest.fixture(scope="module")
def run(finished):
    return finished / "results" / "tiny"


@pytest.mark.parametrize("name", COLUMNS)
def test_every_table_has_the_columns_of_the_contract(run, name):
    header = (run / name).read_text().splitlines()[0]
    assert header == ",".join(COLUMNS[name].split())


def all_json(run):
    return [p for p in run.rglob("*.json") if ".snakemake" not in p.parts]


def test_every_scores_file_is_strict_and_says_where_it_comes_from(run):
    def refuse(name):
        raise AssertionError(name)

    for path in all_json(run):
        content = json.loads(path.read_text(), parse_constant=refuse)
        keys = re.findall(r'"([^"]+)": ', path.read_text())
        assert keys
        if path.name in {"scores.json", "comparison.json", "audit.json"}:
            assert content["n"] > 0, path
            assert re.fullmatch("[0-9a-f]{64}", content["code"]), path
            assert content["versions"], path


def test_segmentation_scores_agree_with_their_table(run):
    scores = json.loads((run / "fold0/segmentation/scores.json").read_text())
    table = read_csv(run / "fold0/segmentation/scores.csv")
    jaccard = table["jaccard"]
    assert scores["n"] == len(table) == 12
    assert scores["jaccard"]["mean"] == pytest.approx(jaccard.mean(), abs=1e-5)
    assert scores["jaccard"]["median"] == pytest.approx(jaccard.median(), abs=1e-5)
    assert scores["failure_rate"] == pytest.approx((jaccard < 0.65).mean())
    thresholded = jaccard.where(jaccard >= 0.65, 0).mean()
    assert scores["thresholded_jaccard"] == pytest.approx(thresholded, abs=1e-5)
    wanted = {"dice", "pixel_accuracy", "network_size", "sensitivity", "specificity"}
    assert wanted | {"empty_predictions", "per_class", "threshold"} <= scores.keys()


def test_the_threshold_is_the_best_of_its_curve(run):
    chosen = json.loads((run / "fold0/segmentation/threshold.json").read_text())
    curve = read_csv(run / "fold0/segmentation/threshold.csv")
    best = curve.loc[curve["jaccard"].idxmax()]
    assert chosen["threshold"] == pytest.approx(best["threshold"])
    assert len(curve) > 40


def test_choices_see_the_validation_set_alone(run):
    """The sizes of the sets differ, so that a mistaken one would be seen."""
    count = read_csv(run / "split/split.csv").groupby(["task", "set"]).size()
    assert count["segmentation", "valid"] != count["segmentation", "test"]
    assert count["classification", "valid"] != count["classification", "test"]
    unet = run / "fold0/segmentation"
    chosen = json.loads((unet / "threshold.json").read_text())
    assert chosen["n"] == count["segmentation", "valid"]
    trainings = [(unet, "segmentation", "val_jaccard", -1)]
    for arm in ("original", "segmented"):
        folder = run / "fold0/classification" / arm / "seed1"
        trainings.append((folder, "classification", "val_loss", 1))
    for folder, task, column, sign in trainings:
        training = json.loads((folder / "training.json").read_text())
        history = read_csv(folder / "history.csv")
        assert training["n"] == count[task, "train"]
        assert training["n_valid"] == count[task, "valid"]
        best = history.loc[(sign * history[column]).idxmin(), "epoch"]
        assert training["kept_epoch"] == best


def test_pictures_are_as_their_manifest_says(run):
    for folder in ("fold0/segmentation/masks", "fold0/images/segmented"):
        manifest = read_csv(run / folder / "manifest.csv")
        names = {path.name for path in (run / folder).glob("*.png")}
        assert names == set(manifest["file"])
        for file, digest in zip(manifest["file"], manifest["sha256"], strict=True):
            assert sha256_file(run / folder / file) == digest


def test_masks_and_segmented_pictures_have_the_photographs_own_size(run):
    import cv2

    images = read_csv(run / "data/images.csv").set_index("image_id")
    masks = run / "fold0/segmentation/masks"
    for path in sorted((run / "fold0/images/segmented").glob("*.png"))[:10]:
        shown, mask = cv2.imread(str(path)), cv2.imread(str(masks / path.name), 0)
        row = images.loc[path.stem]
        assert shown.shape == (row["height"], row["width"], 3)
        assert set(np.unique(mask)) <= {0, 255}
        assert not shown[mask == 0].any()


def test_arms_share_images_labels_and_order(run):
    tables = [
        read_csv(run / f"fold0/classification/{arm}/seed1/predictions.csv")
        for arm in ("original", "segmented")
    ]
    for column in ("image_id", "group", "label", "set"):
        assert tables[0][column].equals(tables[1][column])
    p = tables[0].filter(like="prob_")
    assert p.sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    assert tables[0]["set"].value_counts().to_dict() == {"test": 40, "valid": 24}


def test_class_scores_agree_with_the_predictions(run):
    folder = run / "fold0/classification/segmented/seed1"
    scores = json.loads((folder / "scores.json").read_text())
    table = read_csv(folder / "predictions.csv").query("set == 'test'")
    decision = table.filter(like="prob_").idxmax(axis=1).str.removeprefix("prob_")
    accuracy = (decision == table["label"]).mean()
    assert scores["n"] == 40
    assert scores["accuracy"]["value"] == pytest.approx(accuracy)
    assert scores["n_groups"] == table["group"].nunique()
    assert sum(map(sum, scores["confusion_matrix"])) == 40
    assert scores["per_class"]["MEL"].keys() == {"precision", "recall", "f1", "support"}
    for metric in ("balanced_accuracy", "auc", "average_precision"):
        assert scores[metric].keys() == {"value", "low", "high"}


def test_no_two_lesions_of_the_phantom_are_merged(run):
    images = read_csv(run / "data/images.csv")
    assert images["group"].equals(images["lesion_id"])
    audit = json.loads((run / "data/audit.json").read_text())
    assert audit["n_groups"] == audit["n_lesions"] == 90
    assert audit["matches"]["merged_lesions"] == []
    assert (run / "figures/matches.png").stat().st_size < 2_000_000


def test_no_group_is_on_two_sides(run):
    split = read_csv(run / "split/split.csv")
    for _, part in split.groupby(["fold", "task"]):
        assert part.groupby("group")["set"].nunique().max() == 1
    audit = json.loads((run / "split/audit.json").read_text())
    assert not audit["leaks"]


def test_each_job_leaves_a_log_and_a_benchmark(run):
    logs = {p.name for p in (run / "logs").iterdir()}
    assert logs == {p.name for p in (run / "benchmarks").iterdir()}
    assert {"train_unet", "train_classifier", "write_report"} <= logs
    text = (run / "logs/train_classifier/fold0.original.seed1.log").read_text()
    assert len(re.findall(r"epoch 1 loss \d\.\d+ ", text)) == 1


def test_the_effective_config_stands_beside_the_results(run, repository):
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["run"] == "tiny"
    default = yaml.safe_load((repository / "config.yaml").read_text())
    assert config.keys() == default.keys()


@pytest.mark.parametrize(
    ("variant", "beside", "why"),
    [
        ("null", None, r"w\.pth: v1 or v1\.5\? name it"),
        ("null", '{"source": "here"}', r"w\.pth: v1 or v1\.5\? name it"),
        ("v1", '{"variant": "v1.5"}', r"weights_variant: v1, but .*w\.json says v1\.5"),
        ("v1", "not JSON", r"w\.json: no readable JSON object"),
        ("v1", None, r"classification\.weights: .*w\.pth: empty; download the weights"),
    ],
)
def test_doubtful_weights_are_refused_before_anything_runs(
    finished, tmp_path, variant, beside, why
):
    (tmp_path / "w.pth").touch()
    if beside:
        (tmp_path / "w.json").write_text(beside)
    mine = tmp_path / "mine.yaml"
    weights = f"weights: {tmp_path}/w.pth, weights_variant: {variant}"
    mine.write_text(f"classification: {{{weights}}}\n")
    done = run_workflow(finished, "-n", configs=(TINY, mine), check=False)
    assert done.returncode != 0
    assert re.search(f"^config: .*{why}", done.stdout, re.MULTILINE), done.stdout


def test_history_has_no_clock_and_a_second_run_gives_equal_bytes(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy", symlinks=True)
    files = ["fold0/segmentation/history.csv", "fold0/segmentation/scores.json"]
    arms = ("original", "segmented")
    files += [f"fold0/classification/{arm}/seed1/history.csv" for arm in arms]
    files += [f"fold0/classification/{arm}/seed1/predictions.csv" for arm in arms]
    files += ["comparison/comparison.json"]
    targets = ("comparison", f"results/tiny/{files[1]}")
    run_workflow(copy, *targets, "--forcerun", "train_unet", "train_classifier")
    for file in files:
        first, second = (f / "results" / "tiny" / file for f in (finished, copy))
        assert first.read_bytes() == second.read_bytes(), file


def test_target_rules_stop_early(finished):
    for target, last in (
        ("segmentation", "segment_images"),
        ("classification", "score_classes"),
        ("comparison", "write_headline"),
    ):
        rules = stale_rules(dry_run(finished, target, "--forceall"))
        assert last in rules
        assert "write_report" not in rules


ONE_LINE = [
    ({"segmentation": {"epoch": 3}}, r"segmentation\.epoch: unknown key; did you mean"),
    (
        {"classification": {"arms": ["original", "segmentd"]}},
        r"classification\.arms: 'segmentd' is no arm; did you mean segmented\?",
    ),
    (
        {"classification": {"weights": "resnet50.pth"}},
        r"classification\.weights: resnet50\.pth: no such file",
    ),
    ({"dataset": {"source": "folder"}}, r"dataset\.path is null and HAM10000_DIR"),
    (
        {"dataset": {"source": "folder", "path": "/nowhere"}},
        r"/nowhere: no such data folder; expected images/",
    ),
]


@pytest.mark.parametrize(("change", "line"), ONE_LINE)
def test_a_bad_config_is_one_line(finished, tmp_path, change, line):
    path = overlay(tmp_path / "bad.yaml", change)
    done = run_workflow(
        finished, "-n", configs=(TINY, path), check=False, HAM10000_DIR=""
    )
    assert done.returncode != 0
    assert re.search(line, done.stdout)
    assert "Traceback" not in done.stdout
    assert len([text for text in done.stdout.splitlines() if text.strip()]) <= 3


def test_sizes_that_cannot_be_met_stop_with_what_is_there(finished, tmp_path):
    change = {
        "run": "large",
        "split": {"classification": {"test": {"MEL": 900, "NV": 9, "Other_SC": 9}}},
    }
    copy = shutil.copytree(finished, tmp_path / "copy", symlinks=True)
    path = overlay(tmp_path / "large.yaml", change)
    done = run_workflow(copy, configs=(TINY, path), check=False)
    assert done.returncode != 0
    assert "split_dataset: split.classification.test: 900 MEL wanted" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (copy / "results/large/split/split.csv").exists()
    assert "run the same command again" in done.stdout


def test_the_tiny_training_learns(run):
    history = read_csv(run / "fold0/segmentation/history.csv")
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
