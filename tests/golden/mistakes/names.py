"""Mistakes with names: misspelt, moved, removed, NumPy's, methods of arrays."""

from .mistake import rows

ROWS = rows(
    (
        (
            "reduce_meen",
            "tf.reduce_meen(f23)",
            r"^tf\.reduce_meen: module 'rillet' has no attribute 'reduce_meen'\.\n"
            r"Did you mean tf\.reduce_mean\?$",
        ),
        ("nn.reul", "tf.nn.reul(f23)", r"^tf\.nn\.reul: .*Did you mean tf\.nn\.relu\?"),
        ("math.sine", "tf.math.sine(1.0)", r"^tf\.math\.sine: .*mean tf\.math\.sin\?"),
        ("log", "tf.log(f23)", r"^tf\.log: .*Did you mean tf\.math\.log\?"),
        ("softmax", "tf.softmax(f23)", r"^tf\.softmax: .*tf\.(nn|math)\.softmax\?"),
        ("sum", "tf.sum(f23)", r"^tf\.sum: .*Use tf\.reduce_sum\.$"),
        ("array", "tf.array([1, 2])", r"^tf\.array: .*Use tf\.constant\.$"),
        ("arange", "tf.arange(3)", r"^tf\.arange: .*Use tf\.range\.$"),
        ("mul", "tf.mul(2, 3)", r"^tf\.mul: .*Use tf\.multiply or the operator \*\.$"),
        ("Session", "tf.Session()", r"^tf\.Session: .*There are no sessions"),
        (
            "placeholder",
            "tf.placeholder(tf.float32)",
            r"^tf\.placeholder: .*Call functions with tensors",
        ),
        (
            "global_variables_initializer",
            "tf.global_variables_initializer()",
            r"^tf\.global_variables_initializer: .*leave the line out",
        ),
        ("random_normal", "tf.random_normal([2])", r"Use tf\.random\.normal\.$"),
        ("to_float", "tf.to_float(i3)", r"Use tf\.cast\(x, tf\.float32\)\.$"),
        ("contrib", "tf.contrib", r"^tf\.contrib: .*Use tf\.keras"),
        (
            "layers.Desne",
            "tf.keras.layers.Desne(3)",
            r"mean tf\.keras\.layers\.Dense\?",
        ),
        ("keras.Sequental", "tf.keras.Sequental()", r"mean tf\.keras\.Sequential\?"),
        ("keras.Dense", "tf.keras.Dense(3)", r"mean tf\.keras\.layers\.Dense\?"),
        (
            "optimizers.Adan",
            "tf.keras.optimizers.Adan()",
            r"mean tf\.keras\.optimizers\.Adam\?",
        ),
        (
            "losses.MeanSquareError",
            "tf.keras.losses.MeanSquareError()",
            r"mean tf\.keras\.losses\.MeanSquaredError\?",
        ),
        ("tensor.foo", "f23.foo", r"^Tensor: 'Tensor' object has no attribute 'foo'"),
        (
            "tensor.astype",
            "f23.astype('int32')",
            r"^Tensor: .*Use tf\.cast\(x, dtype\)",
        ),
        ("tensor.reshape", "f23.reshape([3, 2])", r"Use tf\.reshape\(x, shape\)"),
        ("tensor.sum", "f23.sum()", r"Use tf\.reduce_sum\(x\)"),
        ("tensor.dot", "f23.dot(f23)", r"^Tensor: .*Use tf\.matmul"),
        ("tensor.assign", "f23.assign(f23)", r"^Tensor: .*Use a tf\.Variable"),
        ("tensor.item", "tf.constant(1.0).item()", r"Use x\.numpy\(\)\.item\(\)"),
        # The words are Python's own.
        ("axes", "tf.reduce_mean(f23, axes=0)", r"unexpected keyword argument 'axes'"),
        (
            "keep_dims",
            "tf.reduce_sum(f23, keep_dims=True)",
            r"unexpected keyword argument 'keep_dims'",
        ),
        ("no shape", "tf.reshape(f23)", r"missing 1 required .*: 'shape'"),
        ("call a tensor", "f23(1)", r"object is not callable"),
    )
)
