"""Which Dense layers of a model follow one another: seen by calling it on zeros.

In: a built model. Out: its Dense layers in the order in which they run, or a refusal
where what goes into one is not what the one before gave. `networks` draws them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np

import rillet as tf
from rillet import keras
from rillet.explain.passage import Passage, Ran, hanging
from rillet.explain.picture import refuse
from rillet.explain.unchanged import unchanged
from rillet.keras.shape_probe import map_shapes

_OP: Final = "explain.network"
#: What stands for a size that is not known.
_UNKNOWN: Final = 8


class Followed:
    """The calls of Dense layers in one pass through a model.

    Args:
        ran: the ops of the pass.
        inputs: the model's.
    """

    def __init__(self, ran: list[Ran], inputs: list[Any]) -> None:
        self._makers: dict[int, Ran] = {}
        self._live = hanging(ran, inputs)
        #: Each Dense layer with what went in, and came out, in the order of the calls.
        self.calls: list[tuple[Any, Any, Any]] = []
        #: The Dense layers that ran, on whatever.
        self.dense = [
            x for x in map(_innermost, ran) if isinstance(x, keras.layers.Dense)
        ]
        last: Any = None
        read: set[int] = set()
        for each in ran:
            layer = _innermost(each)
            if layer is not last:
                last, read, begins = layer, set(), True
            if each.op is None:  # a call reads each of its weights once
                if id(each.inputs[0]) in read:
                    begins = True
                    read.clear()
                read.add(id(each.inputs[0]))
                continue
            live = [x for x in each.inputs if id(x) in self._live]
            self._makers.update((id(y), each) for y in each.outputs)
            if isinstance(layer, keras.layers.Dense) and live:
                if begins:
                    self.calls.append((layer, live[0], each.outputs[0]))
                else:
                    self.calls[-1] = (*self.calls[-1][:2], each.outputs[0])
                begins = False

    def _sources(self, tensor: Any) -> list[Any]:
        """What a tensor was made from, as far as it hangs on the inputs."""
        made = self._makers.get(id(tensor))
        given = () if made is None else made.inputs
        return list({id(x): x for x in given if id(x) in self._live}.values())

    def leads(self, output: Any, tensor: Any) -> bool:
        """Whether a tensor comes from a layer's output alone, neuron by neuron."""
        while tensor is not output:
            sources = self._sources(tensor)
            if len(sources) != 1 or _mixes(_innermost(self._makers[id(tensor)])):
                return False
            (tensor,) = sources
        return True

    def origin(self, tensor: Any) -> str:
        """What the numbers are that go into the first layer drawn."""
        seen: dict[int, Any] = {}
        ahead = [tensor]
        while ahead:
            each = ahead.pop()
            if id(each) not in seen:
                seen[id(each)] = each
                ahead += self._sources(each)
        made = [self._makers[key] for key in seen if key in self._makers]
        layers = [_innermost(ran) for ran in made]
        if not any(layer is not None and layer.weights for layer in layers):
            return "inputs"
        named = [layer.name for layer in layers if layer is not None]
        return f"from {named[0]}"


def _innermost(ran: Ran) -> Any:
    """The layer an op ran in, if that is no model."""
    layer = ran.layers[-1] if ran.layers else None
    return None if isinstance(layer, keras.Model) else layer


def _mixes(layer: Any) -> bool:
    """Whether a layer makes numbers of all neurons, each with weights of its own."""
    return layer is not None and any(len(v.shape) > 1 for v in layer.weights)


def followed(model: Any) -> tuple[list[Any], str]:
    """The Dense layers of a model, and what goes into the first of them.

    Raises:
        ValueError: where there are none, the model was never called, or they do not
            follow one another.
    """
    form = _form(model) if getattr(model, "built", False) else None
    seen = None if form is None else _called(model, form)
    if seen is None or not seen.dense:
        raise _none(model)
    if not seen.calls:
        raise _apart(f"{seen.dense[0].name} on what Python made of the inputs")
    for (first, _, output), (then, given, _) in pairwise(seen.calls):
        if not seen.leads(output, given):
            a, b = np.shape(first.kernel), np.shape(then.kernel)
            raise _apart(f"{first.name} {a} before {then.name} {b}")
    layers = [layer for layer, _, _ in seen.calls]
    for layer in layers:
        if (times := sum(each is layer for each in layers)) > 1:
            raise _apart(f"{layer.name} called {times} times")
    for first, then in pairwise(layers):
        a, b = np.shape(first.kernel), np.shape(then.kernel)
        if a[1] != b[0]:
            raise _apart(f"{first.name} {a} before {then.name} {b}")
    return layers, seen.origin(seen.calls[0][1])


def _called(model: Any, form: Any) -> Followed:
    passage = Passage()
    try:
        given = tf.nest.map_structure(_zeros, form)
        with unchanged(model):
            passage.run(lambda: model(given, training=False))
    except Exception as error:
        raise refuse(
            _OP,
            "the model is called on zeros, to see which layer follows which",
            f"{type(error).__name__}: {error}",
            "Draw a part of the model, as in keras.Model(inputs, outputs)",
        ) from error
    return Followed(passage.ran, tf.nest.flatten(given))


def _form(model: Any) -> Any:
    """Shapes and types that a model was first called on, or is to be called on."""
    specs = getattr(model, "inputs", None) or model.__dict__.get("_saved_inputs")
    if specs is None and model._build_input_shape is not None:
        specs = map_shapes(tf.TensorSpec, model._build_input_shape)
    return specs[0] if isinstance(specs, list) and len(specs) == 1 else specs


def _zeros(spec: Any) -> Any:
    sizes = [_UNKNOWN if n is None else int(n) for n in spec.shape]
    return tf.zeros([1, *sizes[1:]], spec.dtype)


def _none(model: Any) -> ValueError:
    return refuse(
        _OP,
        "the model must have Dense layers with weights",
        getattr(model, "name", type(model).__name__),
        "Build it, or call it on data, first",
    )


def _apart(got: str) -> ValueError:
    return refuse(
        _OP,
        "Dense layers must follow one another, each after the one before",
        got,
        "Draw a part of the model, as in keras.Model(inputs, outputs), or all of it by"
        " explain.graph(model, x, y, fold=True)",
    )
