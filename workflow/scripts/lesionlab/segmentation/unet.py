"""The reference's U-Net: five levels, dropout between the convolutions of each."""

import keras
from keras import layers

from lesionlab.randomness import UNET_DROPOUT, derive_seed

FILTERS = (16, 32, 64, 128, 256)


def build_unet(*, height: int, width: int, dropout: float, seed: int) -> keras.Model:
    """Build the U-Net of Ronneberger et al. (2015) as the 2022 reference sized it.

    Each level is Conv3x3 ReLU, Dropout, Conv3x3 ReLU; down by 2x2 max pooling, up by a
    transposed 2x2 convolution of stride 2 that is concatenated with its encoder level;
    a 1x1 convolution with a sigmoid ends it: 1,941,105 parameters at any size.

    Parameters
    ----------
    height, width : int
        Input size in pixels, multiples of 16.
    dropout : float
        Rate in 0..1; 0 leaves the layers out without changing the weights.
    seed : int
        Of the initial weights and the dropout.

    Returns
    -------
    keras.Model
        float32 (N, height, width, 3) in 0..1 to float32 (N, height, width, 1), the
        probability of lesion.
    """
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((height, width, 3), name="photograph")
    x, skips = inputs, []
    for level, filters in enumerate(FILTERS):
        if level:
            skips.append(x)
            x = layers.MaxPooling2D(name=f"down{level}_pool")(x)
        x = _level(x, filters, dropout, seed, f"down{level}")
    for level, filters in enumerate(FILTERS[-2::-1]):
        name = f"up{level}"
        up = layers.Conv2DTranspose(
            filters, 2, strides=2, padding="same", name=f"{name}_transposed"
        )
        x = layers.Concatenate(name=f"{name}_skip")([up(x), skips.pop()])
        x = _level(x, filters, dropout, seed, name)
    # in float32 also where layers compute in bfloat16, which has three digits
    last = {"activation": "sigmoid", "dtype": "float32"}
    outputs = layers.Conv2D(1, 1, **last, name="probability")(x)
    # names of our own: those of Keras count all networks that a process has built
    return keras.Model(inputs, outputs, name="unet")


def _level(
    x: keras.KerasTensor, filters: int, dropout: float, seed: int, name: str
) -> keras.KerasTensor:
    same = {"padding": "same", "activation": "relu"}
    x = layers.Conv2D(filters, 3, **same, name=f"{name}_conv1")(x)
    if dropout:
        own = derive_seed(UNET_DROPOUT, seed, name)
        if keras.backend.backend() == "torch":
            own %= 2**31  # it keeps a seed in 31 bits
        x = layers.Dropout(dropout, seed=own, name=f"{name}_dropout")(x)
    return layers.Conv2D(filters, 3, **same, name=f"{name}_conv2")(x)
