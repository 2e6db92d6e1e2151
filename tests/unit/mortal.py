"""A training that is killed again and again."""

from lesionlab.state import TrainingState


class Killed(BaseException):
    """Ends a training where a SIGKILL would."""


class MortalState(TrainingState):
    """Dies after so many saves."""

    def __init__(self, folder, identity, *, saves, save_seconds):
        super().__init__(folder, identity, save_seconds=save_seconds)
        self.saves = saves

    def save(self, arrays, facts):
        super().save(arrays, facts)
        self.saves -= 1
        if self.saves <= 0:
            raise Killed


def train_with_kills(fit, folder, saves, save_seconds):
    """Kill a training after each so many saves until it comes to its end."""
    for _ in range(100):
        try:
            with MortalState(
                folder, {}, saves=saves, save_seconds=save_seconds
            ) as state:
                return fit(state)
        except Killed:
            pass
    raise AssertionError("the training makes no progress")
