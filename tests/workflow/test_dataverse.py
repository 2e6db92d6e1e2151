"""Source dataverse, from a server on the loopback to the image table."""

import pytest

from lesionlab.files import read_csv
from unit.dataverse_server import MASKS, PART_1, PART_2, PHOTOGRAPHS, publish, running
from workflow.runner import (
    TINY,
    copy_checkout,
    dry_run,
    overlay,
    run_workflow,
    stale_rules,
)

pytestmark = pytest.mark.workflow

MANIFEST, TABLE = "results/.shared/ham10000.csv", "results/tiny/data/index.csv"


@pytest.fixture(scope="module")
def server():
    """A Dataverse on the loopback, with a small HAM10000."""
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def configs(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "dataverse.yaml"
    return (TINY, overlay(path, {"dataset": {"source": "dataverse"}}))


@pytest.fixture(scope="module")
def fetched(repository, server, configs, tmp_path_factory):
    """A checkout for which the small data are the published ones; refused once."""
    checkout = copy_checkout(repository, tmp_path_factory.mktemp("fetched"))
    module = checkout / "workflow/scripts/lesionlab/dataverse/published.py"
    module.write_text(f"{module.read_text()}\nFILES = {publish(server.files)!r}\n")
    server.misbehave(PART_2, 403)
    failed = run_workflow(
        checkout,
        MANIFEST,
        configs=configs,
        check=False,
        HAM10000_SERVER=server.address,
    )
    left = sorted(path.name for path in (checkout / "results/.shared").iterdir())
    done = run_workflow(
        checkout, MANIFEST, configs=configs, HAM10000_SERVER=server.address
    )
    return checkout, failed, left, done


def test_a_refusal_is_one_line_and_leaves_no_photograph(fetched):
    _, failed, left, _ = fetched
    assert failed.returncode != 0
    assert "fetch_dataverse: http://127.0.0.1:" in failed.stdout
    assert "the server refuses it (HTTP 403)" in failed.stdout
    assert "Traceback" not in failed.stdout
    assert not {"ham10000", "ham10000.csv"} & set(left)


@pytest.mark.usefixtures("fetched")
def test_what_came_before_a_failed_job_is_not_asked_for_again(server):
    counts = {name: len(server.requests_for(name)) for name in server.files}
    assert counts[PART_2] == 2
    assert all(count == 1 for name, count in counts.items() if name != PART_2)


def test_the_manifest_names_what_was_unpacked(fetched):
    checkout, *_ = fetched
    files = read_csv(checkout / MANIFEST)["file"]
    assert len(files) == 1 + 2 * PHOTOGRAPHS
    assert all(
        (checkout / "results/.shared/ham10000" / file).is_file() for file in files
    )
    folders = {file.split("/")[0] for file in files if "/" in file}
    assert folders == {MASKS[:-4], PART_1[:-4], PART_2[:-4]}
    log = checkout / "results/.shared/logs/fetch_dataverse/fetch_dataverse.log"
    assert "licensed CC BY-NC 4.0" in log.read_text()


def test_it_is_fetched_once_and_the_table_is_made_of_it(fetched, configs):
    checkout, *_ = fetched
    assert stale_rules(dry_run(checkout, MANIFEST, configs=configs)) == []
    assert stale_rules(dry_run(checkout, TABLE, configs=configs)) == ["index_images"]


def test_the_image_table_holds_every_photograph(fetched, configs):
    checkout, *_ = fetched
    run_workflow(checkout, TABLE, configs=configs)
    images = read_csv(checkout / TABLE)
    assert len(images) == PHOTOGRAPHS
    assert set(images["dx"]) == {"mel", "nv", "df"}
    assert images["lesion_id"].nunique() < PHOTOGRAPHS
    assert images["mask_fraction"].between(0.1, 0.2).all()
