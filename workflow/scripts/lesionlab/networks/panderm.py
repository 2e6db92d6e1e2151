"""PanDerm (Yan et al., 2025): a BEiT of timm, its positions fixed sines.

Read from the public code and from what others say of the files; no file was ever seen.
"""

from collections.abc import Mapping
from typing import Any

import torch
from timm.layers import build_sincos2d_pos_embed
from torch import nn

from lesionlab.networks.timm_network import create_network
from lesionlab.training.pictures import Scale

FAMILY = "panderm/"
ENCODER = "encoder."
# 0.228 is no slip of ours: so its authors prepare pictures wherever they use it
SCALE = Scale((0.485, 0.456, 0.406), (0.228, 0.224, 0.225))
COMMON = {
    "use_rel_pos_bias": False,
    "use_abs_pos_emb": True,
    "init_values": 0.1,
    "global_pool": "token",  # as its authors probe it; they fine-tune the patches' mean
    "pretrained_cfg_overlay": SCALE._asdict(),
}
NETWORKS: dict[str, dict[str, Any]] = {
    "panderm/base": {"model_name": "beit_base_patch16_224", **COMMON},
    "panderm/large": {"model_name": "beit_large_patch16_224", **COMMON},
}


def build_panderm(name: str, classes: int, *, seed: int, size: int) -> nn.Module:
    """Build PanDerm's network with random weights.

    Parameters
    ----------
    name : str
        One of ``NETWORKS``.
    classes : int
        Number of outputs.
    seed : int
        Of the initial weights.
    size : int
        Side of the pictures in pixels.

    Returns
    -------
    nn.Module
        float32 (N, 3, size, size) to logits (N, classes). Its positions never learn, as
        those of its authors do not.

    Raises
    ------
    LabError
        If it cannot be made at this size.
    """
    options = {**NETWORKS[name], "num_classes": classes, "img_size": size}
    network: Any = create_network(name, options, seed=seed, size=size)
    table = build_sincos2d_pos_embed(
        network.patch_embed.grid_size, network.embed_dim, interleave_sin_cos=True
    )
    network.pos_embed.requires_grad_(False)
    network.pos_embed.copy_(nn.functional.pad(table, (0, 0, 1, 0)))  # none of the class
    return network  # type: ignore[no-any-return]


def take_encoder(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Leave out what only the pretraining needed.

    Parameters
    ----------
    weights : Mapping
        As published: the base's names are the network's own, the large's begin with
        ``encoder.`` beside others of the pretraining.

    Returns
    -------
    dict of Tensor
        By the network's own names.
    """
    inner = {
        name.removeprefix(ENCODER): value
        for name, value in weights.items()
        if str(name).startswith(ENCODER)
    }
    return inner or dict(weights)
