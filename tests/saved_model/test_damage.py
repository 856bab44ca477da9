"""Hostile and damaged SavedModels: errors of rillet's own, and no way out."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

import rillet as tf
from rillet.checkpoint.wire import Record, decode, encode
from rillet.core.errors import DataLossError, OpError
from rillet.saved_model import messages
from rillet.saved_model.assets import asset_path
from rillet.saved_model.attributes import node_message
from rillet.saved_model.graph_reader import Reader
from rillet.saved_model.tensors import array_of, shape_message

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "saved_models"


@pytest.fixture
def folder(tmp_path):
    with zipfile.ZipFile(GOLDEN / "module.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.mark.parametrize("seed", range(150))
def test_mutated_files_are_refused_or_run(seed, folder):
    """Whatever bytes change, loading and calling end in an answer or a plain error."""
    draw = random.Random(seed)
    path = folder / "saved_model.pb"
    data = bytearray(path.read_bytes())
    for _ in range(draw.randint(1, 8)):
        place = draw.randrange(len(data))
        if draw.random() < 0.7:
            data[place] = draw.randrange(256)
        else:
            del data[place : place + draw.randint(1, 40)]
    path.write_bytes(bytes(data))
    try:
        loaded = tf.saved_model.load(folder)
        loaded(tf.constant([1.0, 5.0]))
        loaded.texts(tf.constant(["A"]))
    except (OpError, ValueError, TypeError, AttributeError):
        pass


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../x", "", "c:\\x", "a\0b", ".."]
)
def test_assets_never_lead_out_of_the_folder(name, tmp_path):
    with pytest.raises(DataLossError, match="leads out of the folder"):
        asset_path(str(tmp_path), name)


def test_a_link_does_not_lead_out_either(tmp_path):
    (tmp_path / "assets").mkdir()
    try:
        (tmp_path / "assets" / "link").symlink_to(tmp_path.parent)
    except OSError:
        return  # this system gives no links to its users
    with pytest.raises(DataLossError, match="leads out of the folder"):
        asset_path(str(tmp_path), "link/secret")


def test_constants_cannot_fill_the_memory():
    message = Record(messages.TENSOR, dtype=1, float_val=[1.0])
    message.tensor_shape = shape_message([1 << 20, 1 << 20])
    with pytest.raises(DataLossError, match="impossibly large"):
        array_of(message)


def _rewritten(folder, change):
    path = folder / "saved_model.pb"
    whole = decode(messages.SAVED_MODEL, path.read_bytes())
    for function in whole.meta_graphs[0].graph_def.library.function:
        change(function)
    path.write_bytes(encode(messages.SAVED_MODEL, whole))


def test_functions_that_call_themselves_end(folder):
    def change(function):
        for node in function.node_def:
            if node.op in ("While", "StatelessWhile"):
                node.op = "PartitionedCall"
                func = Record(messages.FUNC, name=function.signature.name)
                value = Record(messages.ATTR, func=func)
                node.attr.append(Record(messages.ATTR_ENTRY, key="f", value=value))

    _rewritten(folder, change)
    loaded = tf.saved_model.load(folder)
    with pytest.raises(DataLossError):
        loaded(tf.constant([1.0, 5.0]))


@pytest.mark.parametrize(("deep", "refused"), [(4, False), (8, True)])
def test_few_functions_cannot_ask_for_millions_of_nodes(deep, refused):
    """Ten calls of one function in the next, four or eight deep."""
    kind = tf.float32.as_datatype_enum
    functions = []
    for level in range(deep + 1):
        made = Record(messages.OP, name=f"f{level}")
        made.input_arg = [Record(messages.ARGUMENT, name="x", type=kind)]
        made.output_arg = [Record(messages.ARGUMENT, name="y", type=kind)]
        nodes, last = [], "x"
        for i in range(10 if level else 1):
            attrs = {"f": ("func", f"f{level - 1}")} if level else {}
            op = "PartitionedCall" if level else "Neg"
            nodes.append(node_message(f"n{i}", op, [last], attrs))
            last = f"n{i}:{'output' if level else 'y'}:0"
        function = Record(messages.FUNCTION, signature=made, node_def=nodes)
        function.ret = [Record(messages.TEXT_ENTRY, key="y", value=last)]
        functions.append(function)
    library = Record(messages.LIBRARY, function=functions)
    reader = Reader(Record(messages.GRAPH, library=library))
    plan = reader.plan(f"f{deep}")
    if not refused:
        reader.check(plan)
        return
    with pytest.raises(DataLossError, match="more than 100,000 nodes"):
        reader.check(plan)


def test_a_trusted_model_may_read_and_write_files(tmp_path):
    module = tf.Module()
    text = tf.TensorSpec([], tf.string)
    module.read = tf.function(tf.io.read_file, input_signature=[text])
    module.write = tf.function(tf.io.write_file, input_signature=[text, text])
    tf.saved_model.save(module, tmp_path / "model")
    place = str(tmp_path / "words.txt")
    with pytest.raises(tf.errors.PermissionDeniedError, match="ReadFile"):
        tf.saved_model.load(tmp_path / "model").read(place)
    options = tf.saved_model.LoadOptions(allowed_ops=["ReadFile", "WriteFile"])
    trusted = tf.saved_model.load(tmp_path / "model", options=options)
    with pytest.raises(tf.errors.NotFoundError, match=r"words\.txt"):
        trusted.read(place)
    trusted.write(place, "one two")
    assert trusted.read(place).numpy() == b"one two"


@pytest.mark.parametrize(
    ("op", "error", "words"),
    [
        ("NoSuchOp", tf.errors.NotFoundError, "NoSuchOp at node"),
        ("ReadFile", tf.errors.PermissionDeniedError, "ReadFile touches files"),
        ("EagerPyFunc", tf.errors.PermissionDeniedError, "is refused"),
    ],
)
def test_ops_that_lack_or_are_refused_are_named(op, error, words, folder):
    def change(function):
        for node in function.node_def:
            if node.op == "StringLower":
                node.op = op

    _rewritten(folder, change)
    loaded = tf.saved_model.load(folder)
    np.testing.assert_allclose(loaded(tf.constant([1.0, 5.0])), [3.0, 9.0])
    with pytest.raises(error, match=words):
        loaded.texts(tf.constant(["A"]))


def test_constants_without_a_value_are_damage(folder):
    def change(function):
        for node in function.node_def:
            if node.op == "Const":
                node.attr = [e for e in node.attr if e.key != "value"]

    _rewritten(folder, change)
    with pytest.raises(DataLossError, match="a constant has no value"):
        tf.saved_model.load(folder)(tf.constant([1.0, 5.0]))


def test_a_resource_whose_function_needs_the_resource_ends(tmp_path):
    """What makes a table is bound to the table itself."""
    with zipfile.ZipFile(GOLDEN / "tables.zip") as archive:
        archive.extractall(tmp_path)
    path = tmp_path / "saved_model.pb"
    whole = decode(messages.SAVED_MODEL, path.read_bytes())
    objects = whole.meta_graphs[0].object_graph_def
    makers = {
        child.node_id: number
        for number, node in enumerate(objects.nodes)
        for child in node.children
        if child.local_name == "_create_resource"
    }
    tables = {
        objects.nodes[maker].function.concrete_functions[0]: table
        for maker, table in makers.items()
    }
    for entry in objects.concrete_functions:
        if entry.key in tables:
            entry.value.bound_inputs = [tables[entry.key]]
    path.write_bytes(encode(messages.SAVED_MODEL, whole))
    with pytest.raises(DataLossError, match="needs the resource"):
        tf.saved_model.load(tmp_path)
