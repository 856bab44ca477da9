"""Pictures of graphs: read as XML, every node and edge is where it should be."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import rillet as tf
from rillet.graph.layering import Edge, laid_out

SVG = "{http://www.w3.org/2000/svg}"


def picture(graph: Any) -> ElementTree.Element:
    return ElementTree.fromstring(graph.draw().svg)


def groups(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [g for g in root.iter(f"{SVG}g") if kind in (g.get("class") or "").split()]


def names(root: ElementTree.Element, kind: str) -> list[str]:
    return [g.get("data-name") or "" for g in groups(root, kind)]


def frame(group: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a box."""
    found = group.find(f"{SVG}rect")
    assert found is not None
    x, y, w, h = (float(found.get(k) or 0) for k in ("x", "y", "width", "height"))
    return x, y, x + w, y + h


def graph_of(function: Any, *specs: Any) -> Any:
    return tf.function(function).get_concrete_function(*specs).graph


X = tf.TensorSpec([None, 2], tf.float32)


def test_every_node_has_a_box_and_every_tensor_a_type() -> None:
    w = tf.Variable(tf.ones([2, 3]), name="w")

    def function(x: Any) -> Any:
        y = tf.nn.relu(x @ w)
        w.assign_add(tf.ones([2, 3]))
        return y * 0.5

    graph = graph_of(function, X)
    root = picture(graph)
    assert names(root, "op") == ["MatMul", "Relu", "AddV2", "Mul"]
    assert names(root, "input") == ["x"]
    assert names(root, "output") == ["output 0"]
    heads = [t.text for t in root.iter(f"{SVG}text") if t.get("class") == "op-name"]
    assert heads.count("w:0") == 2  # read, and written
    types = {g.get("data-tensor"): g[0].text for g in groups(root, "tensor")}
    assert types["x:0"] == "float32[?,2]"
    assert types["MatMul:0"] == "float32[?,3]"
    assert types["w/Read:0"] == "float32[2,3]"
    assert len(types) == sum(len(n.outputs) for n in graph.nodes)


def test_edges_run_down_from_box_to_box() -> None:
    graph = graph_of(lambda x: tf.exp(x) + tf.sin(tf.exp(x)), X)
    root = picture(graph)
    boxes = {g.get("data-name"): frame(g) for g in groups(root, "node")}
    edges = [p for p in root.iter(f"{SVG}path") if p.get("class") == "edge"]
    wanted = sum(len(n.tensors()) for n in graph.nodes) + len(graph.outputs)
    assert len(edges) == wanted
    for edge in edges:
        node = graph.get_tensor_by_name(edge.get("data-tensor")).node
        left, _, right, bottom = boxes[node.name]
        begin = (edge.get("d") or "")[1:].split("C")[0].split()
        assert left <= float(begin[0]) <= right
        assert float(begin[1]) == pytest.approx(bottom, abs=0.2)
        end = (edge.get("d") or "").replace("V", " ").split()[-2:]
        assert float(end[1]) > float(begin[1])


def test_boxes_do_not_overlap() -> None:
    def function(x: Any) -> Any:
        parts = [tf.tanh(x * float(i)) for i in range(20)]
        for a, b in zip(parts, parts[3:], strict=False):
            parts = [*parts[1:], a + b]
        return tf.add_n(parts)

    frames = [frame(g) for g in groups(picture(graph_of(function, X)), "node")]
    for i, (left, top, right, bottom) in enumerate(frames):
        for x0, y0, x1, y1 in frames[:i]:
            assert right <= x0 or x1 <= left or bottom <= y0 or y1 <= top


def test_branches_and_loops_are_boxes_in_boxes() -> None:
    def function(x: Any, n: Any) -> Any:
        total = tf.constant(0.0)
        for i in tf.range(n):
            if x[0] > 1.0:
                total += tf.cast(i, tf.float32)
            else:
                total -= x[1]
        return total

    specs = tf.TensorSpec([2], tf.float32), tf.TensorSpec([], tf.int32)
    root = picture(graph_of(function, *specs))
    loop, branch = groups(root, "control")
    assert loop.get("data-name") == "While"
    titles = [g.get("data-graph") for g in groups(loop, "inner")]
    assert titles == ["while_cond", "while_body", "cond_true", "cond_false"]
    assert branch in list(groups(loop, "inner")[1].iter(f"{SVG}g"))
    for box in (loop, branch):
        left, top, right, bottom = frame(box)
        for inner in groups(box, "inner"):
            x0, y0, x1, y1 = frame(inner)
            assert left <= x0 and x1 <= right and top <= y0 and y1 <= bottom


def test_python_calls_stand_out_and_text_is_escaped() -> None:
    def function(x: Any) -> Any:
        y = tf.numpy_function(lambda a: a, [x], tf.float32, name="<&>")
        return tf.reshape(y, [-1])

    svg = graph_of(function, X).draw().svg
    root = ElementTree.fromstring(svg)
    assert len(groups(root, "host")) == 1
    assert "prefers-color-scheme: dark" in svg


def test_notebooks_show_it_and_files_hold_it(tmp_path: Path) -> None:
    @tf.function
    def f(x: Any) -> Any:
        return x + 1.0

    with pytest.raises(ValueError, match="no graph before the first trace"):
        _ = f.graph
    f(tf.constant([1.0]))
    found = f.graph.draw(tmp_path / "a.svg")
    assert found._repr_svg_() == found.svg == str(found)
    assert (tmp_path / "a.svg").read_text("utf-8") == found.svg
    found.save(str(tmp_path / "a.svg"))
    assert [p.name for p in tmp_path.iterdir()] == ["a.svg"]
    with pytest.raises(FileNotFoundError):
        found.save(tmp_path / "none" / "a.svg")


def test_a_thousand_nodes_are_drawn_in_two_seconds() -> None:
    def function(x: Any) -> Any:
        found = [x]
        for i in range(500):
            found.append(tf.tanh(found[-1]) + found[max(0, i - 9)])
        return found[-1]

    graph = graph_of(function, X)
    begun = time.perf_counter()
    root = picture(graph)
    assert time.perf_counter() - begun < 2
    assert len(groups(root, "node")) == len(graph.nodes) + 1 > 1000


def test_layers_follow_edges() -> None:
    random = np.random.default_rng(3)
    edges = [Edge(int(random.integers(0, k)), k) for k in range(1, 60)]
    edges += [Edge(int(random.integers(0, k)), k) for k in range(1, 60)]
    sizes = [(float(w), 20.0) for w in random.integers(30, 90, 60)]
    found = laid_out(sizes, edges)
    for source, target in edges:
        assert found.y[source] + 20 < found.y[target]
    for x, (width, _) in zip(found.x, sizes, strict=True):
        assert -0.01 <= x - width / 2 and x + width / 2 <= found.width + 0.01
    assert laid_out([], []).width == 0


def test_only_svg_is_saved_as_a_picture(tmp_path: Path) -> None:
    """A file called .png must not hold SVG."""
    function = tf.function(lambda x: x + 1.0)
    drawing = function.get_concrete_function(tf.ones([2])).graph.draw()
    with pytest.raises(ValueError, match="the name ends in '.png'"):
        drawing.save(tmp_path / "graph.png")
    assert not list(tmp_path.iterdir())
