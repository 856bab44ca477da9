"""EinsumDense: a product with a kernel over axes that an equation names."""

from __future__ import annotations

import re
import string
from typing import Any

from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.variable import Variable
from rillet.keras import activations, constraints, initializers, regularizers
from rillet.keras.base_layer import Layer
from rillet.keras.serialization import builtin
from rillet.ops.contract import einsum_op
from rillet.ops.elementwise import add_op

_FORM = re.compile(
    r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?"
)


def _refused(rule: str, values: str) -> ValueError:
    return ValueError(house_message("EinsumDense", rule, values))


class _Plan:
    """What an equation means for one rank of inputs.

    Attributes:
        equation: the equation with letters in place of dots.
        kernel: the kernel's shape.
        bias: the bias's shape, or None.
        output: the outputs' shape.
    """

    def __init__(
        self, equation: str, shape: TensorShape, given: Any, bias_axes: str | None
    ) -> None:
        found = _FORM.fullmatch(equation.replace(" ", ""))
        if found is None or (found[1], found[3]) != (found[5], found[7]):
            raise _refused(
                f"Invalid einsum equation '{equation}'. Equations must be in the form"
                " [X],[Y]->[Z], ...[X],[Y]->...[Z], or [X]...,[Y]->[Z]....",
                f"equation={equation!r}",
            )
        ins, weights, outs = found[2], found[4], found[6]
        elided = len(shape) - len(ins)
        if elided < 0 or (elided and not (found[1] or found[3])):
            raise _refused(
                "the equation's first term must name each axis of the inputs",
                f"equation={equation!r}, inputs of shape {shape}",
            )
        spare = [c for c in string.ascii_letters if c not in equation][:elided]
        dots = "".join(spare) if found[1] or found[3] else ""
        whole_in = dots + ins if found[1] else ins + dots
        whole_out = dots + outs if found[1] else outs + dots
        sizes = dict(zip(whole_in, shape.as_list(), strict=True))
        # The sizes given are those of the named axes behind the batch.
        named = outs if found[1] else whole_out[1:]
        for label, size in zip(named, given, strict=False):
            known = sizes.get(label)
            if size is not None and known is not None and known != size:
                raise _refused(
                    "Input shape and output shape do not match at shared dimension"
                    f" '{label}'",
                    f"Input shape is {known}, and output shape is {size}",
                )
            if size is not None:
                sizes[label] = size
        self.equation = f"{whole_in},{weights}->{whole_out}"
        self.output = TensorShape([_size(sizes, c, equation) for c in whole_out])
        self.kernel = [_size(sizes, c, equation, True) for c in weights]
        self.bias: list[int | None] | None = None
        if bias_axes is not None:
            self.bias = _bias_shape(bias_axes, whole_out, sizes)


def _size(sizes: Any, label: str, equation: str, fixed: bool = False) -> int | None:
    if label not in sizes:
        raise _refused(
            f"Weight dimension '{label}' did not have a match in either the input spec"
            " or the output spec, or an output dimension has no size",
            f"equation={equation!r}",
        )
    size: int | None = sizes[label]
    if fixed and size is None:
        raise _refused(
            f"the size of the kernel's axis '{label}' is not known",
            f"equation={equation!r}",
        )
    return size


def _bias_shape(bias_axes: str, output: str, sizes: Any) -> list[int | None]:
    for label in bias_axes:
        if label not in output:
            raise _refused(
                f"Bias dimension '{label}' was requested, but is not part of the output"
                f" spec '{output}'",
                f"bias_axes={bias_axes!r}",
            )
    first = min(output.index(label) for label in bias_axes)
    return [sizes[c] if c in bias_axes else 1 for c in output[first:]]


@builtin("layer")
class EinsumDense(Layer):
    """Every output is a sum of products of inputs and kernel, as an equation says.

    Args:
        equation: inputs, kernel and outputs, as in ``"abc,cd->abd"``; ``...`` stands
            for any axes in front or behind.
        output_shape: the outputs' sizes but for the batch and the dots; None for those
            that the inputs have.
        activation: a function or its name; none where None.
        bias_axes: the outputs' axes that the bias has, as ``"d"``; no bias where None.
        kernel_initializer: what gives the kernel.
        bias_initializer: what gives the bias.
        kernel_regularizer: a penalty of the kernel.
        bias_regularizer: a penalty of the bias.
        activity_regularizer: a penalty of the outputs.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where equation, inputs and sizes do not fit.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.EinsumDense(
        ...     "abc,cd->abd", output_shape=(None, 64), bias_axes="d")
        >>> layer(tf.zeros([2, 32, 128])).shape
        TensorShape([2, 32, 64])
    """

    _leaf = True

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.equation = equation
        sizes = [output_shape] if isinstance(output_shape, int) else list(output_shape)
        self.partial_output_shape = sizes
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def _plan(self, input_shape: Any) -> _Plan:
        return _Plan(
            self.equation,
            as_shape(input_shape),
            self.partial_output_shape,
            self.bias_axes,
        )

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias; see `Layer.build`."""
        plan = self._plan(input_shape)
        self._rank = len(as_shape(input_shape))
        self._equation = plan.equation
        self.full_output_shape = plan.output.as_list()
        self.kernel = self.add_weight(
            "kernel",
            shape=plan.kernel,
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            dtype=self.dtype,
            trainable=True,
        )
        self.bias: Variable | None = None
        if plan.bias is not None:
            self.bias = self.add_weight(
                "bias",
                shape=plan.bias,
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                dtype=self.dtype,
                trainable=True,
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The sums of products."""
        equation = self._equation
        if inputs.ndim != self._rank:
            equation = self._plan(inputs.shape).equation
        out = einsum_op([inputs, self.kernel._dense_tensor()], equation=equation)
        if self.bias is not None:
            out = add_op.run(out, self.bias._dense_tensor())
        return out if self.activation is None else self.activation(out)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The shape that the equation gives."""
        return self._plan(input_shape).output

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "output_shape": self.partial_output_shape,
            "equation": self.equation,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
