"""Dropout masks of recurrent cells: one draw for all steps of a sequence."""

from __future__ import annotations

from typing import Any

from rillet.keras.call_context import mode
from rillet.keras.random_source import RandomGenerator
from rillet.ops.dropout import dropout
from rillet.ops.filling import ones, zeros
from rillet.ops.shaping import static_dims


class CellDropout:
    """The masks of one cell, kept until they are reset.

    Args:
        inputs: the part of the inputs that is dropped.
        states: the part of the states that is dropped.
        count: how many masks: one for each gate.
        seed: a seed of its own.
    """

    def __init__(
        self, inputs: float, states: float, count: int, seed: int | None
    ) -> None:
        self.inputs, self.states = inputs, states
        self._count = count
        self._random = RandomGenerator(seed, rng_type="legacy_stateful")
        self._kept: dict[str, Any] = {}

    def reset(self, which: str) -> None:
        """Draw the masks of ``"inputs"`` or ``"states"`` anew next time."""
        self._kept.pop(which, None)

    def masks(self, which: str, shape: Any, dtype: Any, training: Any) -> Any:
        """The masks for tensors of a shape, or None where nothing is dropped."""
        rate: float = getattr(self, which)
        if training is None:
            training = mode.phase
        if rate == 0 or not training:
            return None
        found = self._kept.get(which)
        if found is None:
            found = self._kept[which] = [
                self._drawn(rate, shape, dtype) for _ in range(self._count)
            ]
        return found

    def _drawn(self, rate: float, shape: Any, dtype: Any) -> Any:
        if rate >= 1:
            return zeros(shape, dtype)
        seed = self._random.make_legacy_seed()
        return dropout(ones(shape, dtype), rate, seed=seed)


class DroppingCell:
    """What cells with dropout offer beside their call; a mixin.

    Attributes:
        _masks: the masks.
    """

    _masks: CellDropout

    def reset_dropout_mask(self) -> None:
        """Draw the masks of the inputs anew at the next call."""
        self._masks.reset("inputs")

    def reset_recurrent_dropout_mask(self) -> None:
        """Draw the masks of the states anew at the next call."""
        self._masks.reset("states")

    def get_dropout_mask_for_cell(
        self, inputs: Any, training: Any, count: int = 1
    ) -> Any:
        """The masks of the inputs, or None."""
        return self._masks.masks("inputs", static_dims(inputs), inputs.dtype, training)

    def get_recurrent_dropout_mask_for_cell(
        self, inputs: Any, training: Any, count: int = 1
    ) -> Any:
        """The masks of the states, or None."""
        return self._masks.masks("states", static_dims(inputs), inputs.dtype, training)
