"""The reference's U-Net: five levels, dropout between the convolutions of each."""

import keras
from keras import layers

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
    inputs = keras.Input((height, width, 3))
    x, skips = inputs, []
    for level, filters in enumerate(FILTERS):
        if level:
            skips.append(x)
            x = layers.MaxPooling2D()(x)
        x = _level(x, filters, dropout, seed + level)
    for level, filters in enumerate(FILTERS[-2::-1]):
        x = layers.Conv2DTranspose(filters, 2, strides=2, padding="same")(x)
        x = layers.Concatenate()([x, skips.pop()])
        x = _level(x, filters, dropout, seed + len(FILTERS) + level)
    outputs = layers.Conv2D(1, 1, activation="sigmoid")(x)
    return keras.Model(inputs, outputs)


def _level(
    x: keras.KerasTensor, filters: int, dropout: float, seed: int
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    if dropout:
        x = layers.Dropout(dropout, seed=seed)(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
