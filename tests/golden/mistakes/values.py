"""Mistakes with values, types, variables and tapes."""

from .mistake import rows

CAST = r"Convert one of them, e\.g\. tf\.cast\(x, tf\.float32\)"

ROWS = rows(
    (
        (
            "add int32 to float32",
            "tf.constant([1, 2]) + tf.constant([1.0, 2.0])",
            r"^add: both operands must have one dtype.*int32.*float32.*" + CAST,
        ),
        (
            "add float32 to int32",
            "tf.constant([1.0, 2.0]) + tf.constant([1, 2])",
            r"^add: both operands must have one dtype.*" + CAST,
        ),
        (
            "multiply types",
            "tf.multiply(i3, tf.constant([0.5, 0.5, 0.5]))",
            r"^multiply: both operands must have one dtype.*shape \(3,\).*" + CAST,
        ),
        (
            "matmul of types",
            "tf.matmul(tf.constant([[1, 2]]), tf.constant([[1.0], [2.0]]))",
            r"^matmul: both operands must have one dtype.*" + CAST,
        ),
        (
            "half an integer",
            "i3 * 0.5",
            r"^multiply: both operands.*Cannot convert 0\.5 to .*int32\. Cast the"
            r" tensor first: tf\.cast\(x, tf\.float32\)",
        ),
        (
            "float64 array",
            "tf.constant([1.0, 2.0]) + tf.constant(np.array([1.0, 2.0]))",
            r"^add: both operands.*float32.*float64.*tf\.cast\(x, tf\.float64\)",
        ),
        (
            "string plus number",
            "tf.constant('1') + 1",
            r"^add: .*Cannot convert 1 to .*string\. .*tf\.strings\.to_number",
        ),
        (
            "number plus string",
            "f23 + 'one'",
            r"^add: .*Cannot convert 'one' to .*float32\. .*float\(text\)",
        ),
        (
            "power of a word",
            "tf.pow(f23, 'two')",
            r"^pow: .*Cannot convert 'two' to .*float32",
        ),
        (
            "string to number",
            "tf.constant('twelve', dtype=tf.float32)",
            r"^\w+: Cannot convert str to a tensor of dtype float32: 'twelve'",
        ),
        (
            "parse a word",
            "tf.strings.to_number('twelve')",
            r"^\w[\w.]*: .*twelve",
        ),
        (
            "cast a string",
            "tf.cast('12', tf.int32)",
            r"^cast: strings and numbers do not convert.*Use tf\.strings\.to_number",
        ),
        ("none", "tf.constant(None)", r"^\w+: .*\(None\).*NoneType"),
        (
            "none in a list",
            "tf.constant([1.0, None])",
            r"^\w+: .*mixes NoneType and float: \[1\.0, None\]",
        ),
        ("none as operand", "f23 + None", r"^\w+: .*\(None\).*NoneType"),
        (
            "ragged rows",
            "tf.constant([[1, 2], [3]])",
            r"^\w+: .*non-rectangular.*\[\[1, 2\], \[3\]\]. Give every row the same"
            r" length",
        ),
        (
            "mixed list",
            "tf.constant([1, 'two'])",
            r"^\w+: .*it mixes int and string: .*Give every element the same type",
        ),
        (
            "floats as integers",
            "tf.constant([1.5, 2.0], dtype=tf.int32)",
            r"^\w+: Cannot convert list to a tensor of dtype int32: \[1\.5, 2\.0\]",
        ),
        (
            "too large an integer",
            "tf.constant(2**70)",
            r"^\w+: the integer does not fit int64: got 1180591620717411303424",
        ),
        ("a dict", "tf.constant({'a': 1})", r"^\w+: .*\{'a': 1\}.*\(dict\)"),
        ("a function", "tf.constant(print)", r"^\w+: .*builtin_function_or_method"),
        (
            "a type that is none",
            "tf.cast(f23, 'float33')",
            r"^as_dtype: not a TensorFlow data type.*'float33'.*Did you mean float32\?",
        ),
        (
            "a type of no number",
            "tf.constant([1, 2], dtype='integer')",
            r"^as_dtype: not a TensorFlow data type: value is 'integer'; there are ",
        ),
        (
            "add booleans",
            "tf.constant([True, False]) + tf.constant([True, True])",
            r"^add: it takes no bool.*Convert it with tf\.cast\(x, tf\.int32\)",
        ),
        (
            "count by sum of booleans",
            "tf.reduce_sum(tf.constant([True, False]))",
            r"^reduce_sum: it takes no bool.*Convert it with tf\.cast\(x, tf\.int32\)",
        ),
        (
            "accuracy as mean of booleans",
            "tf.reduce_mean(tf.constant([1, 2]) > 1)",
            r"^reduce_mean: it takes no bool.*tf\.cast\(x, tf\.",
        ),
        (
            "root of an integer",
            "tf.sqrt(tf.constant(4))",
            r"^sqrt: it takes no int32.*Convert it with tf\.cast\(x, tf\.float32\)",
        ),
        (
            "logarithm of integers",
            "tf.math.log(tf.constant([1, 2]))",
            r"^log: it takes no int32.*tf\.cast\(x, tf\.float32\)",
        ),
        (
            "softmax of integers",
            "tf.nn.softmax(i3)",
            r"^softmax: it takes no int32.*tf\.cast\(x, tf\.float32\)",
        ),
        (
            "not of floats",
            "tf.logical_not(tf.constant([1.0]))",
            r"^logical_not: it takes no float32.*allowed are bool",
        ),
        (
            "normal integers",
            "tf.random.normal([3], dtype=tf.int32)",
            r"^random\.normal: .*int32.*tf\.random\.uniform\(shape, low, high",
        ),
        (
            "random integers without a limit",
            "tf.random.uniform([3], dtype=tf.int32)",
            r"^random\.uniform: Must specify maxval for integer dtype",
        ),
        (
            "division of integers by zero",
            "i3 // tf.constant([1, 0, 1])",
            r"^floordiv: Integer division by zero.*tf\.math\.divide_no_nan",
        ),
        (
            "an assertion",
            "tf.debugging.assert_equal(i3, tf.constant([1, 2, 4]))",
            r"\[1 2 4\]|\[4\]",
        ),
        (
            "a NaN found",
            "tf.debugging.check_numerics(tf.constant([1.0, np.nan]), 'loss')",
            r"loss.*(?i:nan)",
        ),
        (
            "inverse of a singular matrix",
            "tf.linalg.inv(tf.constant([[1.0, 2.0], [2.0, 4.0]]))",
            r"^\w[\w.]*: .*not invertible",
        ),
        # Tensors taken for Python's own things.
        (
            "assign an item",
            "f23[0, 0] = 9.0",
            r"^tensor\[\.\.\.\] = value: .*does not support item assignment.*"
            r"Use a tf\.Variable",
        ),
        (
            "assign an item of a variable",
            "v[0] = 9.0",
            r"^variable\[\.\.\.\] = value: .*Use variable\[\.\.\.\]\.assign\(value\)",
        ),
        ("delete an item", "del f23[0]", r"^del tensor\[\.\.\.\]: .*item deletion"),
        (
            "if of many",
            "bool(f23 > 2)",
            r"^bool\(tensor\): .*\(2, 3\)\. Reduce it with tf\.reduce_any",
        ),
        (
            "float of many",
            "float(f23)",
            r"^float\(tensor\): only a tensor of one element.*\(2, 3\)",
        ),
        ("length of a scalar", "len(tf.constant(3.0))", r"^len\(tensor\): a scalar"),
        (
            "iterate over a scalar",
            "list(tf.constant(3.0))",
            r"^iter\(tensor\): Cannot iterate over a scalar tensor",
        ),
        (
            "tensor as a key",
            "{i3: 'three'}",
            r"^hash\(tensor\): .*unhashable.*Use tensor\.ref\(\) as the key",
        ),
        (
            "set of variables",
            "{v}",
            r"^hash\(variable\): .*Use variable\.ref\(\) as the key",
        ),
        # Variables.
        (
            "variable of none",
            "tf.Variable(None)",
            r"^Variable: `initial_value` must be .*: got None",
        ),
        (
            "assign another shape",
            "v.assign([1.0, 2.0])",
            r"^Variable\.assign: .*has shape \(3,\).*the value has shape \(2,\)",
        ),
        (
            "add another shape",
            "v.assign_add([[1.0], [2.0]])",
            r"^Variable\.assign_add: .*has shape \(3,\).*the value has shape \(2, 1\)",
        ),
        (
            "assign another type",
            "v.assign(i3)",
            r"^Variable\.assign: .*Convert the value with"
            r" tf\.cast\(value, tf\.float32\)",
        ),
        (
            "assign a word",
            "v.assign('abc')",
            r"^\w+: Cannot convert str .*float32: 'abc'",
        ),
        (
            "assign a slice beyond the end",
            "v[5].assign(1.0)",
            r"^slice: slice index 5 of dimension 0 out of bounds: .*from -3 to 2",
        ),
        (
            "assign too much to a slice",
            "v[0:2].assign([1.0, 2.0, 3.0])",
            r"^slice assignment: .*\[3\].*\[2\].*Give a value of the slice's shape",
        ),
        (
            "scatter beyond the end",
            "v.scatter_nd_update([[9]], [1.0])",
            r"^[\w.]+: .*9.* (is not in|not in|does not index).*3",
        ),
        (
            "subtract a half from an integer variable",
            "n = tf.Variable(3)\nn.assign_sub(0.5)",
            r"^\w+: Cannot convert float to a tensor of dtype int32: 0\.5",
        ),
        (
            "variable of another shape",
            "tf.Variable([1.0, 2.0], shape=[3])",
            r"^Variable: the initial value does not fit the shape.*\(2,\).*\(3,\)",
        ),
        # Tapes.
        (
            "tape used twice",
            "with tf.GradientTape() as tape:\n    y = tf.reduce_sum(v * v)\n"
            "tape.gradient(y, v)\ntape.gradient(y, v)",
            r"^GradientTape\.gradient: A non-persistent.*"
            r"Use tf\.GradientTape\(persistent=True\)",
        ),
        (
            "gradient of none",
            "with tf.GradientTape() as tape:\n    y = v * v\ntape.gradient(None, v)",
            r"^GradientTape\.gradient: the target is a tensor.*got None.*Give the loss",
        ),
        (
            "gradient of a function",
            "with tf.GradientTape() as tape:\n    y = v * v\n"
            "tape.gradient(lambda: y, v)",
            r"^GradientTape\.gradient: the target is a tensor.*of type function",
        ),
        (
            "gradient with respect to a number",
            "with tf.GradientTape() as tape:\n    y = v * v\ntape.gradient(y, 3.0)",
            r"^GradientTape\.gradient: sources are tensors or variables: got 3\.0",
            "TypeError",
            "TensorFlow stumbles over an attribute of the number",
        ),
        (
            "jacobian of a number",
            "with tf.GradientTape() as tape:\n    y = 2.0\ntape.jacobian(y, v)",
            r"^GradientTape\.gradient: the target is a tensor.*got 2\.0",
            "TypeError",
            "TensorFlow stumbles over an attribute of the number",
        ),
        (
            "watch a number",
            "tape = tf.GradientTape()\ntape.watch(3.0)",
            r"^GradientTape\.watch: Passed in object is not a Tensor: got 3\.0",
        ),
        (
            "unconnected gradients misspelt",
            "with tf.GradientTape() as tape:\n    y = v * v\n"
            "tape.gradient(y, v, unconnected_gradients='zeros')",
            r"^GradientTape\.gradient: 'zeros' is not .*'none' or 'zero'",
        ),
        (
            "stop a tape that is not recording",
            "t = tf.GradientTape()\nt.stop_recording().__enter__()",
            r"^GradientTape\.stop_recording: .*inside the tape's `with` block",
        ),
    )
)
