"""Run the whole workflow on phantoms whose truth is known: make prove.

    python -m proof.phantoms results/.proof/phantoms.csv [--only KIND ...]

Every run is a results folder of its own, so what was finished is not done again.
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from lesionlab.config import recipe_of
from lesionlab.files import read_json, write_csv, write_json
from lesionlab.words.truths import agree_with_measured

DEMO, BASE = Path("config.yaml"), Path("proof/phantoms.yaml")
RESULTS = Path("results")
PHANTOMS = range(1, 6)  # seeds of the phantom, of its split and of its networks
TRUE_SEEDS, TRUE_FOLDS, TRUE_LESIONS = (1, 2), 10, 2400  # 20 trainings of an arm
FIGURES = ("difference", "low", "high", "trainings")
MEASURED = ("a", "b", "metric", "positive_class", *FIGURES)
COLUMNS = ["kind", "phantom", *FIGURES, "verdict", "wanted", "false"]
FOUND = 4  # of the phantoms, where there is something to find


@dataclass(frozen=True)
class Kind:
    """A phantom with the pair of arms whose truth is known.

    Parameters
    ----------
    signal : str
        Of the phantom.
    arms : tuple of str
        The pair.
    truth : str
        ``helped``, ``hurt``, ``equal``, or ``measured`` with many trainings.
    changes : Mapping
        Of ``dataset.phantom`` against `base`.
    base : tuple of Path
        Config files over config.yaml.
    """

    signal: str
    arms: tuple[str, str]
    truth: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    base: tuple[Path, ...] = (BASE,)


KINDS = {
    "none": Kind("none", ("original", "segmented_true"), "equal"),
    "background": Kind("background", ("original", "segmented_true"), "hurt"),
    "lesion": Kind("lesion", ("original", "background"), "hurt"),
    "misleading": Kind(
        "misleading", ("original", "segmented_true"), "helped", {"width": 144}
    ),
    # the demo itself, whose report tells this truth
    "cut": Kind("lesion", ("original", "segmented"), "measured", base=()),
}


def run(
    name: str, base: Sequence[Path], changes: dict[str, Any], *, cores: int
) -> dict[str, Any]:
    """Run the workflow up to its comparison, or find it finished.

    Parameters
    ----------
    name : str
        Of the run.
    base : sequence of Path
        Config files over config.yaml.
    changes : dict
        Laid over them.
    cores : int
        Of Snakemake.

    Returns
    -------
    dict
        ``comparison.json``.
    """
    overlay = RESULTS / ".proof" / f"{name}.yaml"
    overlay.parent.mkdir(parents=True, exist_ok=True)
    overlay.write_text(yaml.safe_dump({"run": name, **changes}), encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "--quiet", "--cores", str(cores)]
    command += ["comparison", "--configfile", *map(str, base), str(overlay)]
    subprocess.run(command, check=True)
    return read_json(RESULTS / name / "comparison" / "comparison.json")


def changes_of(kind: Kind, number: int) -> dict[str, Any]:
    """Lay out the config of one phantom: all its seeds are its own."""
    return {
        "dataset": {"phantom": {"signal": kind.signal, "seed": number, **kind.changes}},
        "split": {"seed": number},
        "segmentation": {"seed": number},
        "classification": {
            "arms": list(kind.arms),
            "seeds": [100 * number + seed for seed in range(1, 4)],
        },
    }


def measure_truth(kind: Kind, *, cores: int) -> dict[str, Any]:
    """Measure the difference with many trainings on a large test set.

    Every fold has training lesions, a U-Net and test lesions of its own: a truth from
    one of each would be one of them.

    Parameters
    ----------
    kind : Kind
        Whose truth is ``measured``.
    cores : int
        Of Snakemake.

    Returns
    -------
    dict
        ``a``, ``b``, ``metric``, ``positive_class``, ``difference``, ``low``, ``high``
        and ``trainings``, as the report takes them.
    """
    changes = changes_of(kind, 99)
    changes["dataset"]["phantom"]["lesions"] = TRUE_LESIONS
    changes["split"] |= {"protocol": "kfold", "folds": TRUE_FOLDS}
    changes["classification"]["seeds"] = list(TRUE_SEEDS)
    found = run("proof-truth", kind.base, changes, cores=cores)
    facts = {**found["pairs"][0], "positive_class": found["positive_class"]}
    return {key: facts[key] for key in MEASURED}


def is_false(
    verdict: str, truth: str, *, measured: Mapping[str, Any] | None, margin: float
) -> bool:
    """Say whether a verdict contradicts the truth.

    Parameters
    ----------
    verdict : str
        Kind of the verdict.
    truth : str
        Of :class:`Kind`.
    measured : Mapping or None
        Of :func:`measure_truth`, where the truth is ``measured``.
    margin : float
        The smallest difference that matters.

    Returns
    -------
    bool
        Undecided is never false.
    """
    if measured:
        return agree_with_measured(measured, verdict, margin=margin) == "disagrees"
    if truth == "equal":
        return verdict in ("helped", "hurt")
    return verdict in {"helped", "hurt", "no difference that matters"} - {truth}


def wanted_verdict(
    truth: str, measured: Mapping[str, Any] | None, margin: float
) -> str | None:
    """Name the verdict that is to be found: None where there is nothing to find."""
    if measured:
        if measured["low"] >= margin:
            return "helped"
        return "hurt" if measured["high"] <= -margin else None
    return truth if truth in ("helped", "hurt") else None


def prove_kind(name: str, kind: Kind, *, cores: int) -> list[dict[str, Any]]:
    """Run every phantom of a kind and compare its verdict with the truth.

    Parameters
    ----------
    name : str
        Of the kind.
    kind : Kind
        It.
    cores : int
        Of Snakemake.

    Returns
    -------
    list of dict
        A row a phantom: ``kind``, ``phantom``, ``difference`` and its bounds,
        ``trainings``, ``verdict``, ``wanted``, ``false``; before them one of the
        measured truth.
    """
    rows: list[dict[str, Any]] = []
    measured = None
    if kind.truth == "measured":
        measured = measure_truth(kind, cores=cores)
        rows.append({"kind": name, "phantom": "truth", **measured})
    for number in PHANTOMS:
        changes = changes_of(kind, number)
        found = run(f"proof-{name}-{number}", kind.base, changes, cores=cores)
        verdict, margin = found["verdicts"][0]["kind"], found["margin"]
        rows.append(
            {
                "kind": name,
                "phantom": number,
                **{key: found["pairs"][0][key] for key in FIGURES},
                "verdict": verdict,
                "wanted": wanted_verdict(kind.truth, measured, margin),
                "false": is_false(
                    verdict, kind.truth, measured=measured, margin=margin
                ),
            }
        )
    return rows


def write_truth(path: Path, measured: Mapping[str, Any]) -> None:
    """Write what the report of the demo tells: workflow/resources/demo_truth.json.

    Parameters
    ----------
    path : Path
        To be looked at and copied there.
    measured : Mapping
        Of :func:`measure_truth`, and more.
    """
    recipe = recipe_of(yaml.safe_load(DEMO.read_text(encoding="utf-8")))
    write_json(path, {**{key: measured[key] for key in MEASURED}, "recipe": recipe})


def list_failures(table: pd.DataFrame) -> list[str]:
    """List what fails the proof: false verdicts, and true ones that were not found.

    Parameters
    ----------
    table : DataFrame
        Rows of :func:`prove_kind`.

    Returns
    -------
    list of str
        A line each.
    """
    false = table[table["false"].eq(True)]
    failures = [
        f"{row.kind} {row.phantom}: {row.verdict} is false"
        for row in false.itertuples()
    ]
    for name, part in table[table["wanted"].notna()].groupby("kind"):
        found = int((part["verdict"] == part["wanted"]).sum())
        if found < FOUND:
            failures.append(f"{name}: the truth was found in {found} of {len(part)}")
    return failures


def main(arguments: list[str]) -> None:
    """Run every phantom and compare its verdict with its truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--only", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    for name in options.only:
        rows += prove_kind(name, KINDS[name], cores=options.cores)
        write_csv(options.table, pd.DataFrame(rows)[COLUMNS])
    table = pd.DataFrame(rows)
    for truth in table[table["phantom"] == "truth"].to_dict("records"):
        write_truth(options.table.with_name("demo_truth.json"), truth)
    print(table.to_string(index=False))
    if failures := list_failures(table):
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main(sys.argv[1:])
