"""Which network weights belong to, told from their names alone."""

from collections.abc import Collection, Mapping

BLOCKS = {"layer1": 3, "layer2": 4, "layer3": 6, "layer4": 3}
NORMALISATION = ("weight", "bias", "running_mean", "running_var")
# torch counts batches since version 0.4.1; older files, some of torchvision's, do not
COUNTER = ".num_batches_tracked"
HEAD = "fc."
FLOATS = ("float16", "bfloat16", "float32", "float64")
LIGHTNING = "pytorch-lightning_version"
LIGHTNING_PREFIXES = ("model.", "net.", "backbone.", "encoder.", "network.")
DATA_PARALLEL = "module."
NAMESPACE = "argparse.Namespace"  # a training's own options, beside many a state dict
ANCHOR = "layer1.0.conv1.weight"
OTHERS = {
    "resnet.embedder.embedder.convolution.weight": "a ResNet of transformers",
    "layer1.0.se.fc1.weight": "an SE-ResNet",
    "conv1.0.weight": "a ResNet-D of timm",
    "layer3.35.conv1.weight": "a ResNet-152",
    "layer3.22.conv1.weight": "a ResNet-101",
    "cls_token": "a Vision Transformer",
    "class_token": "a Vision Transformer",
    "patch_embed.proj.weight": "a transformer of timm",
    "conv_stem.weight": "an EfficientNet or MobileNet of timm",
    "_conv_stem.weight": "an EfficientNet",
    "stem.0.weight": "a ConvNeXt of timm",
    "features.conv0.weight": "a DenseNet",
    "features.0.0.weight": "an EfficientNet, MobileNet or ConvNeXt",
    "features.0.weight": "a VGG or AlexNet",
    "Conv2d_1a_3x3.conv.weight": "an Inception network",
}


def resnet50_names() -> set[str]:
    """Name the weights of torchvision's ResNet-50, but for its head and counters.

    Returns
    -------
    set of str
        As in its state dict.
    """
    names = {"conv1.weight", *(f"bn1.{part}" for part in NORMALISATION)}
    for layer, count in BLOCKS.items():
        for block in range(count):
            convolutions = {f"conv{n}": f"bn{n}" for n in (1, 2, 3)}
            if block == 0:
                convolutions["downsample.0"] = "downsample.1"
            for convolution, normalisation in convolutions.items():
                names.add(f"{layer}.{block}.{convolution}.weight")
                for part in NORMALISATION:
                    names.add(f"{layer}.{block}.{normalisation}.{part}")
    return names


def explain_wrapping(
    tables: Mapping[str, Mapping[str, str]], wanted: Collection[str] | None = None
) -> str:
    """Say in what the weights of a ResNet-50 are wrapped, if they are.

    Parameters
    ----------
    tables : Mapping
        By where they lie in a file, mappings from names to the kind of what they name.
    wanted : collection of str, optional
        Names that must be there; by default a ResNet-50's.

    Returns
    -------
    str
        The likely kind and the mend, for people; empty if nothing is wrapped.
    """
    wanted = resnet50_names() if wanted is None else set(wanted)
    place, prefix = find_weights(tables, wanted)
    found = tables.get(place, {})
    if prefix == DATA_PARALLEL or any(n.startswith(DATA_PARALLEL) for n in found):
        return (
            f"saved from DataParallel, its names begin with {DATA_PARALLEL!r}; save "
            "model.module.state_dict() instead"
        )
    of_lightning = place == "state_dict" and prefix in LIGHTNING_PREFIXES
    if of_lightning or LIGHTNING in tables.get("", {}):
        return (
            "a Lightning checkpoint; save the weights in its 'state_dict' alone, "
            "without the prefix of their names"
        )
    if any(prefix + name not in found for name in wanted):
        return ""
    without = f", without {prefix!r} before its names" if prefix else ""
    if place:
        return f"a checkpoint of a training; save what it holds as {place!r} alone" + (
            without
        )
    if prefix:
        return f"its names begin with {prefix!r}; save the weights without it"
    return ""


def explain_any(tables: Mapping[str, Mapping[str, str]], calls: str = "") -> str:
    """Say what keeps a file from being the weights of any network, and no more.

    Parameters
    ----------
    tables : Mapping
        By where they lie in a file, mappings from names to the kind of what they name.
    calls : str
        What is refused of the calls that loading it would make.

    Returns
    -------
    str
        For people; empty if the file is a state dict alone.
    """
    counts = {place: sum(map(bool, table.values())) for place, table in tables.items()}
    place = max(counts, key=lambda name: counts[name], default="")
    options_beside = bool(place) and f"run {NAMESPACE};" in calls
    if calls and not options_beside:
        return calls
    if not counts.get(place):
        return "holds no tensor; name a state dict"
    if place:
        return (
            f"a checkpoint of a training; save what it holds as {place!r} alone: "
            f"{_saving(place, options_beside)}"
        )
    if all(name.startswith(DATA_PARALLEL) for name in tables[place]):
        return (
            f"saved from DataParallel, its names begin with {DATA_PARALLEL!r}; save "
            "model.module.state_dict() instead"
        )
    return ""


def _saving(place: str, options_beside: bool) -> str:
    """Spell the command that takes a state dict out, and runs nothing of the file."""
    held = "".join(f"[{p if p.isdigit() else repr(p)}]" for p in place.split("/"))
    first = "import torch"
    if options_beside:
        allow = f"torch.serialization.add_safe_globals([{NAMESPACE}])"
        first = f"import argparse, torch; {allow}"
    save = f"torch.save(torch.load('FILE', 'cpu'){held}, 'NEW.pth')"
    return f'python -c "{first}; {save}"'


def find_weights(
    tables: Mapping[str, Mapping[str, str]], wanted: Collection[str]
) -> tuple[str, str]:
    """Find the mapping that holds most of the wanted names.

    Parameters
    ----------
    tables : Mapping
        As of :func:`explain_wrapping`.
    wanted : collection of str
        Names, before each of which one prefix may stand.

    Returns
    -------
    tuple of str
        Where the mapping lies, and the prefix.
    """
    best, chosen = (-1, -1), ("", "")
    for place, table in tables.items():
        arrays = sum(map(bool, table.values()))
        ends = [n.removesuffix(ANCHOR) for n in table if n.endswith(f".{ANCHOR}")]
        for prefix in ("", *sorted(ends)):
            matches = sum(prefix + name in table for name in wanted)
            if (matches, arrays) > best:
                best, chosen = (matches, arrays), (place, prefix)
    return chosen


def explain_names(
    table: Mapping[str, str], wanted: Collection[str] | None = None
) -> str:
    """Say whose weights these are, if they are not those of a ResNet-50.

    Parameters
    ----------
    table : Mapping
        By name, the kind of its numbers; empty for what is no array.
    wanted : collection of str, optional
        Those that must be there; by default a ResNet-50's.

    Returns
    -------
    str
        The likely kind and the mend, for people; empty if all is right.
    """
    wanted = resnet50_names() if wanted is None else set(wanted)
    if what := next((kind for name, kind in OTHERS.items() if name in table), ""):
        return f"the weights of {what}, not of a ResNet-50"
    if ANCHOR in table and "layer1.0.conv3.weight" not in table:
        return "the weights of a ResNet-18 or -34, not of a ResNet-50"
    if missing := sorted(wanted - table.keys()):
        return (
            f"not the weights of a ResNet-50: {len(missing)} of {len(wanted)} are "
            f"missing, the first is {missing[0]}"
        )
    for name in sorted(wanted):
        if not table[name]:
            return f"{name} is no tensor of torch; save a state dict of tensors"
        if table[name] not in FLOATS:
            return (
                f"{name} holds numbers of kind {table[name]}; save the weights as "
                "float32"
            )
    if foreign := [n for n in table if n not in wanted and not is_passed_over(n)]:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        return (
            f"beside the weights of a ResNet-50 it holds {foreign[0]}{more}; save a "
            "state dict without that"
        )
    return ""


def is_passed_over(name: str) -> bool:
    """Say whether weights bear a name that is not needed: of a head, or a counter.

    Parameters
    ----------
    name : str
        In a state dict of torchvision's ResNet-50.

    Returns
    -------
    bool
        For the head, a new one of the right size is drawn.
    """
    return name.startswith(HEAD) or name.endswith(COUNTER)
