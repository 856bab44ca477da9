"""Bidirectional: a recurrent layer run both ways through time."""

from __future__ import annotations

from typing import Any, Self

from rillet.core import nest
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.keras.base_layer import Layer
from rillet.keras.call_form import form_of
from rillet.keras.layers.recurrent import is_tensors
from rillet.keras.layers.registry import deserialize, serialize
from rillet.keras.layers.wrappers import Wrapper
from rillet.keras.serialization import builtin
from rillet.ops.array import concat_op
from rillet.ops.elementwise import add_op, mul_op
from rillet.ops.rearrange import reverse_op

_MODES = ("sum", "mul", "ave", "concat", None)


@builtin("layer")
class Bidirectional(Wrapper):
    """Runs a recurrent layer forwards and a twin of it backwards.

    Args:
        layer: the layer, such as `LSTM`.
        merge_mode: ``"concat"``, ``"sum"``, ``"mul"``, ``"ave"``, or None to give both
            outputs.
        weights: the first values of the weights.
        backward_layer: another layer for the way back.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where the layers do not fit each other.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(4))
        >>> layer(tf.zeros([2, 5, 3])).shape
        TensorShape([2, 8])
    """

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(layer, Layer) or not hasattr(layer, "go_backwards"):
            raise ValueError(
                house_message(
                    "Bidirectional",
                    "Please initialize `Bidirectional` layer with a"
                    " `tf.keras.layers.Layer` instance that runs over time",
                    f"Received: {layer!r}",
                    "Give an RNN, LSTM, GRU, or a layer with `go_backwards`",
                )
            )
        if backward_layer is not None and not isinstance(backward_layer, Layer):
            raise ValueError(
                house_message(
                    "Bidirectional",
                    "`backward_layer` need to be a `tf.keras.layers.Layer` instance",
                    f"Received: {backward_layer!r}",
                )
            )
        if merge_mode not in _MODES:
            raise ValueError(
                house_message(
                    "Bidirectional",
                    'Merge mode should be one of {"sum", "mul", "ave", "concat", None}',
                    f"Invalid merge mode. Received: {merge_mode}",
                )
            )
        super().__init__(layer, **kwargs)
        # The layer given stands for its configuration only: each way has a copy.
        self.__dict__["_given"] = serialize(layer)
        self.__dict__["_given_back"] = (
            None if backward_layer is None else serialize(backward_layer)
        )
        del self.layer
        back: Any = backward_layer
        self.forward_layer: Any = _copied(layer)
        self.backward_layer: Any = _copied(layer, True) if back is None else back
        self.forward_layer._name = f"forward_{self.forward_layer.name}"
        self.backward_layer._name = f"backward_{self.backward_layer.name}"
        self._check_pair()
        for way in (self.forward_layer, self.backward_layer):
            # What a mask hides differs between the ways: merged, it would be a mixture.
            if getattr(way, "zero_output_for_mask", None) is not None:
                way.zero_output_for_mask = way.return_sequences
        self.merge_mode = merge_mode
        self.stateful = layer.stateful
        self.return_sequences = self.forward_layer.return_sequences
        self.return_state = self.forward_layer.return_state
        self.supports_masking = True
        self.input_spec = layer.input_spec
        if weights:
            half = len(weights) // 2
            self.forward_layer.__dict__["_initial_weights"] = weights[:half]
            self.backward_layer.__dict__["_initial_weights"] = weights[half:]

    def _check_pair(self) -> None:
        ahead, back = self.forward_layer, self.backward_layer
        if ahead.go_backwards == back.go_backwards:
            raise ValueError(
                house_message(
                    "Bidirectional",
                    "Forward layer and backward layer should have different"
                    " `go_backwards` value",
                    f"forward_layer.go_backwards = {ahead.go_backwards},"
                    f" backward_layer.go_backwards = {back.go_backwards}",
                )
            )
        for name in ("stateful", "return_sequences", "return_state"):
            if getattr(ahead, name) != getattr(back, name):
                raise ValueError(
                    house_message(
                        "Bidirectional",
                        "Forward layer and backward layer are expected to have the same"
                        f' value for attribute "{name}"',
                        f"got {getattr(ahead, name)} for forward layer and"
                        f" {getattr(back, name)} for backward layer",
                    )
                )

    def _makes_masks(self) -> bool:
        return False

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        constants: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Run the layers; states, half of them for each, may follow the inputs."""
        if isinstance(inputs, list | tuple) and is_tensors(inputs):
            initial_state = list(inputs[1:]) or initial_state
            inputs = inputs[0]
        if initial_state is not None:
            kwargs["initial_state"] = initial_state
        if constants is not None:
            kwargs["constants"] = constants
        return super().__call__(inputs, **kwargs)

    def build(self, input_shape: Any = None) -> None:
        """Build both layers; see `Layer.build`."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer._build_scoped(input_shape)
            waiting = layer.__dict__.pop("_initial_weights", None)
            if waiting is not None:
                layer.set_weights(waiting)
        self.built = True

    def call(
        self,
        inputs: Any,
        training: Any = None,
        mask: Any = None,
        initial_state: Any = None,
        constants: Any = None,
    ) -> Any:
        """Both outputs merged, and the states of both where asked for."""
        given: dict[str, Any] = {}
        form = form_of(self.forward_layer)
        if form.training:
            given["training"] = training
        if form.mask:
            given["mask"] = mask
        if constants is not None:
            given["constants"] = constants
        ahead, back = dict(given), dict(given)
        if initial_state is not None:
            half = len(initial_state) // 2
            if len(initial_state) % 2:
                raise ValueError(
                    house_message(
                        "Bidirectional",
                        "When passing `initial_state` to a Bidirectional RNN, the state"
                        " should be a list containing the states of both layers",
                        f"Received: {len(initial_state)} states",
                    )
                )
            ahead["initial_state"] = list(initial_state[:half])
            back["initial_state"] = list(initial_state[half:])
        y = self.forward_layer(inputs, **ahead)
        y_back = self.backward_layer(inputs, **back)
        states: list[Any] = []
        if self.return_state:
            states = [*y[1:], *y_back[1:]]
            y, y_back = y[0], y_back[0]
        if self.return_sequences:
            axis = 0 if getattr(self.forward_layer, "time_major", False) else 1
            y_back = reverse_op(y_back, [axis])
        out = self._merged(y, y_back)
        if not self.return_state:
            return out
        return [*out, *states] if self.merge_mode is None else [out, *states]

    def _merged(self, y: Any, back: Any) -> Any:
        if self.merge_mode == "concat":
            return concat_op([y, back], -1)
        if self.merge_mode == "sum":
            return add_op.run(y, back)
        if self.merge_mode == "ave":
            return mul_op.run(add_op.run(y, back), 0.5)
        if self.merge_mode == "mul":
            return mul_op.run(y, back)
        return [y, back]

    def reset_states(self) -> None:
        """Set the states that both layers keep to zero."""
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the outputs: that of the inputs where all steps are given."""
        found = nest.flatten(mask)[0] if mask is not None else None
        one = found if self.return_sequences else None
        out = one if self.merge_mode else [one, one]
        if not self.return_state:
            return out
        cell = getattr(self.forward_layer, "cell", None)
        count = 2 * len(nest.flatten(getattr(cell, "state_size", 0)))
        return [*(out if isinstance(out, list) else [out]), *[None] * count]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes of the outputs, and of states where they are given."""
        shape: Any = self.forward_layer.compute_output_shape(input_shape)
        states: list[Any] = []
        if self.return_state:
            shape, states = shape[0], list(shape[1:])
        out: Any = TensorShape(shape)
        if self.merge_mode == "concat":
            last = out[-1]
            out = out[:-1].concatenate([None if last is None else last * 2])
        elif self.merge_mode is None:
            out = [out, out]
        if not self.return_state:
            return out
        return [*(out if isinstance(out, list) else [out]), *states, *states]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = {
            **Layer.get_config(self),
            "layer": self.__dict__["_given"],
            "merge_mode": self.merge_mode,
        }
        if self.__dict__["_given_back"] is not None:
            config["backward_layer"] = self.__dict__["_given_back"]
        return config

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """The layer that `get_config` described."""
        rest = dict(config)
        layer = deserialize(rest.pop("layer"), custom_objects)
        back = rest.pop("backward_layer", None)
        if back is not None:
            back = deserialize(back, custom_objects)
        return cls(layer, backward_layer=back, **rest)


def _copied(layer: Any, back: bool = False) -> Any:
    """A new layer with a layer's configuration, its direction turned where asked."""
    config = layer.get_config()
    if back:
        config["go_backwards"] = not config["go_backwards"]
    return type(layer).from_config(config)
