"""A training that is killed again and again."""

import math
from itertools import repeat

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
    """Kill a training after each so many saves until it comes to its end.

    Where `saves` is a sequence, of each of its lives; then the last has no end.
    """
    lives = repeat(saves, 100) if isinstance(saves, int) else (*saves, math.inf)
    for life in lives:
        try:
            with MortalState(
                folder, {}, saves=life, save_seconds=save_seconds
            ) as state:
                done = fit(state)
        except Killed:
            continue
        assert isinstance(saves, int) or life == math.inf, "it ended too early"
        return done
    raise AssertionError("the training makes no progress")
