"""Every draw has a stream of its own: no two keys of a run meet, padded or not."""

import ast
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lesionlab import randomness
from lesionlab.files import write_csv
from lesionlab.randomness import derive_seed, generator
from lesionlab.segmentation.backend import start_backend

CLASSES = ["MEL", "NV", "Other_SC"]


def first(*key):
    return generator(*key).integers(2**63, size=4).tolist()


def test_equal_keys_give_equal_streams_and_others_do_not():
    keys = [
        ("a",), ("a", 0), ("a", 0, 0), ("a", "0"), ("a", 1), ("a", 10), ("a", 1, 0),
        ("a", "1", 0), ("a", "1,0"), ("a1", 0), ("b", 0), ("a", ""), ("a", -1),
    ]  # fmt: skip
    assert all(first(*key) == first(*key) for key in keys)
    assert len({tuple(first(*key)) for key in keys}) == len(keys)
    assert len({derive_seed(*key) for key in keys}) == len(keys)
    assert all(0 <= derive_seed("a", number) < 2**32 for number in range(1000))


def test_numpy_pads_keys_with_zeros_and_this_module_does_not():
    padded, plain = (np.random.default_rng(key) for key in ([7, 3, 0], [7, 3]))
    assert padded.random() == plain.random()
    assert first("a", 7, 3, 0) != first("a", 7, 3)


@pytest.mark.parametrize("part", [1.0, None, True, np.float64(1), (1, 2)])
def test_a_part_of_a_key_is_a_whole_number_or_a_text(part):
    with pytest.raises(TypeError, match="is no key"):
        generator("a", part)


def test_purposes_are_distinct():
    names = [name for name in vars(randomness) if name.isupper()]
    assert len({getattr(randomness, name) for name in names}) == len(names) > 10


def test_no_other_module_makes_a_generator_of_its_own(repository):
    """A seed is only handed over where a library draws on its own, from a key."""
    scripts = repository / "workflow" / "scripts"
    found = set()
    for path in scripts.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(node, "attr", getattr(node, "id", None))
            if name in ("default_rng", "SeedSequence", "RandomState", "manual_seed"):
                found.add((path.name, name))
            numpys = isinstance(node, ast.Attribute) and ast.unparse(node.value)
            if numpys == "np.random" and name != "Generator":
                found.add((path.name, name))
    assert found == {("randomness.py", "default_rng"), ("network.py", "manual_seed")}


@pytest.fixture
def drawn(monkeypatch):
    """The keys of all draws from here on, with the words that numpy would be given."""
    keys = []
    digest = randomness._digest

    def record(purpose, key):
        keys.append((purpose, *key))
        return digest(purpose, key)

    monkeypatch.setattr(randomness, "_digest", record)
    return keys


def assert_no_two_meet(keys):
    """Compare what numpy's SeedSequence makes of the keys, without trailing zeros."""
    words = []
    for purpose, *key in keys:
        seed = generator(purpose, *key).bit_generator.seed_seq
        whole = np.array(
            [seed.entropy >> shift & 0xFFFFFFFF for shift in range(0, 256, 32)]
        )
        words.append(tuple(np.trim_zeros(whole, "b")))
        assert len(words[-1]) > 4
    assert len(set(words)) == len(keys)
    assert len({tuple(generator(*key).random(2)) for key in keys}) == len(keys)


def test_phantom_split_and_bootstrap_draw_from_keys_that_do_not_meet(drawn, tmp_path):
    import make_phantom
    from lesionlab.comparison.trainings import read_folds, score_folds
    from lesionlab.data.split import make_split
    from unit.test_comparison import make_tidy

    options = {
        "lesions": 24, "width": 64, "height": 64, "seed": 1, "signal": "lesion",
        "strength": 1.0, "workers": 1,
    }  # fmt: skip
    paths = SimpleNamespace(root=tmp_path / "data", manifest=tmp_path / "data.csv")
    make_phantom.main(paths, options=options)
    lesions = {key for key in drawn if key[0] == randomness.PHANTOM_LESION}
    views = [key for key in drawn if key[0] == randomness.PHANTOM_PHOTOGRAPH]
    assert len(lesions) == 24 < len(views) == len(set(views))

    groups = [f"g{number // 2}" for number in range(120)]
    table = pd.DataFrame({"group": groups})
    table["image_id"] = [f"i{number}" for number in range(120)]
    table["label"] = [CLASSES[number // 2 % 3] for number in range(120)]
    sizes = {
        "classification": {"train": dict.fromkeys(CLASSES, 4), "valid": 12},
        "segmentation": {"train": 6, "valid": 6, "test": 6},
    }
    start = len(drawn)
    make_split(table, protocol="kfold", seed=1, folds=2, sizes=sizes)
    folds = read_folds(
        make_tidy({"original": 1.0}, folds=2, count=60),
        classes=CLASSES,
        positive="MEL",
        specificity=0.9,
    )
    score_folds(folds, replicates=3, seed=1)
    later = drawn[start:]
    assert len(later) == len(set(later)) > 2 * 4 * 3
    assert_no_two_meet(list(lesions) + views + later)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Pictures, masks and a split of two folds as the trainings read them."""
    folder = tmp_path_factory.mktemp("packed")
    draw = np.random.default_rng(0)
    np.save(folder / "pixels.npy", draw.integers(0, 256, (24, 32, 32, 3), np.uint8))
    masks = draw.integers(0, 2, (24, 32, 32), np.uint8) * np.uint8(255)
    np.save(folder / "masks.npy", masks)
    names = [f"i{number}" for number in range(24)]
    write_csv(folder / "pixels.csv", pd.DataFrame({"image_id": names}))
    rows = [
        {"image_id": name, "label": CLASSES[number % 3], "fold": fold, "task": task,
         "set": "train" if number < 16 else "valid"}
        for fold in ("fold0", "fold1")
        for task in ("classification", "segmentation")
        for number, name in enumerate(names)
    ]  # fmt: skip
    write_csv(folder / "split.csv", pd.DataFrame(rows))
    return folder


def job_paths(packed, folder):
    outputs = {
        name: folder / name for name in ("state", "history", "training", "model")
    }
    return SimpleNamespace(
        pixels=packed / "pixels.npy",
        masks=packed / "masks.npy",
        index=packed / "pixels.csv",
        split=packed / "split.csv",
        weights=folder / "unet.weights.h5",
        **outputs,
    )


TRAININGS = [(1, "fold0"), (1, "fold1"), (2, "fold0")]
UNET = {
    "backend": "tensorflow", "threads": 1, "height": 32, "width": 32, "dropout": 0.3,
    "loss": "bce", "batch_size": 8, "epochs": 1, "learning_rate": 0.001,
    "dropout_free_epochs": 1, "dropout_free_learning_rate": 0.001, "shuffle": True,
    "flips": True, "jitter": 0.1, "crop": 0.2, "keep": "last", "code": "",
}  # fmt: skip
CLASSIFIER = {
    "model": "resnet50", "size": 32, "threads": 1,
    "batch_size": 8, "epochs": 1, "patience": 50, "learning_rate": 0.001,
    "momentum": 0.9, "weight_decay": 0.0, "schedule": "constant", "classes": CLASSES,
    "warmup": 0, "ema": 0.0, "sampling": "natural", "class_weights": False,
    "label_smoothing": 0.0, "focal": 0.0, "mixup": 0.0,
    "augmentation": {"flips": True, "rotations": True, "jitter": 0.1, "crop": 0.2},
    "code": "",
}  # fmt: skip


def keys_of_trainings(main, options, varied, packed, folder, drawn):
    """Train once for each of `varied` and list the keys that each training draws."""
    keys = []
    for number, changes in enumerate(varied):
        start = len(drawn)
        paths = job_paths(packed, folder / str(number))
        paths.state.parent.mkdir()
        if "arm" in changes:
            del paths.weights
        main(paths, options={**options, **changes})
        keys.append(drawn[start:])
    return keys


# Keras hands its variables to numpy in the old way when it writes weights
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_unets_of_other_seeds_and_folds_share_no_draw(
    drawn, packed, tmp_path, monkeypatch
):
    start_backend("tensorflow", threads=1)
    import keras

    import train_unet
    from lesionlab.segmentation import training

    # what is drawn does not hang on what is computed, and tracing a step takes seconds
    figures = {"loss": 1.0, "accuracy": 0.5}
    monkeypatch.setattr(keras.Model, "train_on_batch", lambda *_, **__: figures)
    monkeypatch.setattr(
        training,
        "predict_probability",
        lambda _, pixels, **__: np.zeros(pixels.shape[:3], np.float32),
    )
    varied = [{"seed": s, "fold": f} for s, f in TRAININGS]
    keys = keys_of_trainings(train_unet.main, UNET, varied, packed, tmp_path, drawn)
    # one stream an epoch serves its batches, which take their rows of it
    own = [key for training in keys for key in dict.fromkeys(training)]
    purposes = {key[0] for key in own}
    unets = {v for name, v in vars(randomness).items() if name.startswith("UNET_")}
    assert purposes == unets - {randomness.UNET_NETWORK}  # of segmenters on torch
    assert_no_two_meet(own)


def test_classifiers_share_draws_between_arms_and_not_between_folds(
    drawn, packed, tmp_path, monkeypatch
):
    from torchvision.models import resnet18

    import train_classifier
    from lesionlab.classification import network

    monkeypatch.setattr(
        network, "resnet50", resnet18
    )  # a smaller one, of the same names
    varied = [
        {"seed": seed, "fold": fold, "arm": arm}
        for arm in ("original", "segmented")
        for seed, fold in TRAININGS
    ]
    keys = keys_of_trainings(
        train_classifier.main, CLASSIFIER, varied, packed, tmp_path, drawn
    )
    assert keys[:3] == keys[3:]
    # one stream an epoch serves its batches, which take their rows of it
    own = [key for training in keys[:3] for key in dict.fromkeys(training)]
    purposes = {key[0] for key in own}
    names = [name for name in vars(randomness) if name.startswith("CLASSIFIER_")]
    assert purposes == {getattr(randomness, name) for name in names}
    assert_no_two_meet(own)


def test_rows_of_an_epoch_share_no_augmentation():
    from lesionlab.classification.transforms import draw_augmentation

    options = {"flips": False, "rotations": False, "jitter": 0.3, "crop": 0.4}
    draws = [
        draw_augmentation(
            np.arange(500), seed=seed, fold=fold, epoch=epoch, options=options
        )[:, 3:]
        for seed in (1, 2)
        for fold in ("fold0", "fold1")
        for epoch in (1, 2)
    ]
    assert len(np.unique(np.concatenate(draws).ravel())) == 8 * 500 * 5
