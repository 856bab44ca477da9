"""More golden SavedModels of `tf.Module`s: arrays, state, tables, training steps.

    TF_USE_LEGACY_KERAS=1 TENSORFLOW_PYTHON make_arrays.py [NAME ...]

As `make_modules.py`, whose table of makers it fills.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import make_modules as base
import numpy as np
import packing
import tensorflow as tf
from make_modules import F, f32, model, module, spec

base.MAKERS.clear()


@model
def arrays() -> Any:
    """Slices, gathers, scatters, sorts, joins."""

    @tf.function(input_signature=[spec(None, 4), spec(None, dtype=tf.int32)])
    def f(x: Any, i: Any) -> Any:
        n = tf.shape(x)[0]
        values, places = tf.math.top_k(x, 2)
        unique, number, count = tf.unique_with_counts(i)
        return [
            x[1:, ::-1], x[..., tf.newaxis, 0], x[-1], tf.gather(x, i, axis=1),
            tf.gather(x, [[0], [1]], batch_dims=0), tf.gather_nd(x, [[0, 1], [1, 3]]),
            tf.scatter_nd([[1], [1]], x[:2], [3, 4]), values, places, unique, number,
            tf.tensor_scatter_nd_update(x, [[0]], [[9.0, 8, 7, 6]]), count,
            tf.tensor_scatter_nd_add(x, [[0, 0]], [5.0]), tf.concat([x, x], 1),
            tf.stack([x, x], 1), tf.split(x, [1, 3], 1), tf.unstack(x, axis=1),
            tf.tile(x, [2, 1]), tf.pad(x, [[1, 0], [0, 2]], constant_values=7.0),
            tf.pad(x, [[0, 0], [1, 1]], "REFLECT"), tf.reverse(x, [0]),
            tf.roll(x, 1, 1), tf.transpose(x), tf.sort(x, 1), tf.argsort(x, 0),
            tf.one_hot(i, 5, axis=0), tf.range(n), tf.linspace(0.0, 1.0, 4),
            tf.eye(3), tf.linalg.diag(x[0]), tf.linalg.band_part(x, 1, 0),
            tf.boolean_mask(x, x[:, 0] > 0), tf.where(x > 0), tf.meshgrid(i, i),
            tf.math.segment_sum(x, tf.range(n) // 2), tf.repeat(i, 2), tf.size(x),
            tf.math.unsorted_segment_max(x, tf.range(n) % 2, 2), tf.rank(x),
            tf.reshape(x, [2, -1]), tf.squeeze(x[:1]), tf.broadcast_to(i, [2, 3]),
            tf.sequence_mask(i, 4), tf.searchsorted([0.0, 1.0, 2.0], [0.5, 2.5]),
            tf.reverse_sequence(x, tf.ones([n], tf.int32) * 2, 1), tf.fill([2], 3),
            tf.space_to_batch(x[tf.newaxis, :2, :, tf.newaxis], [2, 2], [[0, 0]] * 2),
            tf.dynamic_partition(x, tf.range(n) % 2, 2), tf.size(i),
            tf.math.in_top_k(i[:2], x[:2], 2),
            tf.dynamic_stitch([[0, 2], [1]], [[1.0, 2.0], [3.0]]),
            tf.quantization.fake_quant_with_min_max_args(x), tf.cumsum(x, 1),
        ]  # fmt: skip

    i = np.array([2, 0, 2], np.int32)
    return module(f=f), [(".f", [f32(4, 4), i]), (".f", [f32(2, 4), i])], {}


@model
def linear_algebra() -> Any:
    """Products, decompositions, transforms."""
    la = tf.linalg

    @tf.function(input_signature=[spec(None, 3, 3), spec(None, 3, 2)])
    def f(a: Any, b: Any) -> Any:
        square = tf.matmul(a, a, transpose_b=True) + 3.0 * tf.eye(3)
        u = tf.cast(b, tf.complex64)
        q, r = la.qr(square)
        return [
            a @ b, la.inv(square), la.det(square), la.cholesky(square),
            la.solve(square, b), la.triangular_solve(square, b), tf.abs(q @ r),
            la.eigvalsh(square), la.svd(a, compute_uv=False), la.matrix_transpose(b),
            tf.einsum("bij,bjk->bik", a, b), tf.einsum("bii->bi", a), la.trace(a),
            tf.tensordot(a, b, [[2], [1]]), la.norm(a), la.logdet(square),
            tf.signal.fft(u), tf.signal.rfft(b), tf.signal.irfft(tf.signal.rfft(a)),
            tf.math.real(u * 1j + u), tf.math.angle(u), tf.math.conj(u), la.adjoint(u),
            la.cross(a[0], a[1]), la.expm(a * 0.1), la.diag_part(a),
            la.set_diag(a, b[:, :, 0]), la.lstsq(square, b), la.matvec(a, b[..., 0]),
        ]  # fmt: skip

    return module(f=f), [(".f", [f32(2, 3, 3), f32(2, 3, 2)])], {}


@model
def images() -> Any:
    """Convolutions, pools, resizing, colours."""
    im, nn = tf.image, tf.nn
    made = module()
    made.k = tf.Variable(f32(3, 3, 3, 4))
    made.d = tf.Variable(f32(3, 3, 3, 2))
    made.s = tf.Variable([1.0, 2.0, 0.5])

    @tf.function(input_signature=[spec(None, 6, 6, 3)])
    def f(x: Any) -> Any:
        u = tf.clip_by_value(x * 0.2 + 0.5, 0.0, 1.0)
        boxes = tf.constant([[0.1, 0.1, 0.7, 0.9], [0.0, 0.0, 1.0, 1.0]])
        batch = tf.shape(x)[0]
        normal = tf.compat.v1.nn.fused_batch_norm(x, made.s, made.s)
        still = tf.compat.v1.nn.fused_batch_norm(
            x, made.s, made.s, made.s, made.s, is_training=False
        )
        return [
            nn.conv2d(x, made.k, 2, "SAME"), nn.conv2d(x, made.k, 1, [[0, 0]] * 4),
            nn.depthwise_conv2d(x, made.d, [1, 1, 1, 1], "VALID"),
            nn.conv2d_transpose(nn.conv2d(x, made.k, 1, "SAME"), made.k,
                                [batch, 12, 12, 3], 2), nn.bias_add(x, made.s),
            nn.max_pool2d(x, 2, 2, "SAME"), nn.avg_pool2d(x, 3, 1, "SAME"),
            im.resize(x, [4, 9]), im.resize(x, [3, 3], "nearest"), normal[0], still[0],
            im.resize(x, [8, 5], "bicubic"), im.resize(x, [3, 4], "area"),
            im.resize(x, [4, 4], antialias=True), im.crop_and_resize(x, boxes, [0, 0],
            [3, 3]), im.rgb_to_hsv(u), im.hsv_to_rgb(u), im.adjust_contrast(u, 2.0),
            im.adjust_saturation(u, 0.5), im.adjust_hue(u, 0.2), im.rgb_to_grayscale(u),
            im.flip_left_right(x), im.central_crop(x, 0.5),
            im.per_image_standardization(x), im.extract_patches(x, [1, 2, 2, 1], [1, 2,
            2, 1], [1, 1, 1, 1], "SAME"),
            im.non_max_suppression(boxes, [0.5, 0.9], 2), nn.lrn(x),
            im.convert_image_dtype(u, tf.uint8), im.resize_with_pad(x, 8, 4),
            nn.space_to_depth(x, 2), nn.conv3d(x[:, :, :, :, None], tf.ones([2, 2, 2, 1,
            2]), [1] * 5, "SAME"), nn.dilation2d(x, made.k[..., 0], [1] * 4, "SAME",
            "NHWC", [1] * 4), nn.max_pool_with_argmax(x, 2, 2, "VALID")[0],
            nn.conv1d(x[:, 0], made.k[0], 1, "SAME"), nn.atrous_conv2d(x, made.k, 2,
            "SAME"), im.ssim(u, u[:, ::-1], 1.0, filter_size=5), im.sobel_edges(x),
        ]  # fmt: skip

    made.f = f
    return made, [(".f", [f32(2, 6, 6, 3)])], {}


@model
def state() -> Any:
    """Variables that functions write: whole, in parts, by number, of open shapes."""
    made = module()
    made.v = tf.Variable(f32(4, 2), name="v")
    made.n = tf.Variable(0, dtype=tf.int64, trainable=False)
    made.open = tf.Variable([1.0], shape=[None], name="open")
    made.text = tf.Variable(["a", "b"])

    @tf.function(input_signature=[spec(2, 2)])
    def f(x: Any) -> Any:
        made.n.assign_add(1)
        old = made.v.read_value()
        made.v.assign_sub(0.1 * old)
        made.v.scatter_nd_update([[0], [2]], x)
        made.v.scatter_update(tf.IndexedSlices(x[:1], [1]))
        made.v.scatter_add(tf.IndexedSlices(x, [3, 3]))
        made.v.scatter_mul(tf.IndexedSlices(x[:1], [0]))
        made.v.scatter_max(tf.IndexedSlices(x[:1], [2]))
        made.v[1:2, 0].assign([5.0])
        made.open.assign(tf.concat([made.open, x[0]], 0))
        made.text.assign(tf.strings.join([made.text, made.text]))
        seen = made.v.sparse_read([1, 0]), made.v.gather_nd([[1, 1]])
        return old, made.v, made.n, made.open, made.text, seen, tf.shape(made.v)

    made.f = f
    return made, [(".f", [f32(2, 2)]), (".f", [f32(2, 2)])], {}


@model
def custom_gradients() -> Any:
    """A gradient of the user's own, asked for inside a function and outside."""
    made = module()
    made.v = tf.Variable([0.5, -2.0])

    @tf.custom_gradient
    def clipped(x: Any) -> Any:
        def grad(g: Any) -> Any:
            return tf.clip_by_value(g, -0.25, 0.25) * 3.0

        return x * 2.0, grad

    @tf.function(input_signature=[spec(2)])
    def f(x: Any) -> Any:
        return tf.sin(clipped(x * made.v)) + tf.stop_gradient(x)

    @tf.function(input_signature=[spec(2)])
    def slope(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, [x, made.v])

    made.f, made.slope = f, slope
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=True)
    x = np.array([0.3, 1.0], np.float32)
    return made, [(".f", [x]), (".slope", [x])], {"options": options}


@model
def random_numbers() -> Any:
    """Random numbers that follow from seeds and from a generator's state."""
    made = module()
    made.g = tf.random.Generator.from_seed(7)

    @tf.function(input_signature=[spec(2, dtype=tf.int32)])
    def f(seed: Any) -> Any:
        r = tf.random
        return [
            r.stateless_uniform([3], seed), r.stateless_normal([3], seed),
            r.stateless_uniform([3], seed, 0, 100, tf.int32),
            r.stateless_truncated_normal([2], seed), r.experimental.stateless_fold_in(
            seed, 3), r.experimental.stateless_shuffle(tf.range(5), seed),
            r.stateless_categorical([[0.1, 2.0, 0.3]], 4, seed), made.g.uniform([2]),
            made.g.normal([2]), made.g.uniform([2], 0, 9, tf.int64),
        ]  # fmt: skip

    made.f = f
    seed = np.array([1, 2], np.int32)
    return made, [(".f", [seed]), (".f", [seed])], {}


def words_file(name: str = "words.txt") -> str:
    """A vocabulary."""
    path = os.path.join(packing.TOP, name)
    Path(path).write_text("red\ngreen\nblue\n", encoding="utf-8")
    return path


@model
def tables() -> Any:
    """Tables of words: from a file that goes along, from tensors, with hashing."""
    lookup = tf.lookup
    made = module()
    file = lookup.TextFileInitializer(
        words_file(), tf.string, lookup.TextFileIndex.WHOLE_LINE,
        tf.int64, lookup.TextFileIndex.LINE_NUMBER,
    )  # fmt: skip
    made.file = lookup.StaticHashTable(file, -1)
    pairs = lookup.KeyValueTensorInitializer(
        tf.constant([1, 5, 9], tf.int64), tf.constant(["one", "five", "nine"])
    )
    made.back = lookup.StaticHashTable(pairs, "?")
    more = lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([0, 1], tf.int64))
    made.vocabulary = lookup.StaticVocabularyTable(more, 3)

    @tf.function(input_signature=[spec(None, dtype=tf.string)])
    def f(x: Any) -> Any:
        found = made.file.lookup(x)
        return found, made.back.lookup(found * 4 + 1), made.vocabulary.lookup(x)

    made.f = f
    x = tf.constant(["blue", "a", "green", "unknown", "b"])
    return made, [(".f", [x])], {}


@model
def growing_tables() -> Any:
    """Tables that functions write."""
    made = module()
    lookup = tf.lookup.experimental
    made.table = lookup.MutableHashTable(tf.string, tf.int64, -1)
    made.table.insert(["a", "b"], tf.constant([1, 2], tf.int64))
    made.dense = lookup.DenseHashTable(tf.int64, F, 0.0, -1, -2)
    made.dense.insert(tf.constant([3, 4], tf.int64), [0.5, 1.5])

    @tf.function(input_signature=[spec(None, dtype=tf.string)])
    def f(x: Any) -> Any:
        before = made.table.lookup(x)
        made.table.insert(x, tf.range(tf.size(x, tf.int64)) + 10)
        sums = made.dense.lookup(made.table.lookup(x) - 7)
        return before, made.table.lookup(x), made.table.size(), sums

    made.f = f
    x = tf.constant(["b", "c"])
    return made, [(".f", [x]), (".f", [x])], {}


@model
def ragged() -> Any:
    """Rows of many lengths inside functions, in arguments and in results."""
    made = module()
    made.e = tf.Variable(f32(10, 2))

    @tf.function(input_signature=[spec(None, dtype=tf.string)])
    def words(x: Any) -> Any:
        parts = tf.strings.split(x)
        lengths = tf.strings.length(parts)
        ids = lengths % 10
        mean = tf.reduce_mean(tf.gather(made.e, ids), 1)
        chars = tf.strings.unicode_decode(x, "UTF-8")
        return parts.to_tensor("-"), mean, parts.row_lengths(), chars.to_tensor()

    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], F)])
    def rows(x: Any) -> Any:
        return x * 2.0 + 1.0, tf.reduce_sum(x, 1), x.flat_values, x[1:]

    made.words, made.rows = words, rows
    x = tf.ragged.constant([[1.0, 2.0], [], [3.0]])
    calls = [(".words", [tf.constant(["a bc def", "", "gh ü"])]), (".rows", [x])]
    return made, calls, {}


@model
def sparse() -> Any:
    """Sparse tensors inside functions and as arguments."""
    made = module()
    made.w = tf.Variable(f32(4, 2))

    @tf.function(input_signature=[tf.SparseTensorSpec([None, 4], F)])
    def f(x: Any) -> Any:
        y = tf.sparse.sparse_dense_matmul(x, made.w)
        full = tf.sparse.to_dense(x)
        twice = tf.sparse.from_dense(full * 2.0)
        return y, tf.sparse.reduce_sum(x, 1), twice, tf.sparse.to_dense(twice)

    @tf.function(input_signature=[spec(None, 4)])
    def inside(x: Any) -> Any:
        s = tf.sparse.reorder(tf.sparse.from_dense(x))
        t = tf.sparse.concat(0, [s, s])
        ids = tf.sparse.map_values(lambda v: tf.cast(v, tf.int64), s)
        e = tf.nn.safe_embedding_lookup_sparse([made.w], ids)
        cut = tf.sparse.slice(t, [0, 0], [2, 2])
        return tf.sparse.to_dense(t), e, cut.values, tf.sparse.transpose(t).indices

    made.f, made.inside = f, inside
    x = tf.sparse.from_dense(np.array([[0, 1.0, 0, 2], [3, 0, 0, 0]], np.float32))
    dense = np.array([[0, 1.0, 0, 2], [3, 0, 0, 0]], np.float32)
    return made, [(".f", [x]), (".inside", [dense])], {}


@model
def examples() -> Any:
    """Serialised `tf.train.Example`s in."""
    io = tf.io

    @tf.function(input_signature=[spec(None, dtype=tf.string)])
    def parse(x: Any) -> Any:
        wanted = {
            "x": io.FixedLenFeature([2], F, [0.0, 0.0]),
            "n": io.FixedLenFeature([], tf.int64),
            "s": io.FixedLenSequenceFeature([], tf.string, allow_missing=True),
        }
        found = io.parse_example(x, wanted)
        return found["x"] * 2.0, found["n"], found["s"]

    t = tf.train
    rows = []
    for i in range(3):
        feature = {
            "n": t.Feature(int64_list=t.Int64List(value=[i])),
            "s": t.Feature(bytes_list=t.BytesList(value=[b"q"] * i)),
        }
        if i:
            feature["x"] = t.Feature(float_list=t.FloatList(value=[i, 2.5]))
        example = t.Example(features=t.Features(feature=feature))
        rows.append(example.SerializeToString())
    return module(parse=parse), [(".parse", [tf.constant(rows)])], {}


@model
def training_steps() -> Any:
    """Steps of training as functions: optimizers of both kinds."""
    K, old = tf.keras.optimizers, tf.keras.optimizers.legacy
    made = module()
    x, y = f32(6, 3), f32(6, 2)
    options = {
        "adam": K.Adam(0.05), "sgd": K.SGD(0.1, 0.9, nesterov=True),
        "rmsprop": K.RMSprop(0.02, momentum=0.5), "adamw": K.AdamW(0.01),
        "old_adam": old.Adam(0.05), "old_sgd": old.SGD(0.1, 0.9),
        "old_rmsprop": old.RMSprop(0.02, momentum=0.5, centered=True),
        "old_adagrad": old.Adagrad(0.1), "old_adadelta": old.Adadelta(1.0),
        "old_ftrl": old.Ftrl(0.1), "old_adamax": old.Adamax(0.05),
    }  # fmt: skip
    calls = []

    def enter(name: str, optimizer: Any) -> None:
        w = tf.Variable(f32(3, 2))

        @tf.function(input_signature=[spec(None, 3), spec(None, 2)])
        def step(x: Any, y: Any) -> Any:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((tf.tanh(x @ w) - y) ** 2)
            optimizer.apply_gradients([(tape.gradient(loss, w), w)])
            return loss, w

        step(x, y)
        held = tf.Module()
        held.w, held.optimizer, held.step = w, optimizer, step
        setattr(made, name, held)
        calls.extend([(f".{name}.step", [x, y])] * 2)

    for name, optimizer in options.items():
        enter(name, optimizer)
    return made, calls, {}


@model
def resaved() -> Any:
    """A model that was loaded, saved once more."""
    first = base.Affine(2)
    first(f32(1, 2)), first(f32(2, 2), None)
    folder = packing.folder_for("first")
    tf.saved_model.save(first, folder)
    made = tf.saved_model.load(folder)
    return made, [("", [f32(1, 2)]), ("", [f32(2, 2), None])], {}


if __name__ == "__main__":
    base.main(sys.argv[1:])
