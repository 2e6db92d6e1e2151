"""Data roots that people really have, which lie beside this checkout where they do."""

import importlib.util
import os
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from lesionlab.errors import LabError
from lesionlab.phantom.lesions import draw_lesion, draw_photograph
from unit.folder import METADATA, build, findings, mask_path, write_tables

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "cases"
MAKER = Path(os.environ.get("CASES_DIR", BESIDE)) / "make_cases.py"
OPTIONS = {"width": 200, "height": 150, "seed": 4, "signal": "lesion", "strength": 1.0}
COUNT = 8
LINES = {  # what ends in one line; all else gives the table of the sound root
    "truth_yes_and_no": r"line 2, column MEL: '(yes|no)' is no flag; allowed: 0 and 1",
    "truth_one_bad_cell": r"line 2, column MEL: 'x' is no flag; allowed: 0 and 1",
}
FREE = ["image", "mask", "sha256", "mask_fraction"]


def load_cases():
    if not MAKER.is_file():
        return {}
    spec = importlib.util.spec_from_file_location("make_cases", MAKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.CASES


CASES = load_cases()


@pytest.fixture
def root(tmp_path):
    """Photographs of a phantom, in the layout of Kaggle."""
    root = tmp_path / "data"
    rows = []
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for number in range(COUNT):
        name = f"ISIC_{number:07d}"
        pixels, mask = draw_photograph(draw_lesion(number, OPTIONS), 0, OPTIONS)
        cv2.imwrite(str(root / "images" / f"{name}.jpg"), pixels[..., ::-1])
        cv2.imwrite(str(mask_path(root, name)), mask.astype(np.uint8) * 255)
        rows.append((name, f"HAM_{number // 2}", "mel" if number < 4 else "nv"))
    write_tables(root, rows)
    return root


@pytest.mark.skipif(not CASES, reason="shared/cases does not lie beside this checkout")
@pytest.mark.parametrize("name", sorted(CASES) or ["none"])
def test_each_case_gives_what_its_list_says(root, name):
    expected, _ = build(root)
    CASES[name](root)
    if name in LINES:
        with pytest.raises(LabError, match=LINES[name]):
            build(root)
        return
    images, quarantine = build(root)
    assert quarantine.empty
    if name == "metadata_lacks_a_row":
        first = pd.read_csv(root / METADATA)["image_id"].iloc[0]
        (lost,) = set(images.loc[images["lesion_id"].isna(), "image_id"])
        assert lost < first
        said = "no row for 1 photograph(s), which count as lesions of their own: "
        assert said + lost in findings(root)
        images, expected = (t[t["image_id"] != lost] for t in (images, expected))
    pd.testing.assert_frame_equal(
        images.drop(columns=FREE).reset_index(drop=True),
        expected.drop(columns=FREE).reset_index(drop=True),
    )
    areas = images["mask_fraction"].to_numpy() / expected["mask_fraction"].to_numpy()
    assert np.median(areas) == pytest.approx(1, abs=0.01)
