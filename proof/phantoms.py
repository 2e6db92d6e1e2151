"""Run the whole workflow on phantoms whose truth is known: make prove.

    python -m proof.phantoms results/.proof/phantoms.csv [--only KIND ...]

Every run is a results folder of its own, so what was finished is not done again.
"""

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from lesionlab.files import read_json, write_csv

BASE = Path("proof/phantoms.yaml")
RESULTS = Path("results")
PHANTOMS = range(1, 6)  # seeds of the phantom, of its split and of its networks
TRUE_TRAININGS = 20
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
    width : int
        Of a photograph, in pixels: two lesions need more.
    """

    signal: str
    arms: tuple[str, str]
    truth: str
    width: int = 72


KINDS = {
    "none": Kind("none", ("original", "segmented_true"), "equal"),
    "background": Kind("background", ("original", "segmented_true"), "hurt"),
    "lesion": Kind("lesion", ("original", "background"), "hurt"),
    "misleading": Kind("misleading", ("original", "segmented_true"), "helped", 144),
    "cut": Kind("lesion", ("original", "segmented"), "measured"),
}


def run(name: str, changes: dict[str, Any], *, cores: int) -> dict[str, Any]:
    """Run the workflow up to its comparison, or find it finished.

    Parameters
    ----------
    name : str
        Of the run.
    changes : dict
        Laid over the base config.
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
    command += ["comparison", "--configfile", str(BASE), str(overlay)]
    subprocess.run(command, check=True)
    return read_json(RESULTS / name / "comparison" / "comparison.json")


def changes_of(kind: Kind, number: int) -> dict[str, Any]:
    """Lay out the config of one phantom: all its seeds are its own."""
    return {
        "dataset": {
            "phantom": {"signal": kind.signal, "seed": number, "width": kind.width}
        },
        "split": {"seed": number},
        "segmentation": {"seed": number},
        "classification": {
            "arms": list(kind.arms),
            "seeds": [100 * number + seed for seed in range(1, 4)],
        },
    }


def measure_truth(kind: Kind, *, cores: int) -> dict[str, Any]:
    """Measure the difference with many trainings and a large test set."""
    base = yaml.safe_load(BASE.read_text(encoding="utf-8"))
    changes = changes_of(kind, 99)
    changes["dataset"]["phantom"]["lesions"] = 4 * base["dataset"]["phantom"]["lesions"]
    test = 8 * base["split"]["classification"]["test"]
    changes["split"]["classification"] = {"test": test}
    changes["classification"]["seeds"] = list(range(1, TRUE_TRAININGS + 1))
    return run("proof-truth", changes, cores=cores)


def is_false(verdict: str, truth: str, *, difference: float, margin: float) -> bool:
    """Say whether a verdict contradicts the truth.

    Parameters
    ----------
    verdict : str
        Kind of the verdict.
    truth : str
        Of :class:`Kind`.
    difference : float
        The measured one, where the truth is ``measured``.
    margin : float
        The smallest difference that matters.

    Returns
    -------
    bool
        Undecided is never false.
    """
    if truth == "measured":
        wrong = {"helped": difference <= 0, "hurt": difference >= 0}
        wrong["no difference that matters"] = abs(difference) >= margin
        return wrong.get(verdict, False)
    if truth == "equal":
        return verdict in ("helped", "hurt")
    return verdict in {"helped", "hurt", "no difference that matters"} - {truth}


def main(arguments: list[str]) -> None:
    """Run every phantom and compare its verdict with its truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--only", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args(arguments)
    rows = []
    for name in options.only:
        kind, truth = KINDS[name], KINDS[name].truth
        true = 0.0
        if truth == "measured":
            whole = measure_truth(kind, cores=options.cores)["pairs"][0]
            true = whole["difference"]
            rows.append({"kind": name, "phantom": "truth", **_bounds(whole)})
        for number in PHANTOMS:
            changes = changes_of(kind, number)
            found = run(f"proof-{name}-{number}", changes, cores=options.cores)
            verdict = found["verdicts"][0]
            false = is_false(
                verdict["kind"], truth, difference=true, margin=found["margin"]
            )
            rows.append(
                {
                    "kind": name,
                    "phantom": number,
                    **_bounds(found["pairs"][0]),
                    "verdict": verdict["kind"],
                    "truth": truth,
                    "false": false,
                }
            )
            write_csv(options.table, pd.DataFrame(rows))
    print(pd.DataFrame(rows).to_string(index=False))
    table = pd.DataFrame(rows)
    if table["false"].eq(True).any():
        sys.exit("a verdict is false")
    for name, part in table[table["truth"].isin(["helped", "hurt"])].groupby("kind"):
        if (part["verdict"] == part["truth"]).sum() < FOUND:
            sys.exit(f"{name}: the true verdict came in fewer than {FOUND} phantoms")


def _bounds(pair: dict[str, Any]) -> dict[str, Any]:
    return {key: pair[key] for key in ("difference", "low", "high", "trainings")}


if __name__ == "__main__":
    main(sys.argv[1:])
