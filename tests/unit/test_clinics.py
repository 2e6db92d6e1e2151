"""A source of photographs held out as the test set."""

import pandas as pd
import pytest

from lesionlab.data.split import make_split
from lesionlab.errors import LabError
from unit.test_split import CLASSES, TABLE

FEW = {
    "classification": {"train": dict.fromkeys(CLASSES, 12), "valid": 20},
    "segmentation": {"train": 30, "valid": 15, "test": 15},
}


def with_sources(table=TABLE, *, unknown=0):
    """Lesions of three sources, one of them without melanoma; some of none."""
    number = pd.factorize(table["group"])[0]
    names = pd.Series(number % 3, index=table.index).map(
        {0: "vienna", 1: "queensland", 2: "molemax"}
    )
    names = names.where((names != "molemax") | (table["label"] != "MEL"), "queensland")
    names[:unknown] = None
    return table.assign(dataset=names)


def split_by_source(table, *sources):
    return make_split(
        table, protocol="source", seed=1, folds=1, sizes=FEW, sources=sources
    )


def test_a_source_is_tested_whole_and_trained_on_by_no_network():
    table = with_sources(unknown=9)
    # a lesion that two clinics photographed is in no training set
    lesion = table.loc[table["group"].duplicated(), "group"].iloc[-1]
    first = table.index[table["group"] == lesion][0]
    table.loc[table["group"] == lesion, "dataset"] = "vienna"
    table.loc[first, "dataset"] = "queensland"
    split = split_by_source(table, "queensland", "molemax")
    source = split["image_id"].map(table.set_index("image_id")["dataset"])
    tested = (split["task"] == "classification") & (split["set"] == "test")
    wanted = table.loc[table["dataset"].isin(["queensland", "molemax"]), "image_id"]
    assert set(split.loc[tested, "image_id"]) == set(wanted)
    assert set(source[~tested]) == {"vienna"}
    assert lesion not in set(split.loc[~tested, "group"])
    assert not set(table["image_id"][:9]) & set(split["image_id"])


@pytest.mark.parametrize(
    ("table", "source", "message"),
    [
        (TABLE, "vienna", "images.csv has no column dataset; the metadata of"),
        (with_sources(), "wien", "'wien' is no source; one of molemax, queensland, v"),
        (with_sources(), "molemax", "molemax: no photograph of class MEL; hold out"),
    ],
)
def test_a_source_that_cannot_be_tested_is_refused(table, source, message):
    with pytest.raises(LabError, match=message):
        split_by_source(table, source)


def test_sources_may_be_numbers():
    table = with_sources()
    numbers = table["dataset"].map({"vienna": 1, "queensland": 2, "molemax": 3})
    split = split_by_source(table.assign(dataset=numbers), 2, "3")
    expected = split_by_source(table, "queensland", "molemax")
    pd.testing.assert_frame_equal(split, expected)
    with pytest.raises(LabError, match="'4' is no source; one of 1, 2, 3"):
        split_by_source(table.assign(dataset=numbers), 4)
