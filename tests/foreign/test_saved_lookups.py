"""Tables and lookups that rillet writes, in the real TensorFlow and tf_keras."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "saved_model"))
import lookup_models  # noqa: E402
from test_tables import WANTED, WORDS, Tables  # noqa: E402

READER = """
import json, os, sys
import tensorflow as tf
def plain(v):
    if isinstance(v, tf.RaggedTensor):
        v = v.to_list()
    elif isinstance(v, tf.SparseTensor):
        v = tf.sparse.to_dense(v).numpy().tolist()
    else:
        v = v.numpy().tolist()
    return json.loads(json.dumps(v, default=lambda b: b.decode()))
top, found = sys.argv[1], {}
for name, (x, kind) in json.load(open(top + "/given.json")).items():
    x, folder = tf.constant(x, kind), os.path.join(top, name)
    loaded = tf.saved_model.load(folder)
    served = loaded.signatures["serving_default"](x)
    found[name] = [plain(loaded(x)), plain(list(served.values())[0])]
    found[name].append(plain(tf.keras.models.load_model(folder)(x)))
for name in ("tables", "tables_again"):
    loaded = tf.saved_model.load(os.path.join(top, name))
    whole = loaded(tf.constant(json.loads(sys.argv[2])))
    found[name] = {k: plain(v) for k, v in whole.items()}
rows = tf.saved_model.load(os.path.join(top, "rows"))
given = tf.ragged.constant([[1, 2], [], [3]], dtype=tf.int64)
placed = tf.sparse.from_dense([[0.0, 2.0], [3.0, 0.0]])
found["rows"] = [plain(x) for x in rows(given, placed)]
session = tf.compat.v1.Session(graph=tf.Graph())
with session:
    meta = tf.compat.v1.saved_model.loader.load(
        session, ["serve"], os.path.join(top, "tables")
    )
    signature = meta.signature_def["serving_default"]
    out = session.run(
        signature.outputs["words"].name,
        {signature.inputs["x"].name: json.loads(sys.argv[2])},
    )
    found["session"] = out.tolist()
print("FOUND" + json.dumps(found))
"""


class Rows(tf.Module):
    """Ragged and sparse tensors in and out."""

    @tf.function(
        input_signature=[
            tf.RaggedTensorSpec([None, None], tf.int64),
            tf.SparseTensorSpec([None, 2], tf.float32),
        ]
    )
    def __call__(self, rows: Any, places: Any) -> Any:
        sums = tf.reduce_sum(rows, 1)
        kept = tf.ragged.boolean_mask(rows, rows > 1)
        dense = rows.to_tensor(default_value=-1)
        return rows * 2, kept, dense, sums, places * 2.0


@pytest.fixture(scope="module")
def answers(asked, tmp_path_factory):
    top = tmp_path_factory.mktemp("lookups")
    wanted: dict[str, Any] = {}
    given = {}
    for name, (model, x) in lookup_models.models().items():
        model.save(top / name)
        given[name] = [lookup_models.plain(x), x.dtype.name]
        wanted[name] = [lookup_models.plain(model(x))] * 3
    tables = Tables(top / "words.txt")
    tf.saved_model.save(tables, top / "tables", signatures=tables.__call__)
    tf.saved_model.save(tf.saved_model.load(top / "tables"), top / "tables_again")
    whole = {k: v.numpy().tolist() for k, v in tables(tf.constant(WORDS)).items()}
    wanted["tables"] = wanted["tables_again"] = whole
    wanted["session"] = WANTED["words"]
    tf.saved_model.save(Rows(), top / "rows")
    rows = tf.ragged.constant([[1, 2], [], [3]], dtype=tf.int64)
    places = tf.sparse.from_dense([[0.0, 2.0], [3.0, 0.0]])
    wanted["rows"] = [lookup_models.plain(x) for x in Rows()(rows, places)]
    (top / "given.json").write_text(json.dumps(given))
    words = json.dumps(WORDS)
    return wanted, asked(READER, str(top), words, TF_USE_LEGACY_KERAS="1")


NAMES = [*lookup_models.models(), "tables", "tables_again", "session", "rows"]


@pytest.mark.parametrize("name", NAMES)
def test_tensorflow_finds_the_same(name, answers):
    wanted, found = answers
    if name == "network":
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5)
    else:
        assert found[name] == wanted[name]
