"""The state of an optimizer in files: what the two Kerases keep, in which order.

In: an optimizer and a group of an HDF5 file, or the data sets of one. Out: its
variables written there or read from there. `keras_archive` and `legacy_files` call it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.keras.hdf5 import array_of, put_array
from rillet.keras.optimizers.gradient_descent import SGD
from rillet.keras.optimizers.loss_scale import LossScale
from rillet.keras.optimizers.schedules import LearningRateSchedule


def write_state(optimizer: Any, group: Any) -> None:
    """Write an optimizer's variables in Keras 3's order: steps, rate, slots.

    Where a wrapper scales losses, what it wraps stands in a group of its own as well.

    Args:
        optimizer: the optimizer.
        group: where they go: into a group ``vars`` of it.
    """
    inner = _inner(optimizer)
    held = _state_of(inner)
    if inner is not optimizer:
        _put(group.require_group("inner_optimizer/vars"), held)
        held = [*_scaling_of(optimizer), *held]
    _put(group.require_group("vars"), held)


def write_older_state(optimizer: Any, group: Any) -> None:
    """Write an optimizer's variables in tf.keras 2's order: steps, slots; no rate.

    Args:
        optimizer: the optimizer.
        group: where they go: into a group ``vars`` of it.
    """
    if _inner(optimizer) is not optimizer:
        # tf.keras reads no scaled ones, not even its own.
        write_state(optimizer, group)
        return
    held = [variable.numpy() for variable in optimizer.variables]
    if len(held) == 2 and _keeps_none(optimizer):
        # Keras 3 would take the one slot, which is all zeros, for a learning rate.
        held = held[:1]
    _put(group.require_group("vars"), held)


def _put(group: Any, values: list[Any]) -> None:
    for number, value in enumerate(values):
        put_array(group, str(number), value)


def _inner(optimizer: Any) -> Any:
    return getattr(optimizer, "inner_optimizer", optimizer)


def _state_of(optimizer: Any) -> list[Any]:
    first, *slots = optimizer.variables
    if _keeps_none(optimizer):
        slots = []
    found = [first.numpy()]
    if not isinstance(getattr(optimizer, "_learning_rate", None), LearningRateSchedule):
        found.append(np.asarray(optimizer.learning_rate, "float32"))
    return [*found, *[s.numpy() for s in slots]]


def _keeps_none(optimizer: Any) -> bool:
    """Whether Keras 3 keeps no slots: it does not for SGD without momentum."""
    return isinstance(optimizer, SGD) and getattr(optimizer, "momentum", None) == 0


def _scaling_of(optimizer: Any) -> list[Any]:
    """What Keras 3's wrapper has of its own: steps and a rate unused, count, scale."""
    held = optimizer.__dict__.get("_loss_scale")
    good, scale = 0, held
    if isinstance(held, LossScale):
        good, scale = int(held.good), float(held.scale)
    return [np.int32(0), np.float32(0), np.int32(good), np.float32(scale)]


def read_state(optimizer: Any, group: Any) -> bool:
    """Read what `write_state` wrote, with or without the rate among it.

    Args:
        optimizer: the optimizer, its slots made.
        group: what holds a group ``vars``.

    Returns:
        Whether they fitted.
    """
    group = group["vars"]
    names = [str(n) for n in range(len(group)) if str(n) in group]
    return take_state(optimizer, [group[name] for name in names])


def take_state(optimizer: Any, held: list[Any]) -> bool:
    """Give an optimizer's variables the values of data sets; see `read_state`.

    Args:
        optimizer: the optimizer, its slots made.
        held: the data sets, the steps first.

    Returns:
        Whether they fitted.
    """
    inner = _inner(optimizer)
    scaling: list[Any] = []
    if inner is not optimizer and len(held) > 4 and _scalars(held[:5]):
        scaling, held = held[2:4], held[4:]
    if not _take(inner, held):
        return False
    scale = optimizer.__dict__.get("_loss_scale")
    if scaling and isinstance(scale, LossScale):
        scale.good.assign(int(array_of(scaling[0])))
        scale.scale.assign(float(array_of(scaling[1])))
    return True


def _scalars(held: list[Any]) -> bool:
    return all(d.shape == () for d in held)


def _take(optimizer: Any, held: list[Any]) -> bool:
    held, mine = list(held), list(optimizer.variables)
    if len(held) == len(mine) + 1 and len(held) > 1 and held[1].shape == ():
        # Keras 3 keeps the learning rate beside the steps.
        del held[1]
    if len(held) in (1, 2) and (
        _keeps_none(optimizer) or (held[0].shape == () and not array_of(held[0]).any())
    ):
        # Nobody keeps slots before a first step.
        held, mine = held[:1], mine[:1]
    fits = len(held) == len(mine) and all(
        tuple(d.shape) == tuple(v.shape) for d, v in zip(held, mine, strict=True)
    )
    if fits:
        for variable, dataset in zip(mine, held, strict=True):
            variable.assign(array_of(dataset).astype(variable.dtype.numpy_dtype))
    return fits
