"""Pictures of models: `keras.utils.plot_model` and `model_to_dot`.

In: a model. Out: boxes and arrows, as text for Graphviz, as SVG, or as a picture that
the program `dot` or matplotlib draws. `drawing` lays boxes out where there is no `dot`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import Any

from rillet.core.errors import house_message
from rillet.keras.drawing import painted, svg_of
from rillet.keras.hdf5 import replacing
from rillet.keras.tracking import once_each


@dataclass
class Box:
    """A layer in a picture.

    Attributes:
        key: what arrows name it by.
        rows: its lines of text, cells of a line apart.
        rank: its line from the top.
        cluster: the names of the models around it.
    """

    key: str
    rows: list[list[str]]
    rank: int = 0
    cluster: tuple[str, ...] = ()


@dataclass
class Shown:
    """What a picture shows of each layer."""

    shapes: bool = False
    dtype: bool = False
    names: bool = False
    activations: bool = False
    trainable: bool = False


@dataclass
class Picture:
    """Boxes, and arrows between them.

    Example:
        >>> import rillet as tf
        >>> model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
        >>> print(model_to_dot(model).to_string().splitlines()[0])
        digraph model {
    """

    boxes: list[Box] = field(default_factory=list)
    arrows: list[tuple[str, str]] = field(default_factory=list)
    rankdir: str = "TB"
    dpi: int = 96

    def to_string(self) -> str:
        """The picture in Graphviz's language."""
        lines = [
            "digraph model {",
            f"rankdir={self.rankdir};",
            "concentrate=true;",
            f"dpi={self.dpi};",
            "node [shape=record];",
        ]
        lines += _clustered(self.boxes, 0, ())
        lines += [f'"{a}" -> "{b}";' for a, b in self.arrows]
        return "\n".join([*lines, "}"]) + "\n"

    def to_svg(self) -> str:
        """The picture as SVG."""
        return svg_of(self)

    def create(self, prog: str = "dot", format: str = "png") -> bytes:
        """The picture as bytes of a format, drawn by Graphviz.

        Raises:
            ImportError: where the program is not installed.
        """
        program = shutil.which(prog)
        if program is None:
            raise ImportError(
                house_message(
                    "model_to_dot",
                    "You must install graphviz for `plot_model` to use it",
                    f"there is no program {prog!r}",
                    "See instructions at https://graphviz.gitlab.io/download/",
                )
            )
        done = subprocess.run(
            [program, f"-T{format}"],
            input=self.to_string().encode("utf-8"),
            capture_output=True,
            check=True,
        )
        return done.stdout

    def write(self, path: Any, prog: str = "dot", format: str | None = None) -> None:
        """Write the picture into a file; by Graphviz where it is installed.

        Args:
            path: the file; its ending names the format.
            prog: the program of Graphviz.
            format: the format, where the ending does not say.

        Raises:
            ImportError: where neither Graphviz nor matplotlib is installed.
        """
        kind = format or os.path.splitext(os.fspath(path))[1][1:] or "png"
        with replacing(path) as scratch:
            scratch.write_bytes(self._bytes(prog, kind))

    def _bytes(self, prog: str, kind: str) -> bytes:
        if kind in ("dot", "gv"):
            return self.to_string().encode("utf-8")
        if shutil.which(prog) is not None:
            return self.create(prog, kind)
        if kind == "svg":
            return self.to_svg().encode("utf-8")
        return painted(self, kind)

    def _repr_svg_(self) -> str:
        return self.to_svg()


def _clustered(boxes: list[Box], depth: int, around: tuple[str, ...]) -> list[str]:
    """Lines for boxes, those of inner models in frames."""
    lines: list[str] = []
    done: set[str] = set()
    for box in boxes:
        if box.cluster[:depth] != around:
            continue
        if len(box.cluster) == depth:
            lines.append(f'"{box.key}" [label="{_label(box)}"];')
            continue
        name = box.cluster[depth]
        if name in done:
            continue
        done.add(name)
        inside = (*around, name)
        title = "_".join(inside)
        lines += [f'subgraph "cluster_{title}" {{', f'label="{_escaped(name)}";']
        lines += [*_clustered(boxes, depth + 1, inside), "}"]
    return lines


def _label(box: Box) -> str:
    rows = ["|".join(map(_escaped, row)) for row in box.rows]
    if len(rows) == 1:
        return rows[0]
    return "{" + "|".join(f"{{{row}}}" if "|" in row else row for row in rows) + "}"


def _escaped(text: str) -> str:
    return re.sub(r'([{}<>|"\\])', r"\\\1", text)


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 96,
    subgraph: bool = False,
    layer_range: Any = None,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> Picture:
    """A picture of a model.

    Args:
        model: a built model.
        show_shapes: show the shapes of inputs and outputs.
        show_dtype: show the types of outputs.
        show_layer_names: show the layers' names.
        rankdir: ``"TB"`` from top to bottom, ``"LR"`` from left to right.
        expand_nested: draw the layers of models inside, in a frame.
        dpi: dots per inch.
        subgraph: ignored.
        layer_range: the names (or patterns) of the first and last layer to draw.
        show_layer_activations: show the activations.
        show_trainable: show which layers are trained.

    Returns:
        The picture: `to_string`, `to_svg`, `write`.

    Raises:
        ValueError: where the model is not built yet.
    """
    if not model.built:
        raise ValueError(
            house_message(
                "model_to_dot",
                "This model has not yet been built",
                f"the model is '{model.name}'",
                "Build the model first by calling `build()` or by calling the model on"
                " a batch of data",
            )
        )
    shown = Shown(
        show_shapes,
        show_dtype,
        show_layer_names,
        show_layer_activations,
        show_trainable,
    )
    picture = Picture(rankdir=rankdir, dpi=dpi)
    layers = _chosen(model, layer_range)
    _draw(picture, model, layers, shown, expand_nested, ())
    _rank(picture)
    return picture


def _chosen(model: Any, layer_range: Any) -> list[Any]:
    layers = list(once_each(model.layers))
    if layer_range is None:
        return layers
    places = [
        [i for i, layer in enumerate(layers) if re.match(pattern, layer.name)]
        for pattern in layer_range
    ]
    if len(places) != 2 or not all(places):
        raise ValueError(
            house_message(
                "plot_model",
                "layer_range must name the first and the last layer",
                f"got {layer_range!r}, layers are {[x.name for x in layers]}",
            )
        )
    return layers[min(places[0]) : max(places[1]) + 1]


def _draw(
    picture: Picture,
    model: Any,
    layers: list[Any],
    shown: Shown,
    expand: bool,
    cluster: tuple[str, ...],
) -> tuple[list[str], list[str]]:
    """Draw a model's layers; the keys of those it begins and ends with."""
    if hasattr(model, "_describe_stack"):
        model._describe_stack()
    firsts: dict[int, list[str]] = {}
    lasts: dict[int, list[str]] = {}
    for layer in layers:
        inner = getattr(layer, "layers", None) if expand else None
        if inner:
            where = (*cluster, layer.name)
            first, last = _draw(picture, layer, list(inner), shown, expand, where)
        else:
            key = "/".join((*cluster, layer.name))
            picture.boxes.append(Box(key, _rows(layer, shown), 0, cluster))
            first = last = [key]
        firsts[id(layer)], lasts[id(layer)] = first, last
    links = _links(model, layers)
    for source, target in links:
        for a in lasts[id(source)]:
            picture.arrows += [(a, b) for b in firsts[id(target)]]
    fed = {id(target) for _, target in links}
    feeding = {id(source) for source, _ in links}
    begins = [k for x in layers if id(x) not in fed for k in firsts[id(x)]]
    ends = [k for x in layers if id(x) not in feeding for k in lasts[id(x)]]
    return begins, ends


def _links(model: Any, layers: list[Any]) -> list[tuple[Any, Any]]:
    """Which layer feeds which."""
    known = {id(layer) for layer in layers}
    network = model.__dict__.get("_network")
    if network is None:
        chain = type(model).__name__ == "Sequential" or hasattr(model, "_stack")
        return list(zip(layers, layers[1:], strict=False)) if chain else []
    found: list[tuple[Any, Any]] = []
    for node in network.nodes:
        for tensor in node.keras_inputs:
            pair = (tensor._keras_history.layer, node.layer)
            if all(id(x) in known for x in pair) and pair not in found:
                found.append(pair)
    return found


def _rows(layer: Any, shown: Shown) -> list[list[str]]:
    kind = type(layer).__name__
    title = f"{layer.name} ({kind})" if shown.names else kind
    activation = getattr(layer, "activation", None)
    if shown.activations and activation is not None:
        title += f", {getattr(activation, '__name__', str(activation))}"
    rows = [[title]]
    if shown.dtype:
        rows[0].append(str(layer.dtype))
    if shown.trainable:
        rows.append(["trainable" if layer.trainable else "non-trainable"])
    if shown.shapes:
        rows.append(["input:", _shape(layer, "input_shape")])
        rows.append(["output:", _shape(layer, "output_shape")])
    return rows


def _shape(layer: Any, name: str) -> str:
    try:
        return str(getattr(layer, name))
    except (AttributeError, RuntimeError):
        return "?"


def _rank(picture: Picture) -> None:
    """Put each box one line below the lowest of those that feed it."""
    ranks = {box.key: 0 for box in picture.boxes}
    for _ in picture.boxes:
        changed = False
        for source, target in picture.arrows:
            if ranks[target] <= ranks[source]:
                ranks[target] = ranks[source] + 1
                changed = True
        if not changed:
            break
    # Inputs stand just above what takes them.
    for key in ranks.keys() - {target for _, target in picture.arrows}:
        below = [ranks[target] for source, target in picture.arrows if source == key]
        ranks[key] = min(below, default=1) - 1
    if not picture.arrows:
        ranks = {box.key: at for at, box in enumerate(picture.boxes)}
    for box in picture.boxes:
        box.rank = ranks[box.key]


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 96,
    layer_range: Any = None,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> Any:
    """Draw a model into a file, and show it in a notebook.

    Args:
        model: a built model.
        to_file: the file; its ending names the format: png, svg, pdf, jpg or dot.
        show_shapes: show the shapes of inputs and outputs.
        show_dtype: show the types of outputs.
        show_layer_names: show the layers' names.
        rankdir: ``"TB"`` from top to bottom, ``"LR"`` from left to right.
        expand_nested: draw the layers of models inside, in a frame.
        dpi: dots per inch.
        layer_range: the names (or patterns) of the first and last layer to draw.
        show_layer_activations: show the activations.
        show_trainable: show which layers are trained.

    Returns:
        The picture for a notebook; None outside of one, or for a PDF.

    Raises:
        ValueError: where the model is not built yet.
        ImportError: where neither Graphviz nor matplotlib is installed.
    """
    picture = model_to_dot(
        model,
        show_shapes,
        show_dtype,
        show_layer_names,
        rankdir,
        expand_nested,
        dpi,
        False,
        layer_range,
        show_layer_activations,
        show_trainable,
    )
    path = os.fspath(to_file)
    kind = os.path.splitext(path)[1][1:].lower() or "png"
    if not os.path.splitext(path)[1]:
        path += ".png"
    picture.write(path, format=kind)
    return _in_notebook(path, kind)


def _in_notebook(path: str, kind: str) -> Any:
    """The picture as IPython shows it, where a notebook runs."""
    import sys

    if "IPython" not in sys.modules or kind in ("pdf", "dot", "gv"):
        return None
    try:
        from IPython import display
    except ImportError:
        return None
    return display.SVG(path) if kind == "svg" else display.Image(filename=path)
