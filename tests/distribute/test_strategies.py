"""Strategies on one machine; what contexts say is what TensorFlow 2.21 said."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import rillet as tf

D = tf.distribute


def test_contexts() -> None:
    assert not D.has_strategy() and not D.in_cross_replica_context()
    assert D.get_replica_context() is not None
    strategy = D.MirroredStrategy(devices=["/gpu:0", "/gpu:1"])
    assert strategy.num_replicas_in_sync == 1
    assert strategy.extended.worker_devices == (
        "/job:localhost/replica:0/task:0/device:CPU:0",
    )
    with strategy.scope() as inside:
        assert inside is strategy is D.get_strategy()
        assert D.has_strategy() and D.in_cross_replica_context()
        assert D.get_replica_context() is None

        def replica() -> Any:
            here = D.get_replica_context()
            assert not D.in_cross_replica_context()
            return here.merge_call(
                lambda s, x: (s, D.in_cross_replica_context(), x),
                (here.replica_id_in_sync_group,),
            )

        assert strategy.run(replica) == (strategy, True, 0)
    assert not D.has_strategy()


def test_values() -> None:
    s = D.OneDeviceStrategy("/cpu:0")
    x = tf.constant([1.0, 2.0])
    assert s.reduce("sum", x, axis=None).numpy().tolist() == [1.0, 2.0]
    assert float(s.reduce(D.ReduceOp.MEAN, x, axis=0)) == 1.5
    assert float(s.reduce("SUM", {"a": x}, axis=0)["a"]) == 3.0
    with pytest.raises(ValueError, match="'X' is not a valid ReduceOp"):
        s.reduce("x", x, axis=0)
    (local,) = s.experimental_local_results(x)
    assert local is x
    total = s.run(lambda: D.get_replica_context().all_reduce("sum", tf.constant(2.0)))
    assert float(total) == 2.0


def test_a_training_loop() -> None:
    strategy = D.MirroredStrategy()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3)).astype("float32")
    y = (x @ np.array([[1.0], [2.0], [-1.0]])).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    shared = strategy.experimental_distribute_dataset(data)
    with strategy.scope():
        model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(3,))])
        optimizer = tf.keras.optimizers.SGD(0.1)
        per_example = tf.keras.losses.MeanSquaredError(reduction="none")

    def step(batch: Any) -> Any:
        features, labels = batch
        with tf.GradientTape() as tape:
            found = per_example(labels, model(features, training=True))
            loss = tf.nn.compute_average_loss(found, global_batch_size=16)
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
        return loss

    @tf.function
    def run(batch: Any) -> Any:
        losses = strategy.run(step, args=(batch,))
        return strategy.reduce(D.ReduceOp.SUM, losses, axis=None)

    first = float(run(next(iter(shared))))
    for _ in range(20):
        for batch in shared:
            last = float(run(batch))
    assert last < 1e-3 < first


def test_keras_in_a_scope() -> None:
    strategy = D.MirroredStrategy()
    with strategy.scope():
        model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
        model.compile("sgd", "mse")
    assert model.distribute_strategy is strategy
    model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    plain = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    assert plain.distribute_strategy is D.get_strategy()


def test_datasets_from_functions() -> None:
    def make(told: Any) -> Any:
        size = told.get_per_replica_batch_size(8)
        whole = tf.data.Dataset.range(16).shard(
            told.num_input_pipelines, told.input_pipeline_id
        )
        return whole.batch(size)

    found = D.MirroredStrategy().distribute_datasets_from_function(make)
    assert [len(b) for b in found] == [8, 8]
    with pytest.raises(ValueError, match="not divisible"):
        D.InputContext(num_replicas_in_sync=3).get_per_replica_batch_size(8)


def test_no_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="TPU Name"):
        D.cluster_resolver.TPUClusterResolver()
    with pytest.raises(ValueError, match="no TPU"):
        D.TPUStrategy()
    with pytest.raises(tf.errors.UnimplementedError, match="one machine"):
        D.experimental.ParameterServerStrategy()
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert D.MultiWorkerMirroredStrategy().num_replicas_in_sync == 1
    cluster = {"cluster": {"worker": ["a:1", "b:1"]}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    with pytest.raises(tf.errors.UnimplementedError, match="names 2 workers"):
        D.MultiWorkerMirroredStrategy()


def test_setting_a_strategy() -> None:
    strategy = D.MirroredStrategy()
    D.experimental_set_strategy(strategy)
    try:
        assert D.get_strategy() is strategy and D.in_cross_replica_context()
    finally:
        D.experimental_set_strategy(None)
    with strategy.scope(), pytest.raises(RuntimeError, match="strategy scope"):
        D.experimental_set_strategy(strategy)
