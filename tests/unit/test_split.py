"""The split: exact sizes, whole lesions, no group on two sides."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionlab.data.leakage import count_sets, in_sample_share, leakage_by_class
from lesionlab.data.presence import check_sets
from lesionlab.data.split import _pick_exactly, make_split
from lesionlab.errors import LabError

CLASSES = ("MEL", "NV", "Other_SC")
SIZES = {
    "classification": {
        "train": {"MEL": 40, "NV": 40, "Other_SC": 40},
        "valid": 50,
        "test": {"MEL": 9, "NV": 31, "Other_SC": 10},
    },
    "segmentation": {"train": 60, "valid": 30, "test": 30},
}


def make_table(lesions=320, seed=0):
    """Lesions of one to six photographs in natural proportion."""
    draw = pd.Series(range(lesions)).sample(frac=1, random_state=seed)
    rows = []
    for lesion in draw:
        label = CLASSES[0 if lesion % 5 == 0 else 2 if lesion % 5 == 1 else 1]
        rows += [(f"HAM_{lesion:04d}", label)] * (1 + (lesion * 7) % 11 % 3)
    table = pd.DataFrame(rows, columns=["group", "label"])
    return table.assign(image_id=[f"ISIC_{n:05d}" for n in range(len(table))])


TABLE = make_table()


def split_table(table=TABLE, *, protocol="grouped", seed=1, folds=1, sizes=SIZES):
    return make_split(table, protocol=protocol, seed=seed, folds=folds, sizes=sizes)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), protocol=st.sampled_from(["grouped", "kfold"]))
def test_no_group_stands_on_two_sides(seed, protocol):
    folds = 4 if protocol == "kfold" else 1
    split = split_table(protocol=protocol, seed=seed, folds=folds)
    for _, part in split.groupby(["fold", "task"]):
        assert part.groupby("group")["set"].nunique().max() == 1
    for _, part in split.groupby("fold"):
        held = part.query("task == 'classification' and set != 'train'")["group"]
        tuned = part.query("task == 'segmentation' and set != 'test'")["group"]
        assert not set(held) & set(tuned)
    for shares in leakage_by_class(split).values():
        assert all(by["all"] == 0 for by in shares.values())


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_sizes_are_exact(seed):
    counts = count_sets(split_table(seed=seed))["fold0"]
    assert counts["classification"]["train"] == SIZES["classification"]["train"]
    assert counts["classification"]["test"] == SIZES["classification"]["test"]
    assert sum(counts["classification"]["valid"].values()) == 50
    for name, total in SIZES["segmentation"].items():
        assert sum(counts["segmentation"][name].values()) == total


def test_a_seed_gives_one_split_whatever_the_order_of_rows():
    assert split_table().equals(split_table(TABLE.sample(frac=1, random_state=3)))
    assert not split_table().equals(split_table(seed=2))


def test_each_photograph_is_tested_once_in_k_folds():
    split = split_table(protocol="kfold", folds=4)
    test = split.query("task == 'classification' and set == 'test'")["image_id"]
    assert sorted(test) == sorted(TABLE["image_id"])


def test_an_image_split_leaks():
    split = split_table(protocol="image")
    assert leakage_by_class(split)["fold0"]["classification"]["all"] > 0


def test_all_takes_what_the_other_sets_leave():
    sizes = {**SIZES, "classification": {**SIZES["classification"], "train": "all"}}
    split = split_table(sizes=sizes).query("task == 'classification'")
    assert sorted(split["image_id"]) == sorted(TABLE["image_id"])


def test_stratified_totals_follow_the_natural_proportion():
    sizes = {**SIZES, "segmentation": {"train": 200, "valid": 30, "test": 30}}
    counts = count_sets(split_table(sizes=sizes))["fold0"]["segmentation"]["train"]
    share = TABLE["label"].value_counts(normalize=True)
    for label, number in counts.items():
        assert abs(number / 200 - share[label]) < 0.05


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ({"MEL": 5000}, "5000 MEL wanted, "),
        (5000, "5000 wanted, "),
        ("some", "give a total"),
    ],
)
def test_a_size_that_cannot_be_met_says_what_there_is(size, words):
    sizes = {**SIZES, "segmentation": {"train": size, "valid": 30, "test": 30}}
    with pytest.raises(LabError, match=words) as caught:
        split_table(sizes=sizes)
    assert str(caught.value).startswith("split.segmentation.train: ")


LEAK = {
    **SIZES,
    "classification": {**SIZES["classification"], "train": dict.fromkeys(CLASSES, 25)},
}
NATURAL = {
    "classification": {"train": "all", "valid": 30, "test": 30},
    "segmentation": {"train": 3, "valid": 2, "test": 2},
}
FOLDS = {**NATURAL, "classification": {"train": "all", "valid": 30}}
MELANOMA = TABLE["label"] == "MEL"


def few_melanomas(lesions):
    """The table with so many lesions of MEL."""
    names = TABLE.loc[MELANOMA, "group"].unique()[:lesions]
    return TABLE[~MELANOMA | TABLE["group"].isin(names)]


ABSENT = [
    (
        few_melanomas(0),
        {"sizes": NATURAL, "classes": CLASSES},
        "dataset.classes: MEL: no usable photograph (data/quarantine.csv lists "
        "what was refused); mend the data, or set dataset.classes.MEL to null",
    ),
    (
        few_melanomas(1),
        {"sizes": NATURAL},
        "split.classification.valid: valid of fold0 has no MEL; ask for more of it, or "
        "give counts per class",
    ),
    (
        few_melanomas(2),
        {"sizes": {**NATURAL, "classification": {**SIZES["classification"]}}},
        "split.classification.test: 9 MEL wanted, ",
    ),
    (
        TABLE,
        {
            "sizes": {
                **NATURAL,
                "classification": {
                    "train": "all",
                    "valid": {"MEL": int(MELANOMA.sum()) - 9, "NV": 9, "Other_SC": 9},
                    "test": {"MEL": 9, "NV": 9, "Other_SC": 9},
                },
            }
        },
        "split.classification.train: train of fold0 has no MEL; ask for less in the "
        "other sets",
    ),
    (
        few_melanomas(2),
        {"sizes": FOLDS, "protocol": "kfold", "folds": 5},
        "split.folds: 5, but MEL has 2 lesions, and each fold tests other ones; ask "
        "for fewer folds",
    ),
    (
        few_melanomas(0),
        {"sizes": FOLDS, "protocol": "kfold", "folds": 5, "classes": CLASSES},
        "dataset.classes: MEL: no usable photograph",
    ),
    (
        make_table(3),
        {"sizes": NATURAL},
        "split.classification.test: 30 wanted, 4 photographs left by the other sets; "
        "ask for less here or there",
    ),
    (
        few_melanomas(0),
        {"sizes": LEAK, "protocol": "leak", "classes": CLASSES},
        "dataset.classes: MEL: no usable photograph",
    ),
]


@pytest.mark.parametrize(("table", "options", "line"), ABSENT)
def test_too_few_lesions_or_none_of_a_class_is_one_line(table, options, line):
    with pytest.raises(LabError) as why:
        make_split(table, **{"protocol": "grouped", "seed": 1, "folds": 1, **options})
    assert str(why.value).startswith(line)
    assert "\n" not in str(why.value)


def test_a_fold_that_tests_none_of_a_class_is_named():
    split = split_table(protocol="kfold", folds=3, sizes=FOLDS)
    tested = split["set"].eq("test") & split["task"].eq("classification")
    first = tested & split["fold"].eq("fold1") & split["label"].eq("MEL")
    with pytest.raises(LabError, match=r"^split\.folds: test of fold1 has no MEL; ask"):
        check_sets(split[~first], CLASSES, protocol="kfold", sizes=FOLDS)


def test_a_class_of_which_0_are_asked_for_may_be_absent():
    sizes = {
        **NATURAL,
        "classification": {
            "train": "all",
            "valid": {"MEL": 0, "NV": 9, "Other_SC": 9},
            "test": {"MEL": 9, "NV": 9, "Other_SC": 0},
        },
    }
    counts = count_sets(split_table(sizes=sizes))["fold0"]["classification"]
    assert counts["valid"].get("MEL", 0) == counts["test"].get("Other_SC", 0) == 0


def test_a_group_of_two_labels_is_refused():
    table = TABLE.assign(group="HAM_0000")
    with pytest.raises(LabError, match="HAM_0000 has two labels"):
        split_table(table)


def test_a_subset_sum_is_found_where_taking_what_fits_fails():
    units = pd.Series({"a": 4, "b": 3, "c": 3})

    class Ordered:
        def permutation(self, count):
            return list(range(count))

    assert sorted(_pick_exactly(units, 6, Ordered())) == ["b", "c"]
    assert _pick_exactly(units, 5, Ordered()) is None


def test_in_sample_share_counts_photographs_that_both_networks_train_on():
    split = pd.DataFrame(
        {
            "image_id": ["a", "b", "a"],
            "group": ["a", "b", "a"],
            "label": ["MEL", "MEL", "MEL"],
            "fold": "fold0",
            "task": ["classification", "classification", "segmentation"],
            "set": "train",
        }
    )
    assert in_sample_share(split) == {"fold0": {"MEL": 0.5}}


def test_the_leak_is_measured_on_the_same_test_photographs():
    split = split_table(protocol="leak", sizes=LEAK)
    assert set(split["fold"]) == {"fold0", "fold1"}
    for name in ("test", "valid"):
        rows = split.query(f"task == 'classification' and set == '{name}'")
        first, second = (
            rows.loc[rows["fold"] == fold, "image_id"].sort_values().tolist()
            for fold in ("fold0", "fold1")
        )
        assert first == second
        assert len(first) == 50
    of_set = split.query("task == 'classification'").groupby("set")["group"]
    groups = {name: set(values) for name, values in of_set}
    assert not groups["test"] & groups["valid"]
    leakage = leakage_by_class(split)
    assert leakage["fold0"]["classification"]["all"] == 0
    assert leakage["fold1"]["classification"]["all"] > 0.1
    counts = count_sets(split)
    for fold in ("fold0", "fold1"):
        assert counts[fold]["classification"]["train"] == dict.fromkeys(CLASSES, 25)
    held_out = split.query(
        "fold == 'fold0' and task == 'classification' and set != 'train'"
    )["group"]
    others = split.query(
        "fold == 'fold0' and (task == 'segmentation' or set == 'train')"
    )["group"]
    assert not set(held_out) & set(others)
