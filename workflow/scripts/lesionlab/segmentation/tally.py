"""The sums of an epoch, on the device until somebody needs them."""

import math
from typing import Any

import keras
from keras import ops

from lesionlab.errors import LabError
from lesionlab.segmentation.snapshot import Progress


class Tally(keras.metrics.Metric):  # type: ignore[misc]
    """Loss and right decisions of the photographs that an epoch has seen."""

    def __init__(self) -> None:
        super().__init__(name="tally", dtype="float64")
        # loss, right decisions, and the steps up to which the loss was finite
        self.sums = self.add_variable((3,), "zeros", dtype="float64", name="sums")

    def begin(self, progress: Progress) -> None:
        """Go on from where an epoch stands."""
        self.sums.assign([progress.loss, progress.accuracy, progress.step])

    def update_state(self, loss: Any, y: Any, p: Any) -> None:
        """Count a batch.

        Parameters
        ----------
        loss : tensor
            Its mean loss, a scalar.
        y, p : tensor of float32, shape (B, H, W, 1)
            Truth and prediction.
        """
        hits = ops.cast(ops.equal(y > 0.5, p > 0.5), "float32")
        right = ops.cast(ops.mean(hits, axis=(1, 2, 3)), "float64")
        # as often as there are photographs, without telling the device a number
        each = ops.ones_like(right) * ops.cast(ops.stop_gradient(loss), "float64")
        total = self.sums[0] + ops.sum(each)
        finite = ops.cast(ops.isfinite(total), "float64")
        self.sums.assign(
            ops.stack([total, self.sums[1] + ops.sum(right), self.sums[2] + finite])
        )

    def settle(self, progress: Progress, rate_key: str) -> None:
        """Read the sums into the progress; raise if a loss was not finite.

        Parameters
        ----------
        progress : Progress
            Where the epoch stands; changed in place.
        rate_key : str
            Key of the config to blame for a loss that is not finite.

        Raises
        ------
        LabError
            If a loss was not finite; the first batch is named.
        """
        loss, right, finite = self.sums.numpy().tolist()
        if not math.isfinite(loss):
            raise LabError(
                f"epoch {progress.epoch}, batch {int(finite) + 1}: the loss is not "
                f"finite; lower {rate_key}"
            )
        progress.loss, progress.accuracy = loss, right


class Counted(keras.Model):  # type: ignore[misc]
    """A network whose `train_on_batch` reads nothing back from the device.

    What a step returns Keras turns into numbers, for which it waits. So it returns
    nothing, and what is to be known of it is summed in :attr:`tally`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tally = Tally()

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Compute the loss of a batch; count it where it trains."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training=training)
        if training:
            self.tally.update_state(loss, y, y_pred)
        return loss

    def compute_metrics(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Say nothing of a step."""
        return {}

    def reset_metrics(self) -> None:
        """Keep the sums, which Keras would begin anew at each step."""
