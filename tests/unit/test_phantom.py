"""The embedded data set: seeded, in HAM10000's layout, with its signal where named."""

from types import SimpleNamespace

import numpy as np
import pytest

import make_phantom
from lesionlab.data.phantom import draw_lesion, draw_photograph
from lesionlab.data.table import build_table
from lesionlab.files import read_csv

OPTIONS = {
    "lesions": 40,
    "width": 96,
    "height": 72,
    "seed": 5,
    "signal": "lesion",
    "strength": 1.0,
}
CLASSES = {
    "MEL": ["mel"],
    "NV": ["nv"],
    "Other_SC": ["akiec", "bcc", "bkl", "df", "vasc"],
}


def make(root, *, workers=1, **changes):
    paths = SimpleNamespace(root=root, manifest=root.with_suffix(".csv"))
    make_phantom.main(paths, options={**OPTIONS, **changes, "workers": workers})
    return read_csv(paths.manifest)


def test_equal_seeds_give_equal_files_whatever_the_workers(tmp_path):
    first, second = make(tmp_path / "a"), make(tmp_path / "b", workers=2)
    assert first.equals(second)
    assert not first.equals(make(tmp_path / "c", seed=6))


def test_the_phantom_passes_the_examination_of_real_data(tmp_path):
    make(tmp_path / "data")
    images, quarantine = build_table(tmp_path / "data", classes=CLASSES, workers=1)
    assert quarantine.empty
    assert images["lesion_id"].nunique() == OPTIONS["lesions"]
    assert images["group"].value_counts().max() > 1
    assert images["mask_fraction"].between(0.01, 0.9).all()


def colours(signal):
    """Mean colour inside and outside of the mask of each lesion, and its class."""
    options = {**OPTIONS, "signal": signal}
    rows, dx = [], []
    for number in range(160):
        lesion = draw_lesion(number, options)
        photograph, mask = draw_photograph(lesion, 0, options)
        rows.append([photograph[mask].mean(0), photograph[~mask].mean(0)])
        dx.append(lesion.dx)
    return np.array(rows), np.array(dx)


@pytest.mark.parametrize(
    ("signal", "inside", "outside"),
    [
        ("lesion", True, False),
        ("background", False, True),
        ("both", True, True),
        ("none", False, False),
    ],
)
def test_the_class_shows_where_the_config_says(signal, inside, outside):
    means, dx = colours(signal)
    for place, shown in ((0, inside), (1, outside)):
        mel, nv = (means[dx == name, place] for name in ("mel", "nv"))
        spread = np.concatenate([mel - mel.mean(0), nv - nv.mean(0)]).std(0)
        effect = np.abs(mel.mean(0) - nv.mean(0)) / spread
        assert (effect.max() > 0.8) == shown, (signal, place, effect)
