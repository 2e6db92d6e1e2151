"""The two phases of a training, with dropout and without: loss, rate, network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from lesionlab.randomness import UNET_WEIGHTS, derive_seed
from lesionlab.segmentation.tally import Counted
from lesionlab.segmentation.unet import build_unet

EPSILON = 1e-7


@dataclass(frozen=True)
class Phase:
    """A run of epochs with one dropout rate and one learning rate."""

    name: str
    first: int
    last: int
    dropout: float
    learning_rate: float

    @property
    def rate_key(self) -> str:
        """Key of the config that holds the learning rate."""
        free = self.name == "dropout_free"
        return f"segmentation.{'dropout_free_' if free else ''}learning_rate"


def plan_phases(options: Mapping[str, Any]) -> list[Phase]:
    """List the phases of a training; a phase of no epochs is left out.

    Parameters
    ----------
    options : Mapping
        The section ``segmentation`` of the config.

    Returns
    -------
    list of Phase
        Epochs count from 1 through all phases.
    """
    proper, free = options["epochs"], options["dropout_free_epochs"]
    rate, free_rate = options["learning_rate"], options["dropout_free_learning_rate"]
    phases = [
        Phase("dropout", 1, proper, options["dropout"], rate),
        Phase("dropout_free", proper + 1, proper + free, 0.0, free_rate),
    ]
    return [phase for phase in phases if phase.last >= phase.first]


def segmentation_loss(name: str) -> Any:
    """Find a loss by its name in the config.

    Parameters
    ----------
    name : {"bce", "bce_dice"}
        Binary cross-entropy, or its sum with the soft Dice loss
        1 - 2 sum(p y) / (sum(p) + sum(y)) of each image (Milletari et al., 2016).

    Returns
    -------
    Callable
        Of true and predicted (B, H, W, 1); returns a scalar, a mean over the batch.
    """

    def bce(y: Any, p: Any) -> Any:
        if keras.backend.backend() != "torch":
            return keras.ops.mean(keras.losses.binary_crossentropy(y, p))
        # torch raises where a probability is no number, and on a GPU does not recover
        loss = keras.losses.binary_crossentropy(y, keras.ops.nan_to_num(p))
        nothing = 0 * keras.ops.stop_gradient(keras.ops.mean(p))  # or not a number
        return keras.ops.mean(loss) + nothing

    def bce_dice(y: Any, p: Any) -> Any:
        both = keras.ops.sum(y * p, axis=(1, 2, 3))
        sizes = keras.ops.sum(y, axis=(1, 2, 3)) + keras.ops.sum(p, axis=(1, 2, 3))
        dice = (2 * both + EPSILON) / (sizes + EPSILON)
        return bce(y, p) + keras.ops.mean(1 - dice)

    return {"bce": bce, "bce_dice": bce_dice}[name]


def compile_unet(options: Mapping[str, Any], phase: Phase) -> Counted:
    """Build and compile the network of one phase.

    Parameters
    ----------
    options : Mapping
        The section ``segmentation`` of the config and the ``fold``.
    phase : Phase
        Gives dropout and learning rate.

    Returns
    -------
    Counted
        Its optimizer is built, so that its variables can be restored.
    """
    key = options["seed"], options["fold"], phase.name
    unet = build_unet(
        height=options["height"],
        width=options["width"],
        dropout=phase.dropout,
        seed=derive_seed(UNET_WEIGHTS, *key),
    )
    model = Counted(unet.input, unet.output, name=unet.name)
    model.compile(
        optimizer=keras.optimizers.Adam(phase.learning_rate),
        loss=segmentation_loss(options["loss"]),
        # XLA is slower on a CPU; jax has no other way to compile a step
        jit_compile=keras.backend.backend() == "jax",
    )
    model.optimizer.build(model.trainable_variables)
    return model
