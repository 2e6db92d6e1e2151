# What stands around a run - what is written before it, and said after it.
import shutil

import yaml

from lesionlab.slurm import note_head, refuse_left_jobs, wait_for_left_jobs


def wait_if_told():
    """Wait for jobs that a dead head process left; only then is it known what is left."""
    interval = os.environ.get("LESIONLAB_WAIT")
    if interval and workflow.is_main_process:
        try:
            wait_for_left_jobs(Path(RESULTS), interval)
        except LabError as why:
            refuse(why)


def open_run():
    """Refuse to submit again what is in Slurm's queue; write the config."""
    try:
        refuse_left_jobs(Path(RESULTS))
    except LabError as why:
        refuse(why)
    write_effective_config()
    # the plugin's, of Slurm alone
    head = getattr(workflow.scheduler._executor, "run_uuid", None)
    if head:
        note_head(Path(RESULTS), head)


def write_effective_config():
    """Write the merged config beside the results, for people; nothing depends on it."""
    Path(RESULTS).mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    Path(RESULTS, "config.yaml").write_text(text, encoding="utf-8")


def stands(path):
    """Say whether this run made a file, or found it up to date.

    What `--until`, `--omit-from` and other targets left out is not among its jobs.
    """
    made = any(str(path) in job.output for job in workflow.dag.jobs)
    return made and path.exists()


def close_run():
    """Drop the states of finished trainings; say where the report is.

    Without its report a run may not know of a training that finished after its workflow
    died: its state is what it is taken over from.
    """
    page = Path(RESULTS, "report.html")
    if not stands(page):
        return
    for mark in Path(RESULTS, ".state").glob("*/*/finished"):
        shutil.rmtree(mark.parent)
    headline = Path(RESULTS, "comparison/headline.txt").read_text("utf-8")
    print(f"\n{headline}\nReport: {page}", file=sys.stderr)


def explain_failure():
    """Say what is kept and how to go on."""
    print(
        f"\nThe run stopped. Its logs are in {Path(RESULTS, 'logs')}; run the same "
        "command again to go on: finished stages and the progress of trainings are "
        "kept.",
        file=sys.stderr,
    )


wait_if_told()
