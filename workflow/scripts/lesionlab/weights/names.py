"""Which network weights belong to, told from their names alone."""

from collections.abc import Collection

BLOCKS = {"layer1": 3, "layer2": 4, "layer3": 6, "layer4": 3}
NORMALISATION = ("weight", "bias", "running_mean", "running_var")
# torch counts batches since version 0.4.1; older files, some of torchvision's, do not
COUNTER = ".num_batches_tracked"
# where a training keeps its weights beside its epoch, optimizer and so on
WRAPPERS = ("state_dict", "model_state_dict", "model_state", "model", "net", "weights")
LIGHTNING = "pytorch-lightning_version"
LIGHTNING_PREFIXES = ("model.", "net.", "backbone.", "encoder.", "network.")
DATA_PARALLEL = "module."
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


def explain_names(names: Collection[str], wanted: Collection[str] | None = None) -> str:
    """Say whose weights these are, if they are not those of a ResNet-50.

    Parameters
    ----------
    names : collection of str
        All names in the file; of a pickle, all its texts, among which they are.
    wanted : collection of str, optional
        Those that must be there; by default a ResNet-50's.

    Returns
    -------
    str
        The likely kind and the mend, for people; empty if the names are right.
    """
    found = set(names)
    wanted = resnet50_names() if wanted is None else set(wanted)
    wrapper = next((name for name in WRAPPERS if name in found), "")
    if any(name.startswith(DATA_PARALLEL) for name in found):
        return (
            f"saved from DataParallel, its names begin with {DATA_PARALLEL!r}; save "
            "model.module.state_dict() instead"
        )
    inner = any(name.startswith(LIGHTNING_PREFIXES) for name in found)
    if LIGHTNING in found or (wrapper == "state_dict" and inner):
        return (
            "a Lightning checkpoint; save the weights in its 'state_dict' alone, "
            "without the prefix of their names"
        )
    if wanted <= found and wrapper:
        return f"a checkpoint of a training; save what it holds as {wrapper!r} alone"
    prefixes = {n.removesuffix(ANCHOR) for n in found if n.endswith(f".{ANCHOR}")}
    for prefix in sorted(prefixes):
        if all(prefix + name in found for name in wanted):
            return f"its names begin with {prefix!r}; save the weights without it"
    if what := next((kind for name, kind in OTHERS.items() if name in found), ""):
        return f"the weights of {what}, not of a ResNet-50"
    if ANCHOR in found and "layer1.0.conv3.weight" not in found:
        return "the weights of a ResNet-18 or -34, not of a ResNet-50"
    if missing := sorted(wanted - found):
        return (
            f"not the weights of a ResNet-50: {len(missing)} of {len(wanted)} are "
            f"missing, the first is {missing[0]}"
        )
    return ""
