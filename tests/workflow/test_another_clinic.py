"""A clinic is tested by networks that were trained at others."""

import shutil

import pytest

from lesionlab.files import read_csv, read_json
from workflow.runner import (
    TINY,
    copy_checkout,
    dry_run,
    overlay,
    run_workflow,
    stale_rules,
)

pytestmark = pytest.mark.workflow

AUDIT = "results/clinic/split/audit.json"


@pytest.fixture(scope="module")
def clinics(finished, tmp_path_factory):
    """A checkout, and configs that hold out one of the clinics of a data root."""
    folder = tmp_path_factory.mktemp("clinics")
    root = shutil.copytree(finished / "results/tiny/phantom", folder / "data")
    table = root / "HAM10000_metadata.csv"
    rows = read_csv(table)
    where = rows["lesion_id"].factorize()[0] % 2
    rows.assign(dataset=[("vienna", "queensland")[w] for w in where]).to_csv(
        table, index=False
    )
    checkout = copy_checkout(finished, folder / "checkout")

    def hold_out(name):
        few = {"train": {"MEL": 5, "NV": 5, "Other_SC": 5}, "valid": 12}
        split = {"protocol": "source", "sources": [name], "classification": few}
        data = {"source": "folder", "path": str(root)}
        change = {"run": "clinic", "dataset": data, "split": split}
        return TINY, overlay(folder / f"{name}.yaml", change)

    return checkout, hold_out


def test_it_is_tested_whole_and_another_one_splits_anew(clinics):
    checkout, hold_out = clinics
    run_workflow(checkout, AUDIT, configs=hold_out("queensland"))
    results = checkout / "results" / "clinic"
    source = read_csv(results / "data/images.csv").set_index("image_id")["dataset"]
    split = read_csv(results / "split/split.csv")
    tested = split["task"].eq("classification") & split["set"].eq("test")
    assert set(split.loc[tested, "image_id"]) == set(source.index[source != "vienna"])
    assert set(split.loc[~tested, "image_id"].map(source)) == {"vienna"}
    audit = read_json(checkout / AUDIT)
    assert (audit["sources"], audit["leaks"]) == (["queensland"], False)
    printed = dry_run(checkout, AUDIT, configs=hold_out("vienna"))
    assert stale_rules(printed) == ["split_dataset", "audit_split"]


def test_one_that_is_not_in_the_metadata_ends_in_one_line(clinics):
    checkout, hold_out = clinics
    done = run_workflow(checkout, AUDIT, configs=hold_out("wien"), check=False)
    assert done.returncode != 0
    line = "split_dataset: split.sources: 'wien' is no source; one of queensland, "
    assert line in done.stdout
    assert "Traceback" not in done.stdout
