# Which trainings a run has, what each is made of and its files: the rules share it.

# A network's own size is known only to its library, which takes seconds to import and
# need not be where jobs are planned: memory is reckoned for the most usual one. Where a
# profile tries again, `grow` asks for more.
CLASSIFIER_SIDE = config["classification"]["size"] or 224
CLASSIFIER_PIXELS = CLASSIFIER_SIDE**2 * config["classification"]["batch_size"]
# `size` is seen in the packed pictures
CLASSIFIER_KEYS = sorted(
    set(config["classification"])
    - {"arms", "seeds", "arm_seeds", "size", "test_time_flips"}
)


def scope_of(arm, fold):
    """Say whether the pictures of an arm belong to a fold or to the whole run."""
    return arm_scope(KNOWN_ARMS[arm].mask, fold)


def arm_masks(wildcards):
    """Manifest of the predicted masks; the other arms do not wait for the U-Net."""
    if KNOWN_ARMS[wildcards.arm].mask != "predicted":
        return {}
    manifest = rules.segment_images.output.manifest
    return {"masks": manifest.format(fold=wildcards.scope)}


def arm_pictures(wildcards):
    """Manifest of an arm's pictures; arm `original` reads the photographs."""
    if wildcards.arm not in RENDERED:
        return {}
    return {"manifest": rules.render_arm.output.manifest.format(**wildcards)}


def own_size(wildcards):
    """Description of the network, where its pictures have the size it was made for."""
    if config["classification"]["size"] is not None:
        return {}
    return dict(rules.describe_network.output.items())


def arm_pixels(wildcards):
    """Packed pictures of an arm: of the fold, or where no fold changes them, of all."""
    arm = wildcards.arm
    files = rules.pack_images.output.items()
    filled = {"scope": scope_of(arm, wildcards.fold), "arm": arm}
    return {name: file.format(**filled) for name, file in files}


def initial_weights(wildcards):
    """Files that the classifier starts from: none for random weights."""
    weights = config["classification"]["weights"]
    if weights == "none":
        return {}
    if weights == "imagenet":
        model = config["classification"]["model"]
        if model == "resnet50":
            return dict(rules.fetch_imagenet.output.items())
        network = model.removeprefix("timm/")
        files = rules.fetch_timm.output.items()
        return {name: file.format(network=network) for name, file in files}
    facts = Path(weights).with_suffix(".json")
    beside = {"facts": local(str(facts))} if facts.exists() else {}
    return {"weights": local(weights), **beside}


def by_mask(wildcards):
    """Table of the arms by mask: where arm segmented was run, in one way."""
    if "segmented" not in ARMS or LEAK:
        return {}
    return {"by_mask": rules.score_by_mask.output.table}


def per_run(pattern):
    """Fill a pattern with every fold, arm and seed of this run."""
    return [
        path
        for fold in FOLDS
        for arm in ARMS
        for path in expand(pattern, fold=fold, arm=arm, seed=SEEDS[arm])
    ]


def per_run_keys():
    """List arm, fold and seed in the order of :func:`per_run`."""
    return [key.split() for key in per_run("{arm} {fold} {seed}")]


def compared_keys():
    """List arm, fold and seed as they are compared, in the order of :func:`per_run`.

    Of protocol `leak` the two ways of training are compared, as arms are.
    """
    return [
        [f"{arm}/{WAYS[fold]}", "fold0", seed] if LEAK else [arm, fold, seed]
        for arm, fold, seed in per_run_keys()
    ]


def compared_arms():
    """List what is compared, the baseline first."""
    return [f"{arm}/{way}" for arm in ARMS for way in WAYS.values()] if LEAK else ARMS
