# What all the rule files use - the checked config, code digests, options, file lists.
import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path

import yaml

SCRIPTS = Path(workflow.basedir, "workflow", "scripts")
sys.path.insert(0, str(SCRIPTS))

from lesionlab.classification.variant import weights_variant
from lesionlab.codedigest import code_digest
from lesionlab.config import check_config, drop_nulls
from lesionlab.data.layout import check_layout, contents_digest
from lesionlab.errors import LabError


def refuse(why):
    """Stop with one line: a WorkflowError would add the calls that led here."""
    sys.exit(str(why))


def check():
    """Check the merged config against the schema."""
    schema = Path(workflow.basedir, "workflow", "schemas", "config.schema.yaml")
    try:
        check_config(config, yaml.safe_load(schema.read_text(encoding="utf-8")))
    except LabError as why:
        refuse(why)
    check_weights(config["classification"])


def check_weights(wanted):
    """Check the file of initial weights, if one is named."""
    weights, variant = wanted["weights"], wanted["weights_variant"]
    if weights == "imagenet" and variant == "v1":
        refuse(
            "config: classification.weights_variant: v1: imagenet is torchvision's "
            "v1.5; set it to null"
        )
    if weights in ("none", "imagenet"):
        return
    if not Path(weights).is_file():
        refuse(
            f"config: classification.weights: {weights}: no such file; name one, or "
            "imagenet, or none"
        )
    try:
        weights_variant(Path(weights), variant)
    except LabError as why:
        refuse(f"config: {why}")


def data_root():
    """Find the folder of the photographs; where it lies is never tracked."""
    dataset = config["dataset"]
    if dataset["source"] == "phantom":
        return f"results/{config['run']}/phantom"
    root = dataset["path"] or os.environ.get("HAM10000_DIR")
    if not root:
        refuse(
            "config: dataset.path is null and HAM10000_DIR is not set; "
            "name the folder of HAM10000 in one of them"
        )
    root = Path(root).expanduser()
    try:
        check_layout(root)
    except LabError as why:
        refuse(why)
    return str(root)


check()
DATA_ROOT = data_root()

FOLDS = [
    f"fold{number}"
    for number in range(
        config["split"]["folds"] if config["split"]["protocol"] == "kfold" else 1
    )
]
ARMS = list(config["classification"]["arms"])
SEEDS = [f"seed{number}" for number in config["classification"]["seeds"]]
# arms that show the lesion cut out by a predicted mask, and what they stand beside
CUT_ARMS = [a for a in ARMS if a in ("original", "segmented", "segmented_true")]
CLASSES = drop_nulls(config["dataset"]["classes"])
UNET_ENVIRONMENT = f"../../envs/{config['segmentation']['backend']}.yaml"
CLASSIFIER_KEYS = sorted(set(config["classification"]) - {"arms", "seeds"})


wildcard_constraints:
    fold="fold[0-9]+",
    arm="[a-z_]+",
    seed="seed[0-9]+",


def code(script, *packages):
    """Digest the code that a stage runs, the first of its two tracked params."""
    return code_digest(SCRIPTS / script, packages)


def pick(section, *keys, **more):
    """Collect the options of a stage, the second of its two tracked params.

    One dict with sorted keys, since Snakemake compares params as a set of values
    without their names: two swapped values would not be seen.
    """
    return dict(sorted({**{key: section[key] for key in keys}, **more}.items()))


def photographs_digest():
    """Digest the raw data, so that one replaced photograph is seen."""
    root = Path(DATA_ROOT)
    name = sha256(str(root.resolve()).encode()).hexdigest()[:16]
    return contents_digest(root, Path("results/.shared/digests", f"{name}.csv"))


def split_sizes():
    """Sizes of every set; kfold has no test size, a null drops a class."""
    sizes = {}
    for task in ("classification", "segmentation"):
        wanted = dict(config["split"][task])
        if config["split"]["protocol"] == "kfold" and task == "classification":
            del wanted["test"]
        sizes[task] = {
            name: drop_nulls(size) if isinstance(size, dict) else size
            for name, size in wanted.items()
        }
    return sizes


def untracked(value):
    """Make a param that Snakemake does not compare: a function of the input is not."""
    return lambda wildcards, input: value


def workers(wildcards, threads):
    """Number of threads of a rule whose result does not depend on it."""
    return threads


def grow(amount):
    """Ask for more memory or time at each attempt: the first may have lacked it."""
    return lambda wildcards, attempt: amount * attempt


def state_folder(rule):
    """Folder of the training state: outside the outputs, which Snakemake deletes."""
    return untracked(f"results/{config['run']}/.state/{rule}")


def arm_pictures(wildcards):
    """Manifest of an arm's pictures; arm `original` reads the photographs."""
    if wildcards.arm == "original":
        return {}
    manifest = "results/<run>/{fold}/images/{arm}/manifest.csv"
    return {"manifest": manifest.replace("<run>", config["run"])}


def initial_weights(wildcards):
    """Files that the classifier starts from: none for random weights."""
    weights = config["classification"]["weights"]
    if weights == "none":
        return {}
    if weights == "imagenet":
        return dict(rules.fetch_imagenet.output.items())
    facts = Path(weights).with_suffix(".json")
    beside = {"facts": str(facts)} if facts.exists() else {}
    return {"weights": weights, **beside}


def outcome():
    """Name what is classified: the classes in order and the positive one."""
    positive = config["dataset"]["positive_class"]
    return {"classes": list(CLASSES), "positive_class": positive}


def by_mask(wildcards):
    """Table of the arms by mask: where arm segmented was run."""
    if "segmented" not in ARMS:
        return {}
    return {"by_mask": rules.score_by_mask.output.table}


def phantom_truth():
    """Name where the class of a phantom shows; nothing of photographs."""
    if config["dataset"]["source"] != "phantom":
        return {}
    phantom = config["dataset"]["phantom"]
    return {"signal": phantom["signal"], "strength": phantom["strength"]}


def config_files():
    """Config files of the command line, for the command that the answer may name."""
    own = Path(workflow.basedir, "config.yaml").resolve()
    named = map(Path, workflow.configfiles)
    return [str(path) for path in named if path.resolve() != own]


def per_run(pattern):
    """Fill a pattern with every fold, arm and seed of this run."""
    return expand(pattern, fold=FOLDS, arm=ARMS, seed=SEEDS)


def per_run_keys():
    """List arm, fold and seed in the order of :func:`per_run`."""
    return [key.split() for key in per_run("{arm} {fold} {seed}")]


def results():
    """Folder of this run."""
    return Path("results", config["run"])


def write_effective_config():
    """Write the merged config beside the results, for people; nothing depends on it."""
    results().mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    Path(results(), "config.yaml").write_text(text, encoding="utf-8")


def close_run():
    """Drop the states of finished trainings; say where the report is.

    With another target the report that stands there may be an older one, and a training
    may have finished without its workflow: its state is what it is taken over from.
    """
    page = Path(results(), "report.html")
    targets = set(workflow.dag_settings.targets)
    if targets and not targets & {"all", str(page)}:
        return
    for mark in Path(results(), ".state").glob("*/*/finished"):
        shutil.rmtree(mark.parent)
    headline = Path(results(), "comparison/headline.txt")
    shown = headline.read_text("utf-8") if headline.exists() else ""
    print(f"\n{shown}\nReport: {page}", file=sys.stderr)


def explain_failure():
    """Say what is kept and how to go on."""
    logs = Path(results(), "logs")
    print(
        f"\nThe run stopped. Its logs are in {logs}; run the same command again to go "
        "on: finished stages and the progress of trainings are kept.",
        file=sys.stderr,
    )
