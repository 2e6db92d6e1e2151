# What stands around a run - what is written before it, and said after it.
import shutil

import yaml

from lesionlab.files import atomic_path
from lesionlab.host.occupancy import SHARED_BUSY
from lesionlab.host.slurm import note_head, refuse_left_jobs, wait_for_left_jobs
from lesionlab.host.stamp import HEAD, is_of_another_version, scripts_stamp

# stands from the start of a run on results of another version until its report is made
MIXED = Path(RESULTS, ".state", "other_version")


def wait_if_told():
    """Wait for jobs that a dead head process left; only then is it known what is left."""
    interval = os.environ.get("LESIONLAB_WAIT")
    if interval and workflow.is_main_process and runs_jobs():
        try:
            wait_for_left_jobs(Path(RESULTS), interval)
        except LabError as why:
            refuse(why)


def open_run():
    """Hold the results; refuse to submit again what is in Slurm's queue."""
    if workflow.touch:
        return
    occupy(Path(RESULTS))
    hold_shared()
    try:
        refuse_left_jobs(Path(RESULTS), held=None not in HELD)
    except LabError as why:
        refuse(why)
    write_effective_config()
    keep_old_records()
    # the plugin's, of Slurm alone
    head = getattr(workflow.scheduler._executor, "run_uuid", None)
    if head:
        note_head(Path(RESULTS), head)


def hold_shared():
    """Hold what runs share, if jobs make some of it: Snakemake deletes it before them."""
    jobs = workflow.dag.needrun_jobs()
    if any(Path(SHARED) in Path(file).parents for job in jobs for file in job.output):
        try:
            HELD.append(hold_results(Path(SHARED), SHARED_BUSY))
        except LabError as why:
            refuse(why)


def keep_old_records():
    """Keep, where a stage fails, the record of how its last outputs were made.

    Snakemake deletes the outputs, and the record or its old params with them. Where what
    follows still stands it would then find nothing to be done, whatever changed: a
    deleted file is missed only if its record differs.
    """
    records, refused = workflow.persistence, set()
    finished = records.finished

    async def finish(job):
        failed = job in refused or job in workflow.scheduler._toerror
        refused.discard(job)
        if not failed and all([await file.exists() for file in job.output]):
            await finished(job)

    records.finished, records.cleanup = finish, refused.add


def write_effective_config():
    """Write the merged config beside the results, for people; nothing depends on it."""
    stamp, path = scripts_stamp(SCRIPTS), Path(RESULTS, "config.yaml")
    other_version = is_of_another_version(path, stamp) or MIXED.exists()
    if other_version:
        due = {job.rule for job in workflow.dag.needrun_jobs() if job.output}
        stale = [rule.name for rule in workflow.rules if rule in due]
        print(
            f"{RESULTS}: made by another version of LesionLab; what it changes runs "
            f"again: {', '.join(stale)}",
            file=sys.stderr,
        )
    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    try:
        if other_version:
            MIXED.touch()
        with atomic_path(path) as draft:
            draft.write_text(f"{HEAD}{stamp}\n{text}", encoding="utf-8")
    except OSError as why:
        refuse(f"{path}: cannot be written ({why.strerror}); make room and run again")


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
    if workflow.touch or not stands(page):
        return
    MIXED.unlink(missing_ok=True)
    for mark in Path(RESULTS, ".state").glob("*/*/finished"):
        shutil.rmtree(mark.parent)
    headline = Path(RESULTS, "comparison/headline.txt").read_text("utf-8")
    print(f"\n{headline}\nReport: {page}", file=sys.stderr)


def explain_failure():
    """Say what is kept and how to go on."""
    if workflow.touch:
        return
    print(
        f"\nThe run stopped. Its logs are in {Path(RESULTS, 'logs')}; run the same "
        "command again to go on: finished stages and the progress of trainings are "
        "kept.",
        file=sys.stderr,
    )


wait_if_told()
