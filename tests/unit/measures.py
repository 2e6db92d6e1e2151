"""What can be measured of a photograph and its mask, and how well it tells a class."""

import cv2
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

import make_phantom
from lesionlab.phantom.lesions import draw_lesion, draw_photograph


def photograph_lesions(count, options, *, views=1):
    """Photographs as they are read from their files; masks, diagnoses and lesions."""
    for number in range(count):
        lesion = draw_lesion(number, options)
        for view in range(min(views, lesion.photographs)):
            pixels, mask = draw_photograph(lesion, view, options)
            content = cv2.imencode(".jpg", pixels[..., ::-1], make_phantom.QUALITY)[1]
            photograph = cv2.imdecode(content, cv2.IMREAD_COLOR_RGB)
            yield photograph, mask, lesion.dx, number


def bounding_box(mask, margin=0.0):
    """True in a mask's bounding box, widened by a share of the picture's height."""
    y, x = np.nonzero(mask)
    more = round(margin * mask.shape[0])
    box = np.zeros_like(mask)
    box[max(0, y.min() - more) : y.max() + 1 + more,
        max(0, x.min() - more) : x.max() + 1 + more] = True  # fmt: skip
    return box


def measure_colours(photograph, region):
    """Colours and texture of the pixels of a region."""
    pixels = photograph[region].astype(float)
    if not len(pixels):
        return [np.nan] * 31
    grey = cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rough = np.abs(cv2.Laplacian(grey, cv2.CV_32F))[region]
    slope = np.hypot(
        cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    )
    slope = slope[region]
    return [
        *pixels.mean(0),
        *pixels.std(0),
        *np.percentile(pixels, [1, 5, 25, 50, 75, 95, 99], axis=0).ravel(),
        rough.mean(),
        rough.std(),
        slope.mean(),
        slope.std(),
    ]


def measure_place(mask):
    """Zoom and place: sides, centre, shape and area of the bounding box."""
    y, x = np.nonzero(mask)
    height, width = np.ptp(y) + 1, np.ptp(x) + 1
    return [height, width, height * width, height / width, *(y.min() + y.max(),
            x.min() + x.max(), y.min(), y.max(), x.min(), x.max())]  # fmt: skip


def measure_outline(mask):
    """Area, perimeter and how irregular an outline is."""
    contours, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    contour = max(contours, key=cv2.contourArea)
    length, area = cv2.arcLength(contour, True), mask.sum()
    hull = cv2.contourArea(cv2.convexHull(contour))
    moments = cv2.HuMoments(cv2.moments(contour)).ravel()
    return [area, area / mask.size, length, length**2 / area, hull / area, *moments]


def measure_grid(photograph):
    """Mean grey of a grid of 4 x 4: what lies where."""
    return cv2.resize(photograph, (4, 4), interpolation=cv2.INTER_AREA).mean(2).ravel()


def rim(mask):
    """The pixels of a mask that touch its border."""
    return mask & ~(cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def without_lesion(photograph, mask):
    """What is left when the lesion is hidden: its box tells no more than its place."""
    box = bounding_box(mask, 0.1)
    hidden = photograph * ~box[..., None]
    return [*measure_colours(hidden, ~box), *measure_grid(hidden), *measure_place(mask)]


def lesion_alone(photograph, mask):
    """What is left when the lesion is cut out: its rim shows the most of its skin."""
    cut = photograph * mask[..., None]
    colours = [*measure_colours(cut, mask), *measure_colours(cut, rim(mask))]
    return [*colours, *measure_grid(cut), *measure_outline(mask), *measure_place(mask)]


def photograph_alone(photograph, mask):
    """What the whole photograph shows, the mask unknown."""
    whole, half = np.ones_like(mask), mask.shape[1] // 2
    halves = [whole[:, :half], whole[:, -half:]]
    parts = [photograph[:, :half], photograph[:, -half:]]
    colours = [measure_colours(p, h) for p, h in zip(parts, halves, strict=True)]
    colours.append(measure_colours(photograph, whole))
    return [*np.ravel(colours), *measure_grid(photograph)]


def everything(photograph, mask):
    """All of it."""
    views = (without_lesion, lesion_alone, photograph_alone)
    return [number for view in views for number in view(photograph, mask)]


VIEWS = {v.__name__: v for v in (
    without_lesion, lesion_alone, photograph_alone, everything
)}  # fmt: skip


def measure_lesions(count, options, shown, *, views=1):
    """By what is shown, measurements of photographs; their diagnoses and lesions."""
    rows, diagnoses, lesions = {name: [] for name in shown}, [], []
    for photograph, mask, dx, lesion in photograph_lesions(count, options, views=views):
        diagnoses.append(dx)
        lesions.append(lesion)
        for name in shown:
            rows[name].append(VIEWS[name](photograph, mask))
    measured = {name: np.array(row, float) for name, row in rows.items()}
    return measured, np.array(diagnoses), np.array(lesions)


def auc_by_boosting(features, positive, groups, *, folds=5):
    """AUC of gradient boosting over measurements, mean over grouped folds."""
    features, positive = np.asarray(features, float), np.asarray(positive)
    scores = []
    dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=0)
    for train, test in dealer.split(features, positive, groups):
        model = HistGradientBoostingClassifier(
            max_iter=60, learning_rate=0.1, max_leaf_nodes=8, random_state=0
        )
        with threadpool_limits(1):
            model.fit(features[train], positive[train])
            told = model.predict_proba(features[test])[:, 1]
        scores.append(roc_auc_score(positive[test], told))
    return float(np.mean(scores))


def auc_by_one(features, positive):
    """AUC of the best single measurement, whichever way it points."""
    features = np.nan_to_num(np.asarray(features, float))
    scores = [roc_auc_score(positive, column) for column in features.T]
    return float(max(max(score, 1 - score) for score in scores))
