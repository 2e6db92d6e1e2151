"""Arms are pure: what they show hangs on photograph and mask alone."""

import re

import cv2
import numpy as np
import pandas as pd
import pytest

from lesionlab.classification.arms import ARMS, GREY, MASKS, arm
from lesionlab.classification.scope import RUN, arm_scope, list_photographs

HEIGHT, WIDTH = 120, 160
BOX = (slice(45, 75), slice(60, 100))  # of the plain mask
SHAPES = {
    "plain": [BOX],
    "empty": [],
    "full": [(slice(None), slice(None))],
    "one pixel": [(slice(60, 61), slice(80, 81))],
    "at the border": [(slice(0, 30), slice(100, WIDTH))],
    "a corner pixel": [(slice(HEIGHT - 1, HEIGHT), slice(WIDTH - 1, WIDTH))],
    "several parts": [(slice(20, 40), slice(30, 50)), (slice(80, 95), slice(90, 120))],
    "across": [(slice(50, 70), slice(None))],
    "all but a pixel": [(slice(None), slice(1, None)), (slice(1, None), slice(None))],
}


def make_mask(shape):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    for part in SHAPES[shape]:
        mask[part] = True
    return mask


def show(name, photograph, mask):
    return ARMS[name].show(photograph, mask)


@pytest.fixture
def photograph():
    return np.random.default_rng(0).integers(1, 255, (HEIGHT, WIDTH, 3), np.uint8)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ARMS)
def test_an_arm_keeps_size_and_type_and_changes_no_input(photograph, name, shape):
    mask = make_mask(shape)
    before = photograph.copy(), mask.copy()
    shown = show(name, photograph, mask)
    assert shown.shape == photograph.shape
    assert shown.dtype == np.uint8
    assert np.array_equal(photograph, before[0])
    assert np.array_equal(mask, before[1])
    assert np.array_equal(shown, show(name, photograph, mask))


@pytest.mark.parametrize("name", [n for n, a in ARMS.items() if a.mask == "none"])
def test_an_arm_that_needs_no_mask_does_not_look_at_it(photograph, name):
    shown = [show(name, photograph, make_mask(s)) for s in ("empty", "plain")]
    assert np.array_equal(*shown)


def test_original_shows_the_photograph(photograph):
    assert np.array_equal(show("original", photograph, make_mask("plain")), photograph)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["segmented", "segmented_true"])
def test_segmented_is_black_outside_and_exact_inside(photograph, name, shape):
    mask = make_mask(shape)
    shown = show(name, photograph, mask)
    assert np.array_equal(shown[mask], photograph[mask])
    assert not shown[~mask].any()


@pytest.mark.parametrize("shape", ["empty", "full", "across", "all but a pixel"])
def test_crop_shows_all_where_there_is_no_smaller_box(photograph, shape):
    shown = show("crop", photograph, make_mask(shape))
    assert np.array_equal(shown, photograph)


def coordinates():
    """A photograph whose colours say where in it a pixel was."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([y, x, np.zeros_like(y)], axis=-1).astype(np.uint8)


def shown_box(shape):
    """The first and last row and column that `crop` shows of a mask."""
    rows, columns, _ = np.moveaxis(
        show("crop", coordinates(), make_mask(shape)).astype(int), -1, 0
    )
    return rows.min(), rows.max(), columns.min(), columns.max()


@pytest.mark.parametrize(
    "shape", ["plain", "one pixel", "at the border", "a corner pixel", "several parts"]
)
def test_crop_distorts_nothing_and_loses_no_part(shape):
    top, bottom, left, right = shown_box(shape)
    height, width = bottom - top + 1, right - left + 1
    assert width / height == pytest.approx(WIDTH / HEIGHT, rel=0.05)
    assert height >= HEIGHT // 4  # enlarged fourfold at most
    rows, columns = np.nonzero(make_mask(shape))
    assert (top, left) <= (rows.min(), columns.min())
    assert (bottom, right) >= (rows.max(), columns.max())


def test_crop_has_a_margin_and_centres_the_lesion():
    top, bottom, left, right = shown_box("plain")
    assert (top + bottom) / 2 == pytest.approx(59.5, abs=1)
    assert (left + right) / 2 == pytest.approx(79.5, abs=1)
    # 40 columns of lesion, a tenth of them on each side
    assert right - left + 1 == 48


def test_crop_enlarges_what_it_shows(photograph):
    shown = show("crop", photograph, make_mask("plain"))
    box = photograph[42:78, 56:104]
    enlarged = cv2.resize(box, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    assert np.array_equal(shown, enlarged)


def lesion_on_skin(mask):
    """Skin of one colour; the lesion is dark and leaves a halo of two pixels."""
    halo = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5))) > 0
    picture = np.full((HEIGHT, WIDTH, 3), (220, 180, 160), np.uint8)
    picture[halo] = (150, 110, 90)
    picture[mask] = (60, 30, 20)
    return picture


@pytest.mark.parametrize("shape", ["plain", "at the border", "several parts"])
def test_background_leaves_nothing_of_the_lesion(shape):
    shown = show("background", lesion_on_skin(make_mask(shape)), make_mask(shape))
    assert np.array_equal(np.unique(shown.reshape(-1, 3), axis=0), [[220, 180, 160]])


def test_background_hides_a_box_and_no_silhouette(photograph):
    mask = make_mask("several parts")
    changed = (show("background", photograph, mask) != photograph).any(axis=-1)
    rows, columns = np.nonzero(changed)
    top, bottom, left, right = 12, 103, 21, 129  # 75 x 90 pixels and a tenth of each
    assert (rows.min(), rows.max() + 1) == (top, bottom)
    assert (columns.min(), columns.max() + 1) == (left, right)
    outside = np.ones_like(mask)
    outside[top:bottom, left:right] = False
    assert not changed[outside].any()


def test_background_takes_the_colour_next_to_the_box():
    """Not that of the whole photograph, whose corners may be black."""
    mask = make_mask("plain")
    picture = lesion_on_skin(mask)
    picture[:, :40] = picture[:, 120:] = 0
    shown = show("background", picture, mask)
    assert shown[60, 80].tolist() == [220, 180, 160]


def test_background_without_a_lesion_is_the_photograph(photograph):
    shown = show("background", photograph, make_mask("empty"))
    assert np.array_equal(shown, photograph)


def test_background_with_no_skin_around_the_box_takes_what_is_outside_the_mask():
    mask = make_mask("all but a pixel")
    picture = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
    picture[0, 0] = (220, 180, 160)
    shown = show("background", picture, mask)
    assert np.array_equal(np.unique(shown.reshape(-1, 3), axis=0), [[220, 180, 160]])


def test_background_of_a_full_mask_is_grey_and_nothing_of_the_lesion(photograph):
    shown = show("background", photograph, make_mask("full"))
    assert np.unique(shown).tolist() == [GREY]


def draw_hair(size=(450, 600), thickness=3):
    """Smooth skin with a lesion, and the same with two hairs."""
    height, width = size
    y, x = np.mgrid[:height, :width]
    clean = np.full((height, width, 3), (220, 180, 160), np.float64)
    distance = np.hypot(y - height / 2, x - width / 2) / height
    clean -= 110 / (1 + np.exp((distance - 0.25) * 40))[..., None]
    clean = clean.astype(np.uint8)
    hairy = clean.copy()
    for start, end in (
        ((20, 30), (width - 40, height - 20)),
        ((width, 0), (0, height)),
    ):
        cv2.line(hairy, start, end, (45, 35, 30), thickness, cv2.LINE_AA)
    return clean, hairy


@pytest.mark.parametrize(
    ("size", "thickness"),
    [((450, 600), 3), ((600, 450), 5), ((225, 300), 1), ((900, 1200), 8)],
)
def test_hair_is_removed_whatever_the_size(size, thickness):
    clean, hairy = draw_hair(size, thickness)
    shown = show("hair_removed", hairy, np.zeros(size, bool))

    def error(picture):
        return np.abs(picture.astype(int) - clean).mean()

    assert error(shown) < error(hairy) / 10


def test_without_hair_nothing_is_painted():
    clean, _ = draw_hair()
    shown = show("hair_removed", clean, np.zeros(clean.shape[:2], bool))
    assert np.array_equal(shown, clean)


def test_a_pigment_network_is_not_taken_for_hair():
    """As thin and as dark as hair, but nowhere straight for long."""
    skin, pigment, side = (170, 120, 90), (70, 45, 35), 13
    picture = np.full((450, 600, 3), skin, np.uint8)
    corners = side * np.exp(1j * np.pi * (np.arange(6) / 3 + 1 / 6))
    for row in range(12):
        for column in range(14):
            centre = 100 + 80j + side * (column + row % 2 / 2) * 3**0.5
            cell = corners + centre + 1.5j * side * row
            points = np.stack([cell.real, cell.imag], axis=-1).round().astype(np.int32)
            cv2.polylines(picture, [points], True, pigment, 1, cv2.LINE_AA)
    shown = show("hair_removed", picture, np.zeros((450, 600), bool))
    painted = (shown != picture).any(axis=-1).sum()
    assert painted < 0.02 * (picture != skin).any(axis=-1).sum()


def test_each_arm_says_which_mask_it_needs():
    needs = {name: entry.mask for name, entry in ARMS.items()}
    assert needs == {
        "original": "none",
        "segmented": "predicted",
        "segmented_true": "true",
        "crop": "true",
        "background": "true",
        "hair_removed": "none",
    }
    assert set(needs.values()) == set(MASKS)


def test_an_arm_is_entered_under_its_own_name_and_for_a_known_mask(monkeypatch):
    monkeypatch.setattr("lesionlab.classification.arms.ARMS", entered := {})

    @arm(mask="true")
    def mirrored(photograph, _mask):
        return photograph[:, ::-1]

    assert entered["mirrored"].show is mirrored
    with pytest.raises(ValueError, match="mask='expert'; one of none, true, predicted"):
        arm(mask="expert")


@pytest.fixture
def page(repository):
    return (repository / "docs" / "arms.md").read_text()


def test_every_arm_has_its_row_in_the_document(page):
    rows = re.findall(r"^\| `(\w+)` \|.*\| (none|expert's|predicted) \|", page, re.M)
    needs = {"none": "none", "expert's": "true", "predicted": "predicted"}
    assert {name: needs[mask] for name, mask in rows} == {
        name: entry.mask for name, entry in ARMS.items()
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_the_arm_that_the_document_adds_is_one(page, photograph, shape, monkeypatch):
    monkeypatch.setattr("lesionlab.classification.arms.ARMS", entered := {})
    exec(re.search(r"```python\n(.*?)```", page, re.S)[1], {"arm": arm, "np": np})
    (entry,) = entered.values()
    mask = make_mask(shape)
    shown = entry.show(photograph, mask)
    assert shown.shape == photograph.shape
    assert shown.dtype == np.uint8
    assert np.array_equal(shown[~mask], photograph[~mask])
    assert not np.ptp(shown[mask], axis=1).any()


def test_only_predicted_masks_belong_to_a_fold():
    assert [arm_scope(mask, "fold1") for mask in MASKS] == [RUN, RUN, "fold1"]


def test_a_run_lists_the_photographs_of_all_folds_and_of_the_classifier_alone():
    rows = [
        ("c", "fold0", "classification"),
        ("a", "fold0", "classification"),
        ("a", "fold1", "classification"),
        ("b", "fold1", "classification"),
        ("z", "fold0", "segmentation"),
    ]
    split = pd.DataFrame(rows, columns=["image_id", "fold", "task"])
    assert list_photographs(split, "fold0") == ["a", "c"]
    assert list_photographs(split, RUN) == ["a", "b", "c"]
