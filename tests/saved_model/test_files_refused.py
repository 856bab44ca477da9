"""What a model that nobody vouches for writes: no files, no functions of a logger."""

from __future__ import annotations

import pytest

import rillet as tf
from rillet.checkpoint.wire import Record, decode, encode
from rillet.saved_model import messages


def _model(folder, stream):
    """A saved model that prints, with another stream put in its file."""
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def tell(text):
        tf.print(text)
        return text

    module.tell = tell
    tf.saved_model.save(module, folder)
    path = folder / "saved_model.pb"
    whole = decode(messages.SAVED_MODEL, path.read_bytes())
    for function in whole.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            if node.op == "PrintV2":
                node.attr = [e for e in node.attr if e.key != "output_stream"]
                value = Record(messages.ATTR, s=stream.encode())
                row = Record(messages.ATTR_ENTRY, key="output_stream", value=value)
                node.attr.append(row)
    path.write_bytes(encode(messages.SAVED_MODEL, whole))
    return folder


def test_a_model_appends_to_no_file(tmp_path):
    target = tmp_path / "kept.txt"
    target.write_text("before\n")
    folder = _model(tmp_path / "model", f"file://{target}")
    with pytest.raises(tf.errors.PermissionDeniedError, match="PrintV2 writes a file"):
        tf.saved_model.load(folder).tell(tf.constant("a"))
    assert target.read_text() == "before\n"
    trusted = tf.saved_model.LoadOptions(allowed_ops=["PrintV2"])
    tf.saved_model.load(folder, options=trusted).tell(tf.constant("a"))
    assert target.read_text() == "before\na\n"


@pytest.mark.parametrize("stream", ["log(__init__)", "log(critical)", "", "x"])
def test_streams_are_those_of_tensorflow(stream, tmp_path):
    folder = _model(tmp_path / "model", stream)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Unknown output stream"):
        tf.saved_model.load(folder).tell(tf.constant("a"))
