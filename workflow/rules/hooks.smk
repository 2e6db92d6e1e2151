# What stands around a run - what is written before it, and said after it.
import shutil

import yaml


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
