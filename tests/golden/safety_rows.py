"""Calls that could make native code read or divide where it must not.

Each row is an expression of a function's arguments and those arguments' values, both
as source: `tests/golden/make_safety.py` asks TensorFlow about them, and
`tests/backends/native/test_safety.py` runs them natively and op by op.
"""

SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
BITS = {name: int(name.lstrip("uint")) for name in SIGNED + UNSIGNED}


def _gathers():
    x = "np.arange(12, dtype=np.float32).reshape(3, 4)"
    for bad in (3, -1, 2**30, -(2**31)):
        i = f"np.array([0, {bad}, 1], np.int32)"
        yield "tf.gather(a, b)", x, i
        yield "tf.gather(a, b + b // 3, axis=1) * 2.0", x, i
        yield "tf.reduce_sum(tf.nn.embedding_lookup(a, b), 1)", x, i
        if abs(bad) < 9:
            yield "tf.math.segment_sum(a, tf.sort(b))", x, i
        yield "tf.math.unsorted_segment_sum(a, b, 3)", x, i
        yield "tf.tensor_scatter_nd_update(a, b[:, None], a)", x, i
        yield "tf.tensor_scatter_nd_add(a, b[:, None], a)", x, i
        yield "tf.scatter_nd(b[:, None], a, [3, 4])", x, i
        yield "tf.gather_nd(a, tf.stack([b, b], 1))", x, i
        yield "tf.one_hot(b, 3)", x, i
        yield "tf.gather(a, b, batch_dims=0, axis=0)[1:]", x, i
        yield "tf.gather(tf.reshape(a, [3, 2, 2]), b[:, None], batch_dims=1)", x, i
        yield "tf.gather(a, tf.cast(b, tf.int64) * 2 ** 40)", x, i
    for bad in (4, -1, 2**30, -(2**31)):
        i = f"np.array([0, {bad}, 1], np.int32)"
        yield "tf.nn.sparse_softmax_cross_entropy_with_logits(b, a)", x, i
        yield "tf.math.in_top_k(b, a, 2)", x, i
        yield "tf.keras.losses.sparse_categorical_crossentropy("\
              "b, tf.nn.softmax(a))", x, i
    yield "tf.gather(a, b)", "np.zeros((0, 4), np.float32)", "np.array([0], np.int32)"
    yield "tf.gather(a, b)", "np.zeros((0, 4), np.float32)", "np.zeros(0, np.int32)"
    yield "tf.gather(a, b)", "np.zeros((3, 0), np.float32)", "np.array([9], np.int32)"
    yield "tf.gather(a, b)", x, "np.array(7, np.int32)"


def _slices():
    x = "np.arange(12, dtype=np.float32).reshape(3, 4)"
    for begin, end in ((5, 9), (-9, 2), (2, -9), (0, 2**31 - 1), (-(2**31), 3)):
        i = f"np.array([{begin}, {end}], np.int32)"
        yield "a[b[0]:b[1]] + 1.0", x, i
        yield "a[:, b[0]:b[1]:2] + 1.0", x, i
        yield "a[b[1]:b[0]:-1] + 1.0", x, i
        yield "a[b[0]]", x, i
        yield "a[..., b[1]]", x, i
        yield "tf.slice(a, [b[0], 0], [1, 2])", x, i
        yield "tf.slice(a, [0, 0], [b[1], 2])", x, i
        yield "tf.roll(a, b, [0, 1])", x, i
    for count in (-1, 0, 4, 5):
        i = f"np.array({count}, np.int32)"
        yield "tf.fill([b, 2], 1.5)", x, i
        yield "tf.range(b, 3)", x, i
        yield "tf.range(0, 3, b)", x, i
        yield "tf.reshape(a, [b, 4])", x, i
        yield "tf.math.top_k(a, b)[1]", x, i
        yield "tf.concat([a, tf.zeros([b, 4])], 0)", x, i
        yield "tf.cumsum(a, b)", x, i
        yield "tf.reduce_sum(a, b)", x, i
        yield "tf.argmax(a, b)", x, i
        yield "tf.transpose(a, [b, 0])", x, i
        yield "tf.broadcast_to(a[:1], [b, 4])", x, i
        yield "tf.repeat(a, b, 0)", x, i
        yield "tf.sequence_mask(b, 3)", x, i
        yield "tf.reverse_sequence(a, [b, 1, 2], 1)", x, i
        yield "tf.eye(b)", x, i


def _integers():
    for name in SIGNED:
        low = -(2 ** (BITS[name] - 1))
        x = f"np.array([{low}, {low}, 7, -7, {-1 - low}], np.{name})"
        for y in ("[-1, 1, 2, 2, -1]", "[0, 1, 2, 2, -1]"):
            divisors = f"np.array({y}, np.{name})"
            for call in ("a // b", "a % b", "tf.truncatediv(a, b)", "tf.math.mod(a, b)",
                         "tf.math.floordiv(a, b) * b + tf.math.floormod(a, b)",
                         "tf.math.divide_no_nan(tf.cast(a, tf.float32), "
                         "tf.cast(b, tf.float32))"):
                yield call, x, divisors
        yield "tf.abs(a) - b", x, x
        yield "-a", x, x
        yield "a * b", x, x
    for name in UNSIGNED:
        x = f"np.array([{2 ** BITS[name] - 1}, 7, 0], np.{name})"
        for y in ("[1, 2, 3]", "[1, 0, 3]", "[0, 0, 0]"):
            yield "a // b", x, f"np.array({y}, np.{name})"
            yield "a % b", x, f"np.array({y}, np.{name})"
    for name in SIGNED + UNSIGNED:
        width = BITS[name]
        x = f"np.array([1, 2, 100, 3, 77], np.{name})"
        y = f"np.array([0, 1, {width - 1}, {width}, {width + 3}], np.{name})"
        yield "tf.bitwise.left_shift(a, b)", x, y
        yield "tf.bitwise.right_shift(a, b)", x, y
    for name in SIGNED:
        x = f"np.array([-1, -2, 100, 3, 77], np.{name})"
        y = f"np.array([-1, -3, -{BITS[name] - 1}, 1, 0], np.{name})"
        yield "tf.bitwise.left_shift(a, b)", x, y
        yield "tf.bitwise.right_shift(a, b)", x, y
    for name in ("int32", "int64"):
        powers = f"np.array([3, -1, 2], np.{name})"
        yield "tf.pow(a, tf.abs(b))", f"np.array([2, 3, -4], np.{name})", powers
        yield "tf.pow(a, b)", f"np.array([2, 3, -4], np.{name})", powers
    hard = "np.array([np.nan, np.inf, -np.inf, 3e38, -3e38, 300.7, -1.5], np.float32)"
    for name in SIGNED + UNSIGNED:
        yield f"tf.cast(a, tf.{name})", hard, hard
        yield f"tf.cast(tf.cast(a, tf.float64) * 1e100, tf.{name})", hard, hard
    yield "tf.cast(a, tf.bool)", hard, hard
    yield "tf.cast(tf.cast(a, tf.float16), tf.int32)", hard, hard


def _empty():
    for shape in ("(0,)", "(0, 3)", "(3, 0)", "(2, 0, 3)", "()"):
        x = f"np.ones({shape}, np.float32)"
        for call in (
            "tf.reduce_sum(a)", "tf.reduce_max(a)", "tf.reduce_mean(a)",
            "tf.reduce_prod(a)", "tf.reduce_sum(a, -1)", "tf.reduce_max(a, 0)",
            "tf.reduce_logsumexp(a)", "tf.nn.softmax(a)", "tf.argmax(a, 0)",
            "tf.nn.log_softmax(a)", "a + b", "tf.exp(a) * b", "tf.concat([a, b], 0)",
            "tf.stack([a, b])", "tf.cumsum(a)", "tf.transpose(a)", "tf.sort(a)",
            "tf.matmul(a, b, transpose_b=True)", "tf.matmul(a, b, transpose_a=True)",
            "tf.math.top_k(a, 0)[0]", "tf.reverse(a, [0])", "tf.where(a > 0)",
            "tf.where(a > 0, a, b)", "tf.reduce_any(a > 0)", "tf.reduce_all(a > 0)",
            "tf.math.reduce_std(a)", "tf.nn.l2_loss(a)", "tf.linalg.norm(a)",
            "tf.boolean_mask(a, a > 0)", "tf.unique(tf.reshape(a, [-1]))[0]",
            "tf.gather(a, tf.zeros([0], tf.int32))", "tf.expand_dims(a, 0)[0]",
            "tf.one_hot(tf.cast(a, tf.int32), 3)", "tf.tile(a[None], [2] + [1] * "
            "len(a.shape))", "tf.einsum('...,...->...', a, b)", "tf.size(a)",
            "tf.nn.l2_normalize(a, -1)", "tf.math.unsorted_segment_sum("
            "tf.reshape(a, [-1]), tf.zeros([tf.size(a)], tf.int32), 2)",
            "tf.random.stateless_uniform(tf.shape(a), [1, 2])",
            "tf.math.cumulative_logsumexp(a)", "tf.strided_slice(a, [0], [0])",
        ):  # fmt: skip
            yield call, x, x
    for shape in ("(0, 8, 8, 2)", "(2, 0, 8, 2)", "(2, 8, 8, 0)", "(1, 1, 1, 2)"):
        x = f"np.ones({shape}, np.float32)"
        for call in (
            "tf.nn.conv2d(a, tf.ones([3, 3, a.shape[3], 4]), 1, 'SAME')",
            "tf.nn.conv2d(a, tf.ones([3, 3, a.shape[3], 4]), 1, 'VALID')",
            "tf.nn.max_pool2d(a, 2, 2, 'SAME')",
            "tf.nn.avg_pool2d(a, 2, 2, 'VALID')",
            "tf.nn.depthwise_conv2d(a, tf.ones([3, 3, a.shape[3], 1]), "
            "[1, 1, 1, 1], 'SAME')",
            "tf.nn.bias_add(a, tf.ones([a.shape[3]]))",
            "tf.image.resize(a, [4, 4])",
            "tf.reduce_mean(a, [1, 2])",
            "tf.nn.moments(a, [0, 1, 2])[1]",
        ):
            yield call, x, x


ROWS = list(dict.fromkeys([*_gathers(), *_slices(), *_integers(), *_empty()]))
