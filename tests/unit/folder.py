"""A small data folder in the layout of HAM10000, sound or spoilt."""

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lesionlab.data.presence import check_classes
from lesionlab.data.table import index_root
from lesionlab.decoding.masks import turn
from lesionlab.errors import LabError
from lesionlab.words.findings import list_findings

TRUTH, METADATA = "GroundTruth.csv", "HAM10000_metadata.csv"
CLASSES = {"MEL": ["mel"], "NV": ["nv"]}
FIRST = "ISIC_0000000"
SOUND = 6
NOTHING_FOUND = {  # of a root in which all is as usual
    "lacking": [],
    "without_metadata": [],
    "without_row": {"n": 0, "first": []},
    "set_aside": {},
    "respelt": {},
    "tables": [],
    "copies": 0,
    "crowded": {},
    "masks_cut": {"n": 0, "median_between": 0, "most_between": 0},
    "masks_full": [],
    "kinds": {},
    "oriented": {},
}
WIDTH, HEIGHT = 48, 36


def index(root, classes=CLASSES):
    """The image table, the quarantine and what was found."""
    return index_root(root, classes=classes, workers=1)


def build(root, classes=CLASSES):
    """The image table and the quarantine."""
    return index(root, classes)[:2]


def findings(root):
    """What is said of a root that can be used."""
    return " ".join(list_findings(index(root)[2]))


def line_of(root):
    """The one line that ends a run on this root."""

    def run():
        images, _, found = index(root)
        check_classes(images["label"], CLASSES, found["refused"])

    with pytest.raises(LabError) as why:
        run()
    assert "\n" not in str(why.value)
    return str(why.value)


def draw_pair(seed):
    """One photograph and a mask with a square lesion."""
    pixels = np.random.default_rng(seed).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[10:20, 10:30] = 255
    return pixels, mask


def write_pair(root, name, seed):
    pixels, mask = draw_pair(seed)
    cv2.imwrite(str(root / "images" / f"{name}.jpg"), pixels)
    cv2.imwrite(str(mask_path(root, name)), mask)


def mask_path(root, name):
    return root / "masks" / f"{name}_segmentation.png"


def write_tables(root, rows):
    """Rows of image_id, lesion_id and dx into both tables."""
    table = pd.DataFrame(rows, columns=["image_id", "lesion_id", "dx"])
    truth = pd.DataFrame({"image": table["image_id"]})
    for dx in ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"):
        truth[dx] = (table["dx"] == dx.lower()).astype(float)
    truth.to_csv(root / TRUTH, index=False)
    facts = table.assign(dx_type="histo", age=50.0, sex="male", localization="back")
    facts.to_csv(root / METADATA, index=False)


def make_folder(root):
    """Six sound photographs of five lesions; give their rows."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    rows = []
    for number in range(SOUND):
        name = f"ISIC_{number:07d}"
        write_pair(root, name, number)
        rows.append((name, f"HAM_{max(1, number)}", "mel" if number < 3 else "nv"))
    write_tables(root, rows)
    return rows


def write_palette_mask(path, mask):
    """Store a mask as 402 of the real ones are: a palette whose order is inverted."""
    picture = Image.fromarray((mask == 0).astype(np.uint8), "P")
    picture.putpalette([255, 255, 255, 0, 0, 0])
    picture.save(path)


def rewrite(path, change, encoding="utf-8"):
    """Let another program save a table."""
    path.write_bytes(change(path.read_text()).encode(encoding))


def save(name, change, encoding="utf-8"):
    """Give what lets another program save a table of a root."""
    return lambda root: rewrite(root / name, change, encoding)


def drop_columns(path, *names):
    """Save a table of text without some of its columns."""
    pd.read_csv(path, dtype="str").drop(columns=[*names]).to_csv(path, index=False)


def change_cells(path, column, change):
    """Change every cell of a column of a table of text."""
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    table[column] = [change(cell) for cell in table[column]]
    table.to_csv(path, index=False)


def make_lossless(path):
    """Store a photograph as a PNG, whatever its name says."""
    cv2.imencode(".png", cv2.imread(str(path)))[1].tofile(path)


def change_masks(root, change):
    """Store every mask in another way; `change` takes path and mask as bool."""
    for path in (root / "masks").iterdir():
        change(path, np.asarray(Image.open(path)) > 127)


def orient_photograph(path, tag):
    """Store a photograph turned, with the tag by which a viewer turns it back."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture)
    back = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}[tag]
    write_tagged(path, turn(pixels, back), tag)


def write_tagged(path, pixels, tag):
    """Store a picture with an EXIF orientation, as it is."""
    exif = Image.Exif()
    exif[0x0112] = tag
    Image.fromarray(pixels).save(path, format="PNG", exif=exif)
