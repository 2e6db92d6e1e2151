# What all the rule files use - the checked config, code digests, options, file lists.
import json
import math
from hashlib import sha256


from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from lesionlab.classification.arms import ARMS as KNOWN_ARMS
from lesionlab.classification.scope import RUN, arm_scope
from lesionlab.codedigest import code_digest
from lesionlab.config import drop_nulls, recipe_of, seeds_of_arms
from lesionlab.devices import list_gpus
from lesionlab.host.machine import memory_mb
from lesionlab.sources.contents import contents_digest, files_digest
from lesionlab.sources.layout import find_layout


def filled(handed_over):
    """Fill in what the importer of this module, who hands over a config, leaves out."""
    defaults = load_configfile(own("config.yaml"))
    update_config(defaults, handed_over)
    return defaults


def has_other_config():
    """Say whether the working directory has a config of its own."""
    here = Path("config.yaml")
    return here.is_file() and not here.samefile(own("config.yaml"))


def data_root():
    """Find the folder of the photographs; where it lies is never tracked."""
    dataset = config["dataset"]
    if dataset["source"] == "phantom":
        return f"{RESULTS}/phantom"
    if dataset["source"] == "dataverse":
        return f"{SHARED}/ham10000"
    root = dataset["path"] or os.environ.get("HAM10000_DIR")
    if not root:
        refuse(
            "config: dataset.path is null and HAM10000_DIR is not set; "
            "name the folder of HAM10000 in one of them"
        )
    root = Path(root).expanduser()
    if workflow.is_main_process:  # a job need not look again
        try:
            check_encodable(str(root))
            find_layout(root)
        except LabError as why:
            refuse(why)
    return str(root)


def placed(path):
    """Say where a path of the rules is: a module may have a prefix, or another run."""
    filled_in = workflow.pathvars.apply(path)
    return str(workflow.modifier.path_modifier.replace_prefix(filled_in))


def share_machine():
    """Let jobs run side by side as far as this machine's memory and GPUs reach.

    Snakemake counts cores alone. What the command line or a profile limits stays, and
    a job that asks for more than all there is gets all there is.
    """
    limits = {"mem_mb": memory_mb()}
    if GPUS:
        limits["gpu"] = len(GPUS)
    for name, limit in limits.items():
        if name not in workflow.global_resources:
            workflow.register_resource(name, limit)


if workflow.modifier.skip_configfile:
    config = filled(config)
elif workflow.modifier.is_main_snakefile() and has_other_config():

    # of the working directory, where that is not the checkout
    configfile: "config.yaml"


check()


pathvars:
    run=config["run"],


RESULTS = placed("results/<run>")
SHARED = placed("results/.shared")
if workflow.is_main_process:
    check_results(Path(RESULTS))
DATA_ROOT = data_root()

# False where a scheduler such as Slurm hands out memory and GPUs, and inside a job
SHARES = workflow.is_main_process and workflow.resource_settings.nodes is None
GPUS = list_gpus() if SHARES else []
if SHARES:
    share_machine()

# of protocol `leak`, how each fold is trained for the same test photographs
WAYS = {"fold0": "grouped", "fold1": "image"}
LEAK = config["split"]["protocol"] == "leak"
NUMBER_OF_FOLDS = {"kfold": config["split"]["folds"], "leak": len(WAYS)}
FOLDS = [
    f"fold{number}"
    for number in range(NUMBER_OF_FOLDS.get(config["split"]["protocol"], 1))
]
# sources that are tested and not trained on, of protocol `source` alone
HELD_OUT = config["split"]["sources"] if config["split"]["protocol"] == "source" else []
ARMS = list(config["classification"]["arms"])
# arms that show the lesion cut out by a predicted mask, and what they stand beside
CUT_ARMS = [a for a in ARMS if a in ("original", "segmented", "segmented_true")]
# folds whose U-Net some arm waits for, or none
UNET_FOLDS = FOLDS if any(KNOWN_ARMS[arm].mask == "predicted" for arm in ARMS) else []
RENDERED = [arm for arm in ARMS if arm != "original"]  # which shows the photographs
SEEDS = {
    arm: [f"seed{number}" for number in seeds]
    for arm, seeds in seeds_of_arms(config["classification"]).items()
}
CLASSES = drop_nulls(config["dataset"]["classes"])
# the networks that find lesions: two scripts, one contract
SEGMENTER_RULES = (
    "unet.smk" if config["segmentation"]["model"] == "unet" else "segmenter.smk"
)
SEGMENTER_KEYS = sorted(set(config["segmentation"]) - {"backend", "test_time_flips"})
OF_SMP = {"model", "encoder", "encoder_weights", "compile"}
UNET_KEYS = sorted(set(SEGMENTER_KEYS) - OF_SMP | {"backend"})
UNET_ENVIRONMENT = f"../../envs/{config['segmentation']['backend']}.yaml"
UNET_PIXELS = math.prod(
    config["segmentation"][key] for key in ("height", "width", "batch_size")
)
# MB, and bytes a pixel of a batch: see docs/performance.md
UNET_MEMORY = {"tensorflow": (1500, 2000), "torch": (2200, 3500)}


wildcard_constraints:
    fold="fold[0-9]+",
    arm="|".join(KNOWN_ARMS),
    scope=f"{RUN}|fold[0-9]+",
    seed="seed[0-9]+",


def code(script, *packages, arm=None):
    """Digest the code that a stage runs, the first of its two tracked params.

    Of the arms it sees the one that is named: another one, added or edited, is not run.
    """
    parts = {"lesionlab.classification.arms": arm} if arm else {}
    return code_digest(SCRIPTS / script, packages, parts)


def pick(section, *keys, **more):
    """Collect the options of a stage, the second of its two tracked params.

    One dict with sorted keys, since Snakemake compares params as a set of values
    without their names: two swapped values would not be seen.
    """
    return dict(sorted({**{key: section[key] for key in keys}, **more}.items()))


def made_photographs():
    """Name the manifest of photographs that a rule of this workflow makes, if one does."""
    manifests = {
        "phantom": "results/<run>/data/phantom.csv",
        "dataverse": "results/.shared/ham10000.csv",
    }
    source = config["dataset"]["source"]
    return {"manifest": manifests[source]} if source in manifests else {}


def photographs_digest():
    """Digest the raw data, so that one replaced photograph is seen."""
    root = Path(DATA_ROOT)
    name = sha256(str(root.resolve()).encode()).hexdigest()[:16]
    try:
        return contents_digest(root, Path(SHARED, "digests", f"{name}.csv"))
    except LabError as why:
        refuse(why)


def split_sizes():
    """Sizes of every set; some protocols have no test size, a null drops a class."""
    given = config["split"]["protocol"] in ("kfold", "source")
    sizes = {}
    for task in ("classification", "segmentation"):
        wanted = dict(config["split"][task])
        if given and task == "classification":
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


def training_memory(fixed, per_pixel, pixels):
    """Ask for a training's memory: MB, and bytes for each pixel of a batch.

    That was measured on a CPU. With a GPU the batch lies there, and 8 GB are asked for,
    whatever its size: this was not measured.
    """
    on_cpu = SHARES and not GPUS
    return grow(fixed + per_pixel * pixels // 10**6 if on_cpu else 8000)


def state_folder(rule):
    """Folder of the training state: outside the outputs, which Snakemake deletes."""
    return untracked(f"{RESULTS}/.state/{rule}")


def outcome():
    """Name what is classified: the classes in order and the positive one."""
    positive = config["dataset"]["positive_class"]
    return {"classes": list(CLASSES), "positive_class": positive}


def phantom_truth():
    """Say what is known of a phantom; nothing of photographs."""
    if config["dataset"]["source"] != "phantom":
        return {}
    phantom = config["dataset"]["phantom"]
    known = {"signal": phantom["signal"], "strength": phantom["strength"]}
    path = Path(CHECKOUT, "workflow", "resources", "demo_truth.json")
    measured = json.loads(path.read_text(encoding="utf-8"))
    # as JSON holds them: no tuple, and text for keys
    if json.loads(json.dumps(recipe_of(config))) == measured.pop("recipe"):
        known["measured"] = measured
    return known


def config_files():
    """Config files of the command line, for the command that the answer may name."""
    return list(map(str, workflow.overwrite_configfiles))
