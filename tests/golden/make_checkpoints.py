"""Make the checkpoints that `tests/checkpoint` reads, with real TensorFlow.

    python make_checkpoints.py

Run it in an environment with TensorFlow 2.21 and tf_keras. Into `checkpoints/` go the
files, and `values.json`, which says what stands in them.
"""

import json
import os
import shutil
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402  TensorFlow reads the environment when it is imported
import tensorflow as tf  # noqa: E402

HERE = Path(__file__).parent / "checkpoints"
V1 = tf.compat.v1


class Part(tf.Module):
    def __init__(self):
        super().__init__(name="part")
        self.b = tf.Variable([1.0, 2.0], name="bb")
        self.a = tf.Variable(3, name="aa")
        self.rows = [tf.Variable(1.5), [tf.Variable(2.5)]]
        self.table = {"x": tf.Variable(3.0), "y/z.q": tf.Variable(1.0)}
        self.pair = (tf.Variable(5.0),)
        self.numbers = [1, 2]


def of_objects(folder):
    checkpoint = tf.train.Checkpoint(
        part=Part(),
        words=tf.Variable(["a", "", "ü" * 200]),
        half=tf.Variable([1.5], dtype=tf.bfloat16),
        flags=tf.Variable([[True], [False]]),
        plane=tf.Variable(1 - 2j, dtype=tf.complex128),
        empty=tf.Variable(tf.zeros([0, 2])),
    )
    return checkpoint.save(folder / "objects")


def of_model(folder):
    K = tf.keras
    tf.random.set_seed(1)
    model = K.Sequential([K.layers.Dense(3, input_shape=(2,)), K.layers.ReLU()])
    model.add(K.layers.BatchNormalization())
    model.compile("adam", "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 3)), verbose=0)
    path = str(folder / "model")
    model.save_weights(path)
    return path


def of_shards(folder):
    values = {f"v{i}": tf.Variable(np.arange(8.0) + i) for i in range(5)}
    policy = tf.train.experimental.MaxShardSizePolicy(max_shard_size=128)
    options = tf.train.CheckpointOptions(experimental_sharding_callback=policy)
    return tf.train.Checkpoint(**values).write(folder / "shards", options)


def of_slices(folder):
    with V1.Graph().as_default(), V1.Session() as session:
        V1.get_variable(
            "table",
            [350, 2],
            initializer=V1.random_uniform_initializer(seed=1),
            partitioner=V1.fixed_size_partitioner(3, axis=0),
        )
        V1.get_variable("plain/kernel", initializer=[1.0, 2.0])
        session.run(V1.global_variables_initializer())
        path = str(folder / "slices")
        V1.train.Saver().save(session, path, write_meta_graph=False)
    return path


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    known = {}
    for make in (of_objects, of_model, of_shards, of_slices):
        path = os.fspath(make(HERE))
        reader = tf.train.load_checkpoint(path)
        rows = {}
        for name, dtype in sorted(reader.get_variable_to_dtype_map().items()):
            value = np.asarray(reader.get_tensor(name))
            if dtype == tf.string:
                data = [x.hex() for x in value.reshape(-1)]
            elif dtype.is_complex:
                data = [[x.real, x.imag] for x in value.reshape(-1).tolist()]
            else:
                data = value.astype("float64").reshape(-1).tolist()
            rows[name] = [dtype.name, list(value.shape), data]
        known[os.path.basename(path)] = rows
    (HERE / "values.json").write_text(json.dumps(known, indent=0))
    (HERE / "checkpoint").unlink()


if __name__ == "__main__":
    main()
