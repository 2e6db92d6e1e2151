"""What is said of jobs that an earlier head process left in Slurm's queue."""

import pytest

from lesionlab.errors import LabError
from lesionlab.host.slurm import (
    list_left_jobs,
    note_head,
    refuse_left_jobs,
    wait_for_left_jobs,
)

QUEUE = """#!/bin/sh
cat <<'END'
{lines}
END
"""


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """Set what ``squeue`` prints, or the whole program."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")

    def put(*lines, program=QUEUE):
        squeue = programs / "squeue"
        squeue.write_text(program.format(lines="\n".join(lines)))
        squeue.chmod(0o755)

    return put


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "results" / "tiny"
    note_head(folder, "head-1")
    note_head(folder, "head-2")
    return folder


def heads(run):
    return sorted(file.name for file in (run / ".slurm").iterdir())


def test_jobs_of_this_run_are_named_and_those_of_others_are_not(run, queue):
    queue(
        "7|head-1|RUNNING|rule_train_unet_wildcards_fold0",
        "8|head-1|PENDING|rule_make_phantom",
        "9|another|RUNNING|rule_train_unet_wildcards_fold0",
        "a comment of two lines",
    )
    with pytest.raises(LabError) as refused:
        refuse_left_jobs(run, held=True)
    assert str(refused.value) == (
        f"slurm: jobs of an earlier call for {run} still run or wait: 7 train_unet "
        "fold0 (running), 8 make_phantom (pending); wait until they end, or set "
        "LESIONLAB_WAIT=30 to let this call wait for them, or cancel them: scancel 7 8"
    )
    assert heads(run) == ["head-1"]  # of the other nothing is left: it is forgotten


def test_of_many_jobs_the_first_are_named(run, queue):
    queue(*(f"{number}|head-2|PENDING|rule_score" for number in range(12)))
    with pytest.raises(LabError, match=r"9 score \(pending\), and 2 more; wait until"):
        refuse_left_jobs(run, held=True)


def test_results_taken_to_a_machine_without_slurm_are_not_refused(run, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    refuse_left_jobs(run, held=True)
    assert heads(run) == ["head-1", "head-2"]


def test_a_run_that_never_was_on_slurm_does_not_ask_it(run, queue):
    queue(program="#!/bin/sh\nexit 1\n")
    assert list_left_jobs(run.with_name("other")) == []


def test_an_empty_queue_forgets_all(run, queue):
    queue()
    refuse_left_jobs(run, held=True)
    assert heads(run) == []


def test_a_head_that_may_live_is_not_forgotten(run, queue):
    """Between two of its jobs it has nothing in the queue."""
    queue()
    assert list_left_jobs(run) == []
    wait_for_left_jobs(run, "20")
    refuse_left_jobs(run, held=False)
    assert heads(run) == ["head-1", "head-2"]


def test_a_queue_that_does_not_answer_is_no_empty_queue(run, queue):
    program = "#!/bin/sh\necho 'Unable to contact slurm controller' >&2\nexit 1\n"
    queue(program=program)
    with pytest.raises(LabError, match=r"\(Unable to contact .*\); try again later"):
        refuse_left_jobs(run, held=True)
    assert heads(run) == ["head-1", "head-2"]


def test_waiting_ends_with_the_last_job(run, queue, capsys):
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 2:
            queue()

    queue("7|head-1|RUNNING|rule_train_unet_wildcards_fold0")
    wait_for_left_jobs(run, "20", sleep=sleep)
    assert slept == [20, 20]
    assert capsys.readouterr().err == (
        "slurm: waits for jobs of an earlier call: 7 train_unet fold0 (running)\n"
    )


@pytest.mark.parametrize("interval", ["yes", "0", "-3", "1.5", "²"])
def test_an_interval_that_is_none_is_refused(run, interval):
    with pytest.raises(
        LabError, match=r"^LESIONLAB_WAIT: '.*' is not allowed; a whole"
    ):
        wait_for_left_jobs(run, interval)
