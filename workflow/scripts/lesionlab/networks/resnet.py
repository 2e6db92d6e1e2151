"""ResNet-50 of torchvision, in both of its variants."""

import torch
from torch import nn
from torchvision.models import resnet50


def build_resnet(classes: int, *, seed: int, variant: str = "v1.5") -> nn.Module:
    """Build torchvision's ResNet-50 with a new head.

    Parameters
    ----------
    classes : int
        Number of outputs.
    seed : int
        Of the initial weights: equal for every arm.
    variant : {"v1", "v1.5"}
        Where a stage halves its input: v1 (He et al., 2015) at its first 1x1
        convolution, v1.5 (torchvision) at the 3x3. The weights have the same names and
        shapes, so they fit either network but suit only one.

    Returns
    -------
    nn.Module
        float32 (N, 3, H, W) to logits (N, classes).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = resnet50(num_classes=classes)
        if variant == "v1":
            for stage in (network.layer2, network.layer3, network.layer4):
                stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
    model: nn.Module = network
    return model
