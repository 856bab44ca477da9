"""Composite tensors in functions, loops, tapes, nests; ragged ones as the example."""

from __future__ import annotations

import pytest

import rillet as tf


def ragged(rows: list[object]) -> tf.RaggedTensor:
    return tf.ragged.constant(rows)


@pytest.mark.parametrize("compiled", [None, False])
def test_functions_take_and_give_them(compiled: bool | None) -> None:
    @tf.function(jit_compile=compiled)
    def f(x: tf.RaggedTensor) -> tuple[tf.RaggedTensor, tf.Tensor, tf.Tensor]:
        return x * 2 + 1, x.to_tensor(), tf.reduce_sum(x, axis=1)

    for rows in ([[1, 2], [], [3]], [[1], [2, 3, 4], [5]]):
        doubled, dense, total = f(ragged(rows))
        assert doubled.to_list() == [[2 * v + 1 for v in row] for row in rows]
        longest = max(map(len, rows))
        padded = [row + [0] * (longest - len(row)) for row in rows]
        assert dense.numpy().tolist() == padded
        assert total.numpy().tolist() == [sum(row) for row in rows]
    # as many rows, so one trace: sizes of components are open
    assert f.experimental_get_tracing_count() == 1


def test_signatures_name_them() -> None:
    spec = tf.RaggedTensorSpec([None, None], tf.int32)

    @tf.function(input_signature=[spec])
    def f(x: tf.RaggedTensor) -> tf.RaggedTensor:
        return tf.concat([x, x], axis=1)

    assert f(ragged([[1], [2, 3]])).to_list() == [[1, 1], [2, 3, 2, 3]]
    assert f(ragged([[4]])).to_list() == [[4, 4]]
    assert f.experimental_get_tracing_count() == 1
    concrete = f.get_concrete_function()
    assert concrete.structured_input_signature[0] == (spec,)
    with pytest.raises(TypeError, match="Can not cast"):
        f(ragged([[1.0]]))
    with pytest.raises(TypeError, match="Can not cast"):
        f(tf.constant([1]))


def test_captured() -> None:
    held = ragged([[1], [2, 3]])
    f = tf.function(lambda y: held + y)
    assert f(tf.constant(1)).to_list() == [[2], [3, 4]]


def test_branches_and_loops() -> None:
    @tf.function
    def f(x: tf.RaggedTensor, flag: tf.Tensor) -> tuple[tf.RaggedTensor, tf.Tensor]:
        y = tf.cond(flag, lambda: x + 1, lambda: x[:, :1])
        i = tf.constant(0)
        while i < 2:
            y = tf.concat([y, y], axis=1)
            i += 1
        return y, tf.reduce_sum(y)

    assert f(ragged([[1, 2], [3]]), tf.constant(True))[0].to_list() == [
        [2, 3] * 4,
        [4] * 4,
    ]
    assert int(f(ragged([[1, 2], [3]]), tf.constant(False))[1]) == 16


@pytest.mark.parametrize("traced", [False, True])
def test_gradients_are_ragged_too(traced: bool) -> None:
    def slopes(x: tf.RaggedTensor) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            rows = tf.reduce_sum(tf.square(x), axis=1) * tf.constant([1.0, 2.0, 3.0])
            parts = x[:, :1] * 5.0
        return tape.gradient(rows, x), tape.gradient(parts, x)

    run = tf.function(slopes) if traced else slopes
    of_rows, of_parts = run(ragged([[1.0, 2.0], [], [3.0]]))
    assert of_rows.to_list() == [[2.0, 4.0], [], [18.0]]
    assert of_parts.to_list() == [[5.0, 0.0], [], [5.0]]


def test_nests_open_them() -> None:
    x = ragged([[1], [2, 3]])
    flat = tf.nest.flatten({"a": x}, expand_composites=True)
    assert [t.numpy().tolist() for t in flat] == [[1, 2, 3], [0, 1, 3]]
    again = tf.nest.pack_sequence_as({"a": x}, flat, expand_composites=True)
    assert again["a"].to_list() == x.to_list()
    doubled = tf.nest.map_structure(lambda t: t * 1, x, expand_composites=True)
    assert doubled.to_list() == x.to_list()
    with pytest.raises(ValueError, match="other components"):
        tf.nest.assert_same_structure(x, tf.expand_dims(x, 0), expand_composites=True)


def test_map_fn_traced() -> None:
    @tf.function
    def f(x: tf.RaggedTensor) -> tuple[tf.Tensor, tf.RaggedTensor]:
        sizes = tf.map_fn(lambda r: tf.size(r), x, fn_output_signature=tf.int32)
        turned = tf.map_fn(lambda r: r[::-1], x)
        return sizes, turned

    sizes, turned = f(ragged([[1, 2, 3], [], [4]]))
    assert sizes.numpy().tolist() == [3, 0, 1]
    assert turned.to_list() == [[3, 2, 1], [], [4]]


@pytest.mark.parametrize(
    "text",
    [
        "x.to_tensor(shape=[None, 2])",
        "tf.RaggedTensor.from_tensor(x.to_tensor(), padding=0)",
        "tf.reduce_max(x, axis=0)",
        "tf.reduce_mean(tf.cast(x, tf.float32), axis=1)",
        "tf.concat([x, x], axis=0)",
        "tf.stack([x, x], axis=1)",
        "tf.expand_dims(x, 1)",
        "tf.tile(x, [2, 2])",
        "tf.gather(x, [2, 0])",
        "tf.gather(x, tf.ragged.constant([[0], [], [0, 0]]), batch_dims=1)",
        "tf.where(x > 1, x, 0)",
        "tf.where(x > 1)",
        "tf.ragged.boolean_mask(x, x > 1)",
        "tf.reverse(x, [1])",
        "tf.one_hot(x, 3)",
        "tf.ragged.range(x.row_lengths())",
        "x + tf.constant([[1], [2], [3]])",
        "x[1:]",
        "x[:, -1:]",
        "x[::2]",
        "x[tf.constant(2)]",
        "x.merge_dims(0, 1)",
        "x.bounding_shape()",
        "tf.strings.as_string(x)",
        "tf.strings.reduce_join(tf.strings.as_string(x), axis=1)",
        "tf.strings.split(tf.strings.join([tf.strings.as_string(x), ' b']))",
        "tf.nn.softmax(tf.cast(x, tf.float32))",
        "tf.ragged.stack_dynamic_partitions(x, [1, 0, 1], 2)",
        "tf.math.reduce_std(tf.cast(x, tf.float32), axis=1)",
        "tf.RaggedTensor.from_value_rowids(x.flat_values, x.value_rowids())",
        "tf.split(x, 3)",
    ],
)
def test_traced_as_eagerly(text: str) -> None:
    def run(x: tf.RaggedTensor) -> object:
        return eval(text, {"tf": tf, "x": x})

    x = ragged([[1, 2], [], [3]])
    spec = tf.RaggedTensorSpec([None, None], tf.int32)
    wanted = shown(run(x))
    for options in ({}, {"jit_compile": False}):
        f = tf.function(run, input_signature=[spec], autograph=False, **options)
        if "split(x, 3)" in text or "from_value" in text:
            f = tf.function(run, autograph=False, **options)
        assert str(shown(f(x))) == str(wanted)  # NaN for empty rows


def shown(value: object) -> object:
    if isinstance(value, tf.RaggedTensor):
        return value.to_list()
    if isinstance(value, list):
        return [shown(v) for v in value]
    return value.numpy().tolist()


def test_says_what_no_op_can_do() -> None:
    x = ragged([[1], [2, 3]])
    with pytest.raises(ValueError, match="a RaggedTensor is no tensor"):
        tf.transpose(x)
    with pytest.raises(ValueError, match=r"it takes tensors, not RaggedTensor"):
        tf.argmax(x, axis=1)


def test_masks_of_unknown_sizes() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None]), tf.TensorSpec([None], bool)])
    def f(x: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        return tf.boolean_mask(x, mask)

    assert f([1.0, 2.0, 3.0], [True, False, True]).numpy().tolist() == [1.0, 3.0]
