"""The unchanged workflow on a real Slurm gives what it gives on one machine."""

import re

import pytest

from slurm.conftest import rule_of

pytestmark = [pytest.mark.workflow, pytest.mark.slurm]

RESULTS = ("**/scores.json", "**/predictions.csv", "comparison/comparison.json")
WITH_GPU = {"train_unet", "predict_masks", "train_classifier", "predict_classes"}
ON_THE_HEAD_NODE = {
    "audit_images",
    "audit_split",
    "build_bundle",
    "calibrate_arms",
    "collect_predictions",
    "compare_arms",
    "group_lesions",
    "plot_arms",
    "plot_cases",
    "plot_characteristics",
    "plot_classification",
    "plot_comparison",
    "plot_flow",
    "plot_matches",
    "plot_samples",
    "plot_segmentation",
    "score_by_mask",
    "split_dataset",
    "write_headline",
    "write_report",
}


@pytest.fixture(scope="module")
def devices(slurm_run):
    """By job id: the values of CUDA_VISIBLE_DEVICES in its tasks."""
    found = {}
    for job, visible in slurm_run.devices:
        found.setdefault(job, set()).add(visible)
    return found


def test_results_are_those_of_a_local_run_to_the_last_bit(slurm_run, finished):
    local = finished / "results" / "tiny"
    files = [path.relative_to(local) for kind in RESULTS for path in local.glob(kind)]
    assert len(files) == 7
    for file in files:
        on_slurm = (slurm_run.results / file).read_bytes()
        assert on_slurm == (local / file).read_bytes(), file


def test_jobs_with_a_gpu_have_one_each_on_the_gpu_partition(slurm_run, devices):
    jobs = [job for job in slurm_run.jobs if rule_of(job) in WITH_GPU]
    assert {rule_of(job) for job in jobs} == WITH_GPU
    for job in jobs:
        assert job["Partition"] == "gpu"
        assert job["TresPerJob"] == "gres:gpu:1"
        assert job["NumCPUs"] == "1"  # segmentation.threads, classification.threads
        assert devices[job["JobId"]] in ({"0"}, {"1"})


def test_the_other_jobs_have_none_on_the_cpu_partition(slurm_run, devices):
    jobs = [job for job in slurm_run.jobs if rule_of(job) not in WITH_GPU]
    assert {"make_phantom", "pack_images", "score_classes"} <= set(map(rule_of, jobs))
    for job in jobs:
        assert job["Partition"] == "cpu"
        assert "TresPerJob" not in job
        assert devices[job["JobId"]] == {"none"}


def test_tiny_rules_run_on_the_head_node(slurm_run):
    ran = {path.name for path in (slurm_run.results / "logs").iterdir()}
    submitted = {rule_of(job) for job in slurm_run.jobs}
    assert ran - submitted == ON_THE_HEAD_NODE


def test_two_trainings_run_side_by_side_on_two_gpus(slurm_run, devices):
    jobs = slurm_run.together.values()
    # Slurm's word for a job that was held as it ran; it keeps its GPU
    assert {job["JobState"] for job in jobs} == {"STOPPED"}
    gpus = {(job["NodeList"], *devices[job["JobId"]]) for job in jobs}
    assert len(gpus) == 2


def test_a_cancelled_training_goes_on_with_more_memory(slurm_run):
    wildcards = slurm_run.cancelled["Comment"]
    jobs = [job for job in slurm_run.jobs if job["Comment"] == wildcards]
    states = [job["JobState"] for job in jobs]
    assert states == ["CANCELLED", "COMPLETED"]
    assert [job["MinMemoryNode"] for job in jobs] == ["8000M", "16000M"]
    assert [job["TimeLimit"] for job in jobs] == ["08:00:00", "16:00:00"]
    log = slurm_run.results / "logs" / "train_classifier" / "fold0.original.seed1.log"
    assert re.search(r"continues at epoch \d+, step \d+", log.read_text())


def test_no_job_leaves_a_process_behind(cluster, slurm_run):
    for job in slurm_run.jobs:
        assert cluster.processes(SLURM_JOB_ID=job["JobId"]) == []
