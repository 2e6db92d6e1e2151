"""Run the workflow in a copy of this checkout, and ask what a change makes stale."""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from filelock import FileLock
from snakemake.cli import main as snakemake

from lesionlab.files import sha256_file

PARTS = (
    "Snakefile",
    "config.yaml",
    "config",
    "workflow",
    "profiles",
    "presets",
    "envs",
    "pyproject.toml",
)
TINY = Path(__file__).with_name("tiny.yaml")
RESULTS = ("*.json", "*.csv", "*.npy", "*.safetensors", "*.h5", "*.png")


def copy_checkout(repository, target):
    """Copy what Snakemake reads, and nothing that a run left behind."""
    target.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = repository / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
            shutil.copytree(source, target / part, ignore=ignored)
        else:
            shutil.copy2(source, target / part)
    return target


def copy_data(finished, target):
    """Copy a finished checkout without what was learned from its photographs."""
    run, learned = finished / "results/tiny", {"fold0", "comparison", "report.html"}

    def leave_out(folder, names):
        return learned.intersection(names) if Path(folder) == run else ()

    return shutil.copytree(finished, target, symlinks=True, ignore=leave_out)


def made_once(tmp_path_factory, name, make):
    """Give the folder that the first process to ask for it makes for all of them."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, made = base / name, base / f"{name}.made"
    with FileLock(base / f"{name}.lock"):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            made.touch()
    return folder


def run_workflow(checkout, *arguments, configs=(TINY,), check=True, **environment):
    """Run Snakemake as a user does; give what it printed."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    command += ["--configfile", *map(str, configs)] if configs else []
    done = subprocess.run(
        command,
        cwd=checkout,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
        check=False,
    )
    if check:
        assert done.returncode == 0, done.stdout[-6000:]
    return done


def dry_run(checkout, *arguments, configs=(TINY,)):
    """Ask in this process, which is ten times faster, what would run."""
    printed = io.StringIO()
    command = ["-n", "--cores", "2", *arguments, "--configfile", *map(str, configs)]
    with (
        contextlib.chdir(checkout),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        pytest.raises(SystemExit) as end,
    ):
        snakemake(command)
    assert end.value.code == 0, printed.getvalue()[-3000:]
    return printed.getvalue()


def stale_rules(printed):
    """Rules that a dry run would run, in the order of its table, without targets."""
    if "Nothing to be done" in printed:
        return []
    table = re.search(r"^job +count\n[- ]+\n(.*?)^total", printed, re.M | re.S)
    names = [line.split()[0] for line in table[1].splitlines() if line.strip()]
    return [name for name in names if name != "all"]


def first_stale(printed):
    """Rules that a dry run would run because their own params changed."""
    found = re.search(r"params have changed since last execution:\n +(.*)", printed)
    return set(found[1].split(", ")) if found else set()


def asked_resources(printed):
    """By rule: the resources that a job of it asks for in a dry run."""
    job = re.compile(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)$", re.M)
    return {
        rule: dict(pair.split("=", 1) for pair in resources.split(", "))
        for rule, resources in job.findall(printed)
    }


def overlay(path, changes):
    """Write a config file."""
    path.write_text(yaml.safe_dump(changes, sort_keys=False))
    return path


def result_digests(checkout):
    """SHA-256 of every score, table, array, model and picture of the tiny run."""
    run = checkout / "results" / "tiny"
    skipped = (run / "benchmarks", run / ".state")
    return {
        str(path.relative_to(run)): sha256_file(path)
        for pattern in RESULTS
        for path in run.rglob(pattern)
        if not any(folder in path.parents for folder in skipped)
    }
