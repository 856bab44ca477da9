"""Mistakes with shapes, axes and indices."""

from .mistake import rows

BROADCAST = r"shapes do not broadcast.*Sizes must be equal, or one of them 1"

ROWS = rows(
    (
        (
            "broadcast",
            "f23 + tf.constant([1.0, 2.0])",
            r"^add: .*\[2, 3\] and \[2\]; counted from the right, axis -1 holds 3"
            r" and 2",
        ),
        ("clip by a list", "tf.clip_by_value(f23, [1.0, 2.0], 3.0)", BROADCAST),
        (
            "matmul with columns for rows",
            "tf.matmul(tf.ones([32, 10]), tf.ones([4, 10]))",
            r"^matmul: inner dimensions differ.*a has shape \(32, 10\), b has shape"
            r" \(4, 10\); a\.shape\[-1\]=10 must equal b\.shape\[-2\]=4\.\n"
            r"Did you mean transpose_b=True\?$",
        ),
        (
            "matmul with rows for columns",
            "tf.matmul(tf.ones([10, 32]), tf.ones([10, 4]))",
            r"^matmul: inner dimensions differ.*\n?Did you mean transpose_a=True\?$",
        ),
        (
            "matmul of nothing that fits",
            "tf.ones([2, 3]) @ tf.ones([5, 4])",
            r"^matmul: inner dimensions differ.*a\.shape\[-1\]=3 must equal"
            r" b\.shape\[-2\]=5\.$",
        ),
        (
            "matmul with a vector",
            "tf.matmul(f23, tf.constant([1.0, 2.0, 3.0]))",
            r"^matmul: both operands are matrices.*\(3,\)\. Use tf\.linalg\.matvec",
        ),
        (
            "matrix times vector",
            "tf.linalg.matvec(f23, tf.constant([1.0, 2.0]))",
            r"^\w[\w.]*: .*\(2, 3\)",
        ),
        ("tensordot", "tf.tensordot(f23, f23, 1)", r"^\w+: .*2, 3"),
        ("einsum", "tf.einsum('ij,jk->ik', f23, f23)", r"^einsum: .*[23]"),
        (
            "reshape to another count",
            "tf.reshape(f23, [4, 2])",
            r"^reshape: .*6 values, but the requested shape has 8",
        ),
        (
            "reshape with the wrong rest",
            "tf.reshape(f23, [-1, 4])",
            r"^reshape: .*6 values, .*a multiple of 4",
        ),
        (
            "reshape with two unknowns",
            "tf.reshape(f23, [-1, -1])",
            r"^reshape: .*only one input size may be -1: shape is \[-1, -1\]",
        ),
        (
            "reshape to floats",
            "tf.reshape(f23, [3.0, 2.0])",
            r"^reshape: `shape` must be an integer: got 3\.0 of type float",
        ),
        (
            "concat of ranks",
            "tf.concat([f23, tf.constant([1.0, 2.0])], axis=0)",
            r"^concat: Ranks of all input tensors should match: .*\(2, 3\).*\(2,\)",
        ),
        (
            "concat of sizes",
            "tf.concat([f23, tf.ones([2, 4])], axis=0)",
            r"^concat: .*axis 1 holds 3 and 4",
        ),
        ("concat beyond", "tf.concat([f23, f23], axis=2)", r"^concat: .*\[-2, 2\).*2"),
        ("concat of nothing", "tf.concat([], axis=0)", r"^concat: there is nothing"),
        (
            "stack of shapes",
            "tf.stack([tf.ones([2]), tf.ones([3])])",
            r"^stack: Shapes of all inputs must match: .*\[2\].*\[3\]",
        ),
        (
            "axis beyond the rank",
            "tf.reduce_sum(f23, axis=2)",
            r"^reduce_sum: the axis is out of range: axis=2 .*rank 2\. Axes run from -2"
            r" to 1",
        ),
        (
            "axis of half",
            "tf.reduce_sum(f23, axis=0.5)",
            r"^reduce_sum: `axis` must be",
        ),
        (
            "axis by name",
            "tf.reduce_mean(f23, axis='rows')",
            r"^reduce_mean: `axis` must be an integer: got 'rows' of type str",
        ),
        (
            "argmax beyond the rank",
            "tf.argmax(f23, axis=5)",
            r"^argmax: the axis is out of range: axis=5",
        ),
        (
            "new axis beyond",
            "tf.expand_dims(f23, 7)",
            r"^expand_dims: .*7.*2 dimensions.*stands at -3 to 2",
        ),
        (
            "squeeze what is not 1",
            "tf.squeeze(f23, axis=0)",
            r"^squeeze: .*expected a dimension of 1, got 2",
        ),
        (
            "transpose by too many axes",
            "tf.transpose(f23, [0, 1, 2])",
            r"^transpose: .*perm=\[0, 1, 2\] has 3 axes",
        ),
        (
            "transpose by one axis twice",
            "tf.transpose(f23, [0, 0])",
            r"^transpose: .*once.*perm=\[0, 0\]",
        ),
        (
            "split that leaves a rest",
            "tf.split(f23, 2, axis=1)",
            r"^split: .*evenly.*axis 1 holds 3, num_split=2\. Give the sizes as a list",
        ),
        ("negative size", "tf.zeros([-1, 2])", r"^zeros: Dimension -1 must be >= 0"),
        (
            "negative random size",
            "tf.random.normal([-3])",
            r"^\w[\w.]*: Dimension -3 must be >= 0",
        ),
        (
            "size of half",
            "tf.ones([2.5])",
            r"^ones: `shape` must be an integer: got 2\.5",
        ),
        (
            "broadcast to",
            "tf.broadcast_to(f23, [2, 4])",
            r"^broadcast_to: " + BROADCAST,
        ),
        ("tile by too few", "tf.tile(f23, [2])", r"^tile: .*length 2 but got length 1"),
        (
            "negative depth",
            "tf.one_hot([0, 1], depth=-2)",
            r"^one_hot: depth must be non-negative: got: -2",
        ),
        (
            "one-hot of floats",
            "tf.one_hot([0.0, 1.0], depth=2)",
            r"^one_hot: it takes no float32.*Convert it with tf\.cast\(x, tf\.int32\)",
        ),
        (
            "pad some axes",
            "tf.pad(f23, [[1, 1]])",
            r"^pad: .*\[2, 3\].*Give \[before, after\] for each axis",
        ),
        (
            "where of shapes",
            "tf.where(tf.constant([True, False]), tf.ones([3]), tf.zeros([3]))",
            r"^where: .*\[2\].*\[3\].*Sizes must be equal, or one of them 1",
        ),
        (
            "mask of another length",
            "tf.boolean_mask(f23, [True, False, True])",
            r"^boolean_mask: Shapes \(2,\) and \(3,\) are incompatible",
        ),
        ("range without a step", "tf.range(0, 10, 0)", r"^range: Requires delta != 0"),
        (
            "range that runs away",
            "tf.range(5, 1)",
            r"^range: Requires start <= limit.*start=5, limit=1",
        ),
        (
            "fill with a list",
            "tf.fill([2, 2], [1.0, 2.0])",
            r"^fill: value must be a scalar: its shape is \[2\]",
        ),
        (
            "constant of another count",
            "tf.constant([1, 2, 3], shape=[2, 2])",
            r"^constant: .*3 elements for shape \[2, 2\], which has 4",
        ),
        (
            "another shape than promised",
            "tf.ensure_shape(f23, [None, 2])",
            r"^ensure_shape: .*\[2, 3\] is not compatible with expected shape"
            r" \(None, 2\)",
        ),
        (
            "inverse of no square",
            "tf.linalg.inv(f23)",
            r"^\w[\w.]*: .*square.*2, 3",
        ),
        (
            "channels of a picture",
            "tf.nn.conv2d(tf.ones([1, 8, 8, 3]), tf.ones([3, 3, 1, 8]), 1, 'SAME')",
            r"^conv2d: .*the input \[1, 8, 8, 3\] \(NHWC\) has 3 channels, the filter"
            r" \[3, 3, 1, 8\] has depth 1",
        ),
        (
            "padding in small letters",
            "tf.nn.conv2d(tf.ones([1, 8, 8, 1]), tf.ones([3, 3, 1, 8]), 1, 'same')",
            r"^conv2d: .*'same'.*Did you mean \"SAME\"\?",
        ),
        (
            "labels and logits of two widths",
            "tf.nn.softmax_cross_entropy_with_logits(tf.ones([2, 3]), tf.ones([2, 4]))",
            r"^softmax_cross_entropy_with_logits: .*\[2, 4\] labels_size=\[2, 3\]",
        ),
        (
            "labels out of range",
            "tf.nn.sparse_softmax_cross_entropy_with_logits([7], tf.ones([1, 3]))",
            r"^sparse_softmax_cross_entropy_with_logits: .*label value of 7 .*"
            r"Labels run from 0 to 2",
        ),
        (
            "one-hot where numbers belong",
            "tf.nn.sparse_softmax_cross_entropy_with_logits([[1, 0]], tf.ones([1, 2]))",
            r"^sparse_softmax_cross_entropy_with_logits: .*one-hot labels go to",
        ),
        (
            "labels and logits of two lengths",
            "tf.nn.sigmoid_cross_entropy_with_logits(tf.ones([2]), tf.ones([3]))",
            r"^sigmoid_cross_entropy_with_logits: .*same shape: received"
            r" \(\(3,\) vs \(2,\)\)",
        ),
        # Indices.
        (
            "index beyond the end",
            "f23[2]",
            r"^slice: slice index 2 of dimension 0 out of bounds: .*Indices run from -2"
            r" to 1",
        ),
        (
            "too many indices",
            "f23[0, 0, 0]",
            r"^slice: .*input has only 2 dims: .*the key indexes 3 axes",
        ),
        ("index of half", "f23[0.5]", r"^slice: Only integers, slices.*got 0\.5"),
        ("index by name", "f23['a']", r"^slice: Only integers, slices.*got 'a'"),
        ("step of nothing", "f23[::0]", r"^slice: strides\[0\] must be non-zero"),
        (
            "gather beyond the end",
            "tf.gather(f23, [0, 2])",
            r"^gather: indices\[1\] = 2 is not in \[0, 2\)",
        ),
        (
            "gather by floats",
            "tf.gather(f23, [0.0])",
            r"^gather: it takes no float32.*Convert it with tf\.cast\(x, tf\.int32\)",
        ),
        (
            "update beyond the end",
            "tf.tensor_scatter_nd_update(i3, [[5]], [9])",
            r"^[\w.]+: .*5.*3",
        ),
        (
            "a word that the table lacks",
            "tf.nn.embedding_lookup(f23, [3])",
            r"^\w+: indices\[0\] = 3 is not in \[0, 2\)",
        ),
    )
)
