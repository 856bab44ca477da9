"""Wrappers of recurrent cells that `tf.nn` shows: a device, dropout, shortcuts.

In: what a cell gets. Out: what it gives, with something done on the way.
`keras.layers.RNN` calls them as it calls cells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Self

from rillet.core import nest
from rillet.core.devices import device as on_device
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.core.tensor import Tensor
from rillet.keras.function_code import described_function, restored_function
from rillet.keras.layers.cell_base import AbstractRNNCell
from rillet.keras.layers.registry import deserialize, serialize
from rillet.keras.layers.stacked_cells import size_of_output
from rillet.ops.dropout import dropout
from rillet.ops.elementwise import add
from rillet.ops.quotients import truediv
from rillet.ops.random import uniform
from rillet.ops.rounding import floor


class WrappedCell(AbstractRNNCell):
    """A cell around another one; abstract.

    Args:
        cell: the cell inside.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where it is no cell.
    """

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        missing = [n for n in ("call", "state_size") if n not in dir(cell)]
        if missing:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    f"a cell has a `{missing[0]}`",
                    f"Received cell: {cell!r}",
                )
            )
        super().__init__(**kwargs)
        self.cell = cell

    @property
    def wrapped_cell(self) -> Any:
        """The cell inside."""
        return self.cell

    @property
    def state_size(self) -> Any:
        """The sizes of the cell's states."""
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        """The size of the cell's output."""
        return size_of_output(self.cell)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros for the states.

        Args:
            batch_size: how many rows.
            dtype: their type.
        """
        own = getattr(self.cell, "zero_state", None)
        if own is not None:
            return own(batch_size, dtype)
        return self.get_initial_state(batch_size=batch_size, dtype=dtype)

    def build(self, input_shape: Any) -> None:
        """Build the cell; see `Layer.build`."""
        if not getattr(self.cell, "built", True):
            self.cell.build(input_shape)
            self.cell.built = True
        self.built = True

    def call(self, inputs: Any, states: Any, **kwargs: Any) -> Any:
        """The output and the next states."""
        return self._around(inputs, states, lambda x, s: self.cell.call(x, s, **kwargs))

    def _around(self, inputs: Any, state: Any, call: Callable[..., Any]) -> Any:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "cell": serialize(self.cell)}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """The wrapper that `get_config` described."""
        rest = dict(config)
        return cls(deserialize(rest.pop("cell"), custom_objects), **rest)


class RNNCellDeviceWrapper(WrappedCell):
    """A cell that runs on a certain device, `tf.nn.RNNCellDeviceWrapper`.

    Args:
        cell: the cell.
        device: the device's name.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> cell = tf.nn.RNNCellDeviceWrapper(tf.keras.layers.GRUCell(2), "/cpu:0")
        >>> tf.keras.layers.RNN(cell)(tf.zeros([1, 5, 3])).shape
        TensorShape([1, 2])
    """

    def __init__(self, cell: Any, device: str, **kwargs: Any) -> None:
        super().__init__(cell, **_named(kwargs, "device_wrapper"))
        self._device = device

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros for the states, on the device."""
        with on_device(self._device):
            return super().zero_state(batch_size, dtype)

    def _around(self, inputs: Any, state: Any, call: Callable[..., Any]) -> Any:
        with on_device(self._device):
            return call(inputs, state)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "device": self._device}


class RNNCellResidualWrapper(WrappedCell):
    """A cell to whose output its input is added, `tf.nn.RNNCellResidualWrapper`.

    Args:
        cell: the cell.
        residual_fn: takes the input and the output, gives the output in its place;
            their sum where None.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> inner = tf.keras.layers.SimpleRNNCell(2, kernel_initializer="zeros")
        >>> cell = tf.nn.RNNCellResidualWrapper(inner)
        >>> tf.keras.layers.RNN(cell)(tf.constant([[[1., 2.]]])).numpy()
        array([[1., 2.]], dtype=float32)
    """

    def __init__(self, cell: Any, residual_fn: Any = None, **kwargs: Any) -> None:
        for key in ("residual_fn_type", "residual_fn_module"):
            kwargs.pop(key, None)
        super().__init__(cell, **_named(kwargs, "residual_wrapper"))
        self._residual_fn = residual_fn

    def _around(self, inputs: Any, state: Any, call: Callable[..., Any]) -> Any:
        output, after = call(inputs, state)
        return (self._residual_fn or _sum)(inputs, output), after

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        found = super().get_config()
        if self._residual_fn is not None:
            found["residual_fn"] = described_function(self._residual_fn)
        return found

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """The wrapper that `get_config` described; code needs `safe_mode=False`."""
        rest = dict(config)
        rest["residual_fn"] = restored_function(rest.get("residual_fn"), custom_objects)
        return super().from_config(rest, custom_objects)


def _sum(inputs: Any, output: Any) -> Any:
    """The input added to the output, part by part."""
    nest.assert_same_structure(inputs, output)
    for x, y in zip(nest.flatten(inputs), nest.flatten(output), strict=True):
        if not x.shape.is_compatible_with(y.shape):
            raise ValueError(
                house_message(
                    "RNNCellResidualWrapper",
                    f"Shapes {x.shape} and {y.shape} are incompatible",
                    "they are the shapes of the cell's input and output",
                    "Give the cell as many units as the input has, or a residual_fn",
                )
            )
    return nest.map_structure(add, inputs, output)


class RNNCellDropoutWrapper(WrappedCell):
    """A cell with dropout on what goes in and comes out, `tf.nn.RNNCellDropoutWrapper`.

    It drops whether or not the model trains, as TensorFlow's does.

    Args:
        cell: the cell.
        input_keep_prob: the share of inputs that is kept.
        output_keep_prob: the share of outputs.
        state_keep_prob: the share of next states.
        variational_recurrent: whether the same places are dropped at each step
            (Gal and Ghahramani, 2016); they are drawn when the wrapper is made.
        input_size: the size of inputs without the batch, for that.
        dtype: the type of what is dropped, for that.
        seed: for the draws.
        dropout_state_filter_visitor: takes a state, tells whether to drop in it.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: for shares outside 0 to 1; without `dtype` or `input_size` where
            they are needed.
        TypeError: where `dropout_state_filter_visitor` is no function.

    Example:
        >>> import rillet as tf
        >>> inner = tf.keras.layers.GRUCell(2)
        >>> cell = tf.nn.RNNCellDropoutWrapper(inner, output_keep_prob=0.5)
        >>> tf.keras.layers.RNN(cell)(tf.zeros([1, 5, 3])).shape
        TensorShape([1, 2])
    """

    def __init__(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, **_named({"dtype": dtype, **kwargs}, "dropout_wrapper"))
        visitor = dropout_state_filter_visitor
        if visitor is not None and not callable(visitor):
            raise TypeError(
                house_message(
                    "RNNCellDropoutWrapper",
                    "dropout_state_filter_visitor must be callable",
                    f"got {visitor!r}",
                )
            )
        self._drops_state = visitor or _is_no_cell_state
        self._keeps = {
            "input": input_keep_prob,
            "state": state_keep_prob,
            "output": output_keep_prob,
        }
        for name, share in self._keeps.items():
            _check_share(name, share)
        self._variational = variational_recurrent
        self._input_size = input_size
        self._seed = seed
        self._noise: dict[str, list[Tensor]] = {}
        if variational_recurrent:
            self._draw(dtype)

    def _draw(self, dtype: Any) -> None:
        """Draw the places that are dropped at each step."""
        if dtype is None:
            raise _lacking("dtype", "When variational_recurrent=True,")
        sizes = {"state": self.state_size, "output": self.output_size}
        if _drops(self._keeps["input"]):
            if self._input_size is None:
                rule = "When variational_recurrent=True and input_keep_prob < 1.0,"
                raise _lacking("input_size", rule)
            sizes["input"] = self._input_size
        for name, size in sizes.items():
            self._noise[name] = [
                uniform(
                    [1, *as_shape(one).as_list()],
                    seed=self._own_seed(name, number),
                    dtype=as_dtype(dtype),
                )
                for number, one in enumerate(nest.flatten(size))
            ]

    def _own_seed(self, name: str, number: int) -> int | None:
        """The seed of one part's draws, as TensorFlow derives it."""
        if self._seed is None:
            return None
        text = f"{self._seed}{name}_{number}".encode()
        return int(hashlib.md5(text).hexdigest()[:8], 16) & 0x7FFFFFFF

    def _around(self, inputs: Any, state: Any, call: Callable[..., Any]) -> Any:
        output, after = call(self._dropped("input", inputs), state)
        return self._dropped("output", output), self._dropped("state", after)

    def _dropped(self, name: str, value: Any) -> Any:
        """Values with some places at zero and the others scaled up."""
        keep = self._keeps[name]
        if not _drops(keep):
            return value
        found = []
        for number, part in enumerate(nest.flatten(value)):
            if name == "state" and not self._drops_state(part):
                found.append(part)
            elif self._variational:
                kept = floor(self._noise[name][number] + keep)
                found.append(truediv(part, keep) * kept)
            else:
                seed = self._own_seed(name, number)
                found.append(dropout(part, rate=1.0 - keep, seed=seed))
        return nest.pack_sequence_as(value, found)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; a filter of states is left out."""
        size = self._input_size
        return {
            **super().get_config(),
            **{f"{name}_keep_prob": keep for name, keep in self._keeps.items()},
            "variational_recurrent": self._variational,
            "input_size": size.as_list() if hasattr(size, "as_list") else size,
            "seed": self._seed,
        }


def _is_no_cell_state(state: Any) -> bool:
    return True


def _drops(keep: Any) -> bool:
    return not isinstance(keep, int | float) or keep < 1


def _check_share(name: str, share: Any) -> None:
    if isinstance(share, int | float) and not 0 <= share <= 1:
        raise ValueError(
            house_message(
                "RNNCellDropoutWrapper",
                f"Parameter {name}_keep_prob must be between 0 and 1",
                f"got {share}",
            )
        )


def _lacking(name: str, rule: str) -> ValueError:
    return ValueError(
        house_message("RNNCellDropoutWrapper", f"{rule} {name} must be provided")
    )


def _named(options: dict[str, Any], base: str) -> dict[str, Any]:
    """Options with a name, TensorFlow's for the class where the program gave none."""
    from rillet.keras.naming import unique_name

    if options.get("name") is None:
        options = {**options, "name": unique_name(base)}
    return options
