"""Draw the split: which photographs train, validate and test which network.

The unit of a draw is the group (a lesion with its exact duplicates), so that no lesion
stands in two sets; only the protocol ``image`` draws single photographs and leaks, and
``leak`` trains both ways for the same test photographs, so that the leak is measured.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from lesionlab.data.clinics import hold_out
from lesionlab.data.presence import check_classes, check_sets
from lesionlab.errors import LabError
from lesionlab.randomness import SPLIT_FOLDS, SPLIT_SET, derive_seed, generator

Size = int | str | Mapping[str, int]
SETS = ("test", "valid", "train")  # in the order in which they are drawn


@dataclass(frozen=True)
class Draw:
    """What every draw of one fold shares.

    Parameters
    ----------
    fold : int
        Number of the fold.
    seed : int
        Of the whole split.
    """

    fold: int
    seed: int

    def generator(self, *key: str) -> np.random.Generator:
        """Make a generator of its own for one draw, whatever other draws there are."""
        return generator(SPLIT_SET, self.seed, self.fold, *key)


def make_split(
    table: pd.DataFrame,
    *,
    protocol: str,
    seed: int,
    folds: int,
    sizes: Mapping[str, Mapping[str, Size]],
    classes: Collection[str] = (),
    sources: Sequence[str] = (),
) -> pd.DataFrame:
    """Split the image table for both networks.

    Parameters
    ----------
    table : DataFrame
        Columns ``image_id``, ``group``, ``label``, for ``source`` also ``dataset``; one
        row a photograph.
    protocol : {"grouped", "image", "kfold", "leak", "source"}
        ``image`` treats every photograph as its own group. ``leak`` draws single
        photographs for test and other lesions for validation, then trains ``fold0`` on
        lesions that are in neither and ``fold1`` on any other photographs. ``source``
        tests all photographs of some sources and trains on others alone.
    seed : int
        Equal seeds give equal splits.
    folds : int
        Number of folds; used by ``kfold`` alone.
    sizes : Mapping
        ``sizes[task][set]``: a total (stratified in natural proportion), counts per
        class, or ``"all"`` for a training set.
    classes : collection of str
        Those that must be there; by default the labels of the table.
    sources : sequence of str
        Held out by ``source``, as the column ``dataset`` names them.

    Returns
    -------
    DataFrame
        Columns ``image_id``, ``group``, ``label``, ``fold``, ``task``, ``set``; a
        photograph has one row for each fold and task that uses it.

    Raises
    ------
    LabError
        If a class has no photograph, or none in a set of the classifier that does not
        ask for 0 of it, or a size cannot be met; the message says what is available.
    """
    classes = list(classes) or sorted(table["label"].unique())
    check_classes(table["label"], classes)
    pool = _make_pool(table, unit="image_id" if protocol == "image" else "group")
    if protocol == "leak":
        split = _split_both_ways(pool, sizes=sizes, seed=seed)
    else:
        kfold = protocol == "kfold"
        tests = _deal_folds(pool, folds=folds, seed=seed) if kfold else [None]
        if protocol == "source":
            pool, tests = hold_out(pool, table, sources)
        own = _size_of_fold(sizes) if kfold else sizes
        split = _split_folds(pool, tests, sizes=own, seed=seed)
    check_sets(split, classes, protocol=protocol, sizes=sizes)
    return split


def _split_folds(
    pool: pd.DataFrame,
    tests: Sequence[pd.Series | None],
    *,
    sizes: Mapping[str, Mapping[str, Size]],
    seed: int,
) -> pd.DataFrame:
    """Split once for each test set; None is drawn."""
    parts = [
        _split_fold(
            pool,
            draw=Draw(number, seed),
            sizes=sizes,
            given={} if test is None else {"test": test},
        )
        for number, test in enumerate(tests)
    ]
    return pd.concat(parts, ignore_index=True)


def _make_pool(table: pd.DataFrame, *, unit: str) -> pd.DataFrame:
    """Give the photographs in order, each with the unit that is drawn as a whole."""
    pool = table[["image_id", "group", "label"]].sort_values("image_id")
    pool = pool.assign(unit=pool[unit])
    mixed = pool.groupby("unit")["label"].nunique()
    if (mixed > 1).any():
        name = mixed.index[mixed > 1][0]
        raise LabError(f"images.csv: group {name} has two labels; see data/audit.json")
    return pool


def _size_of_fold(
    sizes: Mapping[str, Mapping[str, Size]],
) -> Mapping[str, Mapping[str, Size]]:
    """Take counts as a total for validation: a fold keeps natural proportions."""
    own = dict(sizes["classification"])
    if isinstance(own["valid"], Mapping):
        own["valid"] = sum(own["valid"].values())
    return {**sizes, "classification": own}


def _split_both_ways(
    pool: pd.DataFrame, *, sizes: Mapping[str, Mapping[str, Size]], seed: int
) -> pd.DataFrame:
    single = pool.assign(unit=pool["image_id"])
    sized = sizes["classification"]
    shared: dict[str, Any] = {"draw": Draw(0, seed), "task": "classification"}
    test = _draw_set(single, sized["test"], name="test", **shared)
    # whole lesions that are not in the test set: nothing is chosen on its lesions
    left = pool[~pool["group"].isin(test["group"])]
    valid = _draw_set(left, sized["valid"], name="valid", **shared)
    given = {"test": test["image_id"], "valid": valid["image_id"]}
    parts = [
        _split_fold(way, draw=Draw(number, seed), sizes=sizes, given=given)
        for number, way in enumerate((pool, single))
    ]
    return pd.concat(parts, ignore_index=True)


def _deal_folds(pool: pd.DataFrame, *, folds: int, seed: int) -> list[pd.Series]:
    lesions = pool.groupby("label")["unit"].nunique()
    if lesions.min() < folds:
        raise LabError(
            f"split.folds: {folds}, but {lesions.idxmin()} has {lesions.min()} "
            "lesions, and each fold tests other ones; ask for fewer folds"
        )
    own = derive_seed(SPLIT_FOLDS, seed)
    dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=own)
    shares = dealer.split(pool, pool["label"], pool["unit"])
    return [pool["image_id"].iloc[test] for _, test in shares]


def _split_fold(
    pool: pd.DataFrame,
    *,
    draw: Draw,
    sizes: Mapping[str, Mapping[str, Size]],
    given: Mapping[str, pd.Series],
) -> pd.DataFrame:
    """Draw the sets of a fold that are not `given` by their image ids."""
    drawn = {}
    left = pool
    for name in SETS:
        task = "classification"
        if name in given:
            chosen = pool[pool["image_id"].isin(given[name])]
        else:
            size = sizes[task][name]
            chosen = _draw_set(left, size, draw=draw, task=task, name=name)
        drawn[task, name] = chosen
        left = left[~left["unit"].isin(chosen["unit"])]

    held_out = [drawn["classification", name]["unit"] for name in ("test", "valid")]
    left = pool[~pool["unit"].isin(pd.concat(held_out))]
    for name in SETS:
        task = "segmentation"
        size = sizes[task][name]
        drawn[task, name] = _draw_set(left, size, draw=draw, task=task, name=name)
        left = left[~left["unit"].isin(drawn[task, name]["unit"])]

    parts = [
        chosen.drop(columns="unit").assign(fold=f"fold{draw.fold}", task=task, set=name)
        for (task, name), chosen in sorted(drawn.items())
    ]
    return pd.concat(parts, ignore_index=True)


def _draw_set(
    left: pd.DataFrame, size: Size, *, draw: Draw, task: str, name: str
) -> pd.DataFrame:
    where = f"split.{task}.{name}"
    if size == "all":
        return left
    counts = left["label"].value_counts().sort_index()
    if isinstance(size, Mapping):
        wanted = dict(size)
    elif isinstance(size, int):
        if size > counts.sum():
            raise LabError(
                f"{where}: {size} wanted, {counts.sum()} photographs left by the other "
                "sets; ask for less here or there"
            )
        wanted = _stratify(counts, size)
    else:
        raise LabError(f"{where}: {size!r}; give a total, counts per class or 'all'")
    chosen = []
    for label, count in sorted(wanted.items()):
        available = int(counts.get(label, 0))
        if count > available:
            raise LabError(
                f"{where}: {count} {label} wanted, {available} left by the other sets; "
                "ask for less here or there"
            )
        units = left.loc[left["label"] == label, "unit"].value_counts().sort_index()
        picked = _pick_exactly(units, count, draw.generator(task, name, label))
        if picked is None:
            raise LabError(
                f"{where}: no choice of whole lesions has exactly {count} {label}; "
                f"{available} photographs are left, try a number nearby"
            )
        chosen.append(picked)
    return left[left["unit"].isin(np.concatenate(chosen))] if chosen else left.iloc[:0]


def _stratify(counts: pd.Series, total: int) -> dict[str, int]:
    """Share out a total in proportion to `counts` by largest remainders."""
    exact = counts * (total / max(1, counts.sum()))
    shares = np.floor(exact).astype(int)
    order = (exact - shares).sort_values(ascending=False, kind="stable").index
    shares.loc[order[: total - int(shares.sum())]] += 1
    return {str(label): int(share) for label, share in shares.items()}


def _pick_exactly(
    units: pd.Series, count: int, generator: np.random.Generator
) -> np.ndarray | None:
    """Choose units at random so that their photographs number exactly `count`.

    Units are taken in a random order while they fit. If that ends short, the choice
    is made by a subset sum over the same order, which finds one whenever there is one.
    """
    order = generator.permutation(len(units))
    names = units.index.to_numpy()[order]
    photographs = units.to_numpy()[order]
    taken, total = [], 0
    for position, number in enumerate(photographs):
        if total + number <= count:
            taken.append(position)
            total += int(number)
        if total == count:
            return np.asarray(names[taken])
    last_added = {0: -1}  # sum -> position of the unit that first reached it
    for position, number in enumerate(photographs):
        for reached in sorted(last_added, reverse=True):
            if last_added[reached] < position and reached + number <= count:
                last_added.setdefault(reached + int(number), position)
    if count not in last_added:
        return None
    taken, total = [], count
    while total:
        taken.append(last_added[total])
        total -= int(photographs[taken[-1]])
    return np.asarray(names[sorted(taken)])
