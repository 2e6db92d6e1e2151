"""Only stale stages rebuild: every config key, every module, no touch, no move."""

import os
import shutil
import textwrap
from functools import cache

import pytest
import yaml

from lesionlab.codedigest import code_digest, imported_modules
from workflow.alternatives import (
    ALTERNATIVES,
    FOLDER_ONLY,
    NOT_CHANGED,
    TOGETHER_WITH,
    leaf_keys,
    nest,
)
from workflow.runner import (
    TINY,
    copy_checkout,
    dry_run,
    first_stale,
    overlay,
    run_workflow,
    stale_rules,
)

pytestmark = pytest.mark.workflow

HEAD = """# The rerun contract

Which stages a change of the config makes stale, measured by `make contract` on a
finished run of two arms and checked by the tests. A stage that is not named keeps its
result.

What is not in the config: an edit of a script or library module makes stale the stages
that import it, and what follows them, but an edit among the arms only the arm that runs
what was edited; a replaced photograph makes `index_images` and all that follows stale;
comments, docstrings, `touch`, a fresh checkout and a copy of the photographs elsewhere
make nothing stale. `run` names another folder of results, in which every stage runs."""


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished run, to edit."""
    return shutil.copytree(finished, tmp_path / "copy", symlinks=True)


def measure(checkout, folder_config, path):
    """For every key, the rules that another value makes stale."""
    table = {}
    for key, value in ALTERNATIVES.items():
        change = overlay(path, nest(key, value))
        configs = (*(folder_config if key in FOLDER_ONLY else (TINY,)), change)
        if key in TOGETHER_WITH:
            configs += (overlay(path.with_name("with.yaml"), TOGETHER_WITH[key]),)
        table[key] = stale_rules(dry_run(checkout, configs=configs))
    return table


def write_table(table):
    """Say it once for all the keys that make the same stages stale."""
    order = ["fetch_imagenet", *table["dataset.phantom.lesions"]]
    at = order.index("train_unet")
    order[at:at] = ["train_segmenter", "predict_lesions"]
    keys_of = {}
    for key, rules in table.items():
        stale = tuple(sorted(rules, key=order.index))
        keys_of.setdefault(stale, []).append(f"`{key}`")
    lines = [HEAD]
    for stale, keys in sorted(keys_of.items(), key=lambda item: -len(item[0])):
        names = f"{', '.join(stale) or 'nothing'}."
        count = f"{len(stale)} stale stage{'s' * (len(stale) != 1)}"
        head = f"{count}, from {stale[0]} on" if stale else "Nothing is stale"
        lines.append(f"## {head}")
        facts = (f"Changed: {', '.join(keys)}.", f"Stale: {names}")
        lines += [textwrap.fill(fact, 88, break_on_hyphens=False) for fact in facts]
    return "\n\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def contract(finished_folds, folder_config, tmp_path_factory):
    data = finished_folds / "results" / "tiny"
    shutil.copytree(data / "phantom", finished_folds / "elsewhere")
    path = tmp_path_factory.mktemp("change") / "change.yaml"
    return measure(finished_folds, folder_config, path)


def test_every_key_of_the_config_is_measured(repository):
    config = yaml.safe_load((repository / "config.yaml").read_text())
    assert set(leaf_keys(config)) == {*ALTERNATIVES, *NOT_CHANGED}


def test_the_document_says_what_was_measured(contract, repository, request):
    path = repository / "docs" / "rerun-contract.md"
    if request.config.getoption("--write-contract"):
        path.write_text(write_table(contract))
    assert path.read_text() == write_table(contract)


def test_what_users_count_on(contract):
    for key, rules in contract.items():
        if key.startswith("classification."):
            assert "train_unet" not in rules, key
        if key.startswith("report."):
            assert not [r for r in rules if not r.startswith(("plot_", "write_"))], key
        if key.startswith("comparison."):
            assert not [r for r in rules if r.startswith(("train_", "predict_"))], key
    assert contract["report.title"] == ["write_report"]
    assert contract["dataset.path"] == []
    assert set(contract["classification.learning_rate"]) >= {
        "train_classifier",
        "compare_arms",
        "write_report",
    }


def test_a_unet_option_never_retrains_the_original_arm(finished, tmp_path):
    change = overlay(tmp_path / "x.yaml", nest("segmentation.learning_rate", 0.1))
    printed = dry_run(finished, configs=(TINY, change))
    assert "arm=segmented, seed=seed1" in printed
    assert "arm=original" not in printed


@pytest.mark.parametrize(
    "change",
    [
        {"segmentation": {"height": 48, "width": 32}},
        {"classification": {"augmentation": {"flips": False, "rotations": True}}},
        {"segmentation": {"shuffle": False, "flips": True}},
        {"dataset": {"phantom": {"width": 72, "height": 96}}},
    ],
)
def test_swapped_values_and_flipped_booleans_are_seen(finished, tmp_path, change):
    path = overlay(tmp_path / "x.yaml", change)
    assert stale_rules(dry_run(finished, configs=(TINY, path)))


def test_a_finished_run_has_nothing_to_do(finished):
    assert stale_rules(dry_run(finished)) == []


def test_a_finished_run_moves_into_a_fresh_checkout(finished, tmp_path):
    fresh = copy_checkout(finished, tmp_path / "fresh")
    for path in fresh.rglob("*.py"):
        os.utime(path)
    for part in ("results", ".snakemake"):
        shutil.copytree(finished / part, fresh / part, symlinks=True)
    assert stale_rules(dry_run(fresh)) == []


def modules(repository):
    package = repository / "workflow" / "scripts" / "lesionlab"
    return sorted(path for path in package.rglob("*.py") if path.stat().st_size)


def test_an_edited_module_makes_stale_exactly_its_importers(copy):
    scripts = copy / "workflow" / "scripts"
    rules = sorted(set(stale_rules(dry_run(copy, "--forceall"))))
    importers = {rule: imported_modules(scripts / f"{rule}.py") for rule in rules}
    before = {rule: code_digest(scripts / f"{rule}.py") for rule in rules}

    @cache
    def follow(*first):
        """Rules that are stale where these are: the same for many modules."""
        return sorted(stale_rules(dry_run(copy, "--forcerun", *first))) if first else []

    for module in modules(copy):
        if module.name == "arms.py":  # seen arm by arm: see test_arms.py
            continue
        expected = [rule for rule in rules if module in importers[rule]]
        forced = follow(*expected)
        text = module.read_text()
        module.write_text(text + "\nEDITED = 1\n")
        after = {rule: code_digest(scripts / f"{rule}.py") for rule in rules}
        assert [rule for rule in rules if after[rule] != before[rule]] == expected
        assert sorted(stale_rules(dry_run(copy))) == forced, module.name
        module.write_text(text)


def test_comments_docstrings_and_touch_make_nothing_stale(copy):
    for path in (copy / "workflow").rglob("*.py"):
        text = path.read_text()
        path.write_text(text.replace('"""', '"""Edited. ', 1) + "\n# a comment\n")
    assert stale_rules(dry_run(copy)) == []


STAGE = "    run_stage(main)\n"
FAILS = '    assert "FAILS" not in __import__("os").environ\n'
FAILURES = {
    "before it wrote": FAILS + STAGE,
    "after it wrote": STAGE + FAILS,
    "by writing nothing": f"    {FAILS.strip().replace('assert', 'if')}:\n    {STAGE}",
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_stage_that_failed_is_due_though_all_that_follows_stands(copy, failure):
    script = copy / "workflow/scripts/tune_threshold.py"
    text = script.read_text()
    script.write_text(text.replace(STAGE, FAILURES[failure]))
    assert run_workflow(copy, check=False, FAILS="now").returncode != 0
    assert not (copy / "results/tiny/fold0/segmentation/threshold.json").exists()
    assert first_stale(dry_run(copy)) == {"tune_threshold"}
    assert "write_report" in stale_rules(dry_run(copy))
    script.write_text(text)
    assert stale_rules(dry_run(copy)) == []  # what follows is of this code


def test_one_replaced_photograph_is_seen(finished_folds, folder_config, tmp_path):
    copy = shutil.copytree(finished_folds, tmp_path / "copy", symlinks=True)
    data = copy / "results" / "tiny" / "phantom"
    moved = overlay(tmp_path / "moved.yaml", {"dataset": {"path": str(data)}})
    configs = (*folder_config, moved)
    assert stale_rules(dry_run(copy, configs=configs)) == []
    first, second = sorted((data / "images").iterdir())[:2]
    first.write_bytes(second.read_bytes())
    assert first_stale(dry_run(copy, configs=configs)) == {"index_images"}
