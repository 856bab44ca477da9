"""The layer: weights, and a computation from inputs to outputs.

Tensors (arrays, numbers) flow into `__call__`, which converts and checks them, builds
the weights on first use, and runs `call`. Every Keras layer, metric and model derives
from `Layer`; what a layer says of itself stands in `layer_settings`.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from rillet.core import context, nest
from rillet.core.describe import shortened
from rillet.core.errors import house_message
from rillet.core.scopes import init_scope
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.core.tracebacks import trim
from rillet.keras.call_context import (
    calls,
    mask_of,
    mode,
    scope_names,
    set_mask,
)
from rillet.keras.call_form import form_of
from rillet.keras.call_values import NUMBERS, as_tensor, is_table, retold
from rillet.keras.input_spec import check_inputs, frees_batch_axis
from rillet.keras.keras_tensor import placeholders_in
from rillet.keras.layer_losses import LayerLosses
from rillet.keras.shape_probe import probe, remember
from rillet.ops.elementwise import cast
from rillet.ops.shaping import static_dims

_state = context.state


class _Hot:
    """What a call must be like to be let through without looking again."""

    __slots__ = ("default_training", "dtype", "leaf", "tail", "training")

    def __init__(self, layer: Any, array: np.ndarray[Any, Any], form: Any) -> None:
        self.dtype = array.dtype
        self.tail = array.shape[1:]
        self.training = form.training
        self.default_training = form.default_training
        self.leaf = type(layer).__dict__.get("_leaf", False)


class Layer(LayerLosses):
    """A computation with weights, `tf.keras.layers.Layer`.

    Subclasses make weights in `__init__` or `build` (with `add_weight`) and compute in
    `call`.

    Args:
        trainable: whether the weights are to be trained.
        name: a name; made from the class's where None.
        dtype: the type of computation and weights, or a policy; Keras's where None.
        dynamic: whether `call` must run as Python.
        **kwargs: `input_shape`, `input_dim`, `batch_input_shape`, `batch_size`,
            `weights`, `activity_regularizer`, `autocast`, `implementation`.

    Raises:
        TypeError: where an argument is unknown.

    Example:
        >>> import rillet as tf
        >>> class Scale(tf.keras.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.w = self.add_weight("w", input_shape[-1:], initializer="ones")
        ...     def call(self, inputs):
        ...         return inputs * self.w
        >>> Scale()(tf.constant([[1., 2.]])).numpy().tolist()
        [[1.0, 2.0]]
    """

    _starts_scope = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the layer on inputs: an array, a tensor, or a nest of them.

        Returns:
            What `call` returns.

        Raises:
            ValueError: where the inputs do not fit the layer.
        """
        hot = self._hot
        try:
            if hot is not None and not kwargs and len(args) == 1 and not mode.masks:
                x = args[0]
                if type(x) is Tensor:
                    array = x._array
                    shape = array.shape
                    if array.dtype is hot.dtype and shape and shape[1:] == hot.tail:
                        return self._call_hot(hot, x)
            return self._call_fully(args, kwargs)
        except Exception as error:
            trim(error)
            raise

    def _call_hot(self, hot: _Hot, x: Tensor) -> Any:
        """A call like one that went through all checks before."""
        frame = calls.frame
        if hot.training:
            training = hot.default_training
            if frame is not None and frame[1] is not None:
                training = frame[1]
            elif mode.phase is not None:
                training = mode.phase
            if training is not None:
                return self._framed((x,), {"training": training}, training)
        if hot.leaf:
            try:
                return self.call(x)
            except Exception as error:
                self._tell(error, x, {})
                raise
        return self._framed((x,), {}, None)

    def _framed(self, args: tuple[Any, ...], kwargs: Any, training: Any) -> Any:
        """Run `call` with this layer on the stack of calls."""
        frame = calls.frame
        if frame is None:
            calls.token += 1
        elif training is None:
            training = frame[1]
        self._said.token = calls.token
        calls.frame = (self, training, frame)
        try:
            return context.to_call(self.call)(*args, **kwargs)
        except Exception as error:
            self._tell(error, args[0] if args else None, kwargs)
            raise
        finally:
            calls.frame = frame

    def _call_fully(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call with everything looked at."""
        if "_said" not in self.__dict__:
            raise RuntimeError(
                house_message(
                    type(self).__name__,
                    "You must call `super().__init__()` in the layer constructor",
                )
            )
        form = form_of(self)
        args, kwargs = self._with_first(form, args, kwargs)
        inputs = args[0]
        flat = nest.flatten(inputs)
        if placeholders_in([args, kwargs]):
            return self._call_symbolic(args, kwargs)
        if any(isinstance(x, NUMBERS) or is_table(x) for x in flat):
            inputs = nest.map_structure(as_tensor, inputs)
            flat = nest.flatten(inputs)
        training = self._settle_training(form, args, kwargs)
        masks = self._settle_mask(form, inputs, flat, kwargs)
        if self._autocast and calls.frame is not None or self._casts(flat):
            inputs = self._cast_inputs(inputs)
        kept = calls.autocast
        calls.autocast = self._autocast_dtype()
        try:
            if not self.built:
                with mode.building:
                    # Another thread may have built it meanwhile.
                    if not self.built:
                        self._build_for(inputs)
            check_inputs(self.input_spec, inputs, self._name, type(self).__name__)
            outputs = self._framed((inputs, *args[1:]), kwargs, training)
            if self._activity_regularizer is not None:
                self._regularize_activity(outputs)
        finally:
            calls.autocast = kept
        if mode.masks or masks is not None or self._makes_masks():
            self._mask_outputs(inputs, outputs, masks)
        self._maybe_warm(args, kwargs, form)
        self._note_shapes(inputs, outputs)
        return outputs

    def _with_first(self, form: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """The arguments with the first one in its place."""
        if args:
            return args, dict(kwargs)
        if form.first is not None and form.first in kwargs:
            rest = dict(kwargs)
            return (rest.pop(form.first),), rest
        if form.first is not None and form.first_default is None:
            return (None,), dict(kwargs)
        raise ValueError(
            house_message(
                type(self).__name__,
                "The first argument to `Layer.call` must always be passed",
                f"layer '{self._name}' was called without any",
            )
        )

    def _settle_training(self, form: Any, args: Any, kwargs: Any) -> Any:
        """The mode of this call; put in `kwargs` where `call` takes it."""
        frame = calls.frame
        if not form.training:
            return kwargs.pop("training", None)
        if form.training_at > 0 and len(args) > form.training_at:
            return args[form.training_at]
        training = kwargs.get("training")
        if training is None and frame is not None:
            training = frame[1]
        if training is None:
            training = mode.phase
        if training is None:
            training = form.default_training
        if training is not None:
            if not isinstance(training, Tensor):
                training = bool(training)
            kwargs["training"] = training
        return training

    def _settle_mask(self, form: Any, inputs: Any, flat: Any, kwargs: Any) -> Any:
        """The masks of the inputs; put in `kwargs` where `call` takes them."""
        if kwargs.get("mask") is not None:
            return kwargs["mask"]
        if not mode.masks or not (self.supports_masking or form.mask):
            return None
        found = [mask_of(x) for x in flat]
        if all(m is None for m in found):
            return None
        masks = nest.pack_sequence_as(inputs, found)
        if form.mask:
            kwargs["mask"] = masks
        return masks

    def _casts(self, flat: list[Any]) -> bool:
        """Whether any input is of another float type than the layer's."""
        wanted = self._compute_type
        return (
            self._autocast
            and wanted is not None
            and any(
                isinstance(x, Tensor) and x.dtype is not wanted and x.dtype.is_floating
                for x in flat
            )
        )

    def _cast_inputs(self, inputs: Any) -> Any:
        wanted = self._compute_type
        if not self._autocast or wanted is None or not wanted.is_floating:
            return inputs

        def one(x: Any) -> Any:
            read = getattr(x, "dtype", None)
            typed = isinstance(x, Tensor) or hasattr(x, "_dense_tensor")
            if typed and read is not wanted and getattr(read, "is_floating", False):
                out = cast(x, wanted)
                mask = mask_of(x)
                if mask is not None:
                    set_mask(out, mask)
                return out
            return x

        if isinstance(inputs, Tensor):
            return one(inputs)
        return nest.map_structure(one, inputs)

    def _autocast_dtype(self) -> Any:
        """The type that weights read as inside this layer, None for their own."""
        policy = self._dtype_policy
        if policy.compute_dtype == policy.variable_dtype:
            return None
        return self._compute_type

    def _build_for(self, inputs: Any) -> None:
        """Make the weights for inputs like these."""
        check_inputs(self.input_spec, inputs, self._name, type(self).__name__)
        flat = nest.flatten(inputs)
        if self._dtype_policy.name == "_infer":
            self._infer_dtype(flat)
        shapes: Any = None
        if flat and all(hasattr(x, "shape") for x in flat):
            shapes = nest.map_structure(lambda x: as_shape(x.shape), inputs)
        self._build_scoped(shapes)
        waiting = self.__dict__.pop("_initial_weights", None)
        if waiting is not None:
            self.set_weights(waiting)
        remember(self)

    def _build_scoped(self, shapes: Any) -> None:
        """Run `build` with the names of the layers around on the stack."""
        kept_names = _state.names
        own = self._scope_name()
        _state.names = (*kept_names, *scope_names(), *((own,) if own else ()))
        kept_cast, calls.autocast = calls.autocast, None
        try:
            with init_scope():
                self.build(shapes)
        finally:
            _state.names = kept_names
            calls.autocast = kept_cast
        self._build_input_shape = shapes
        # A `build` that does not call its parent's leaves this to us.
        self.built = True

    def _scope_name(self) -> str:
        """What this layer adds to the names of variables made inside."""
        return self._name

    def build(self, input_shape: Any) -> None:
        """Make the weights; called once, before the first `call`.

        Args:
            input_shape: the shape of the inputs, or a nest of shapes.
        """
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; subclasses define it."""
        return inputs

    def _makes_masks(self) -> bool:
        return type(self).compute_mask is not Layer.compute_mask

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the outputs, given that of the inputs.

        Raises:
            TypeError: where there is a mask and the layer cannot handle one.
        """
        if self.supports_masking:
            return mask
        if any(m is not None for m in nest.flatten(mask)):
            raise TypeError(
                house_message(
                    f"Layer {self._name}",
                    "does not support masking, but was passed an input_mask",
                    str(mask),
                )
            )
        return None

    def _mask_outputs(self, inputs: Any, outputs: Any, masks: Any) -> None:
        flat = nest.flatten(outputs)
        if flat and all(mask_of(y) is not None for y in flat):
            return
        found = self.compute_mask(inputs, masks)
        given = [None] * len(flat) if found is None else nest.flatten(found)
        for y, mask in zip(flat, given, strict=False):
            if isinstance(y, Tensor) and (mask is not None or mask_of(y) is not None):
                set_mask(y, mask)

    def _regularize_activity(self, outputs: Any) -> None:
        for y in nest.flatten(outputs):
            loss = self._activity_regularizer(y)
            # Keras divides by the batch, so that the penalty is one of an example.
            sizes = static_dims(y)
            batch = cast(sizes[0] if sizes else 1, loss.dtype)
            self.add_loss(loss / batch)

    def _maybe_warm(self, args: Any, kwargs: Any, form: Any) -> None:
        """Let the next call like this one through unlooked at, where that is safe."""
        x = args[0]
        if len(args) != 1 or type(x) is not Tensor or not x._array.ndim:
            return
        if set(kwargs) - {"training"} or not self.built or self._makes_masks():
            return
        if self._activity_regularizer is not None or calls.autocast is not None:
            return
        if self._autocast_dtype() is not None or not frees_batch_axis(self.input_spec):
            return
        wanted = self._compute_type
        if self._autocast and x.dtype is not wanted and x.dtype.is_floating:
            return
        self.__dict__["_hot"] = _Hot(self, x._array, form)

    def _note_shapes(self, inputs: Any, outputs: Any) -> None:
        """Models that show the shapes they saw remember them here."""

    def _call_symbolic(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call on placeholders, which describes a model instead of computing."""
        describe = context.service("keras.describe_call")
        if describe is None:
            raise RuntimeError("Layer: placeholders come with rillet.keras")
        return describe(self, args, kwargs)

    def _tell(self, error: Exception, inputs: Any, kwargs: Any) -> None:
        """Raise the error of a `call` anew, naming the layer and its arguments.

        Returns where an inner layer did so already, or the error's class takes more
        than a message.
        """
        if getattr(error, "_layer_told", False):
            return
        who = f"layer '{self._name}' (type {type(self).__name__})"
        known = calls.singles or "newaxis" in str(error)
        advice = "" if known else self._advice(inputs)
        told = retold(error, who, form_of(self), inputs, kwargs, advice)
        if told is not None:
            raise told.with_traceback(error.__traceback__) from None

    def _advice(self, inputs: Any) -> str:
        """What may help where a call on these inputs failed: models know it."""
        return ""

    def _infer_dtype(self, flat: list[Any]) -> None:
        for x in flat:
            if isinstance(x, Tensor) and x.dtype.is_floating:
                self._set_policy(x.dtype.name)
                return

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs for inputs of a shape.

        Args:
            input_shape: a shape, or a nest of shapes; None for sizes that may vary.

        Returns:
            A `TensorShape`, or a nest of them.
        """
        return probe(self, input_shape)

    def compute_output_signature(self, input_signature: Any) -> Any:
        """The specs of the outputs for inputs of these specs."""
        shapes = nest.map_structure(lambda s: s.shape, input_signature)
        found = self.compute_output_shape(shapes)
        dtype = self._compute_type
        if dtype is None:
            dtype = nest.flatten(input_signature)[0].dtype
        if isinstance(found, TensorShape):
            return TensorSpec(found, dtype)
        return nest.map_structure(lambda s: TensorSpec(s, dtype), found)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer from what `get_config` gave.

        Raises:
            TypeError: where the configuration has arguments that the class lacks.
        """
        try:
            return cls(**config)
        except Exception as error:
            raise TypeError(
                house_message(
                    f"{cls.__name__}.from_config",
                    "Error when deserializing the class: the configuration does not fit"
                    " its constructor",
                    f"{str(error).rstrip('.')}; config={shortened(config)}",
                )
            ) from error
