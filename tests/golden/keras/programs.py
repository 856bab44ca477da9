"""Small computations with Keras's objects, the same for rillet and for TensorFlow.

Each function takes the library and gives rows: a name, and a function of no arguments
that gives an array. `make_keras.py` keeps TensorFlow's answers, the tests of
tests/keras compare rillet's with them.
"""

import numpy as np

NUMBERS = np.random.default_rng(20240607)


def normals(*shape):
    """Reproducible normal numbers, in the order they are asked for."""
    return NUMBERS.normal(size=shape).astype(np.float32)


Y, P = normals(6, 4), normals(6, 4)
Y3, P3 = normals(2, 3, 4), normals(2, 3, 4)
CLASSES3 = np.array([[0, 1, 2], [3, 1, 0]])
CLASSES = np.array([0, 1, 2, 3, 1, 1])
ONE_HOT = np.eye(4, dtype=np.float32)[CLASSES]
BINARY = (Y > 0).astype(np.float32)
SIGMOID = 1 / (1 + np.exp(-P))
SOFTMAX = np.exp(P) / np.exp(P).sum(-1, keepdims=True)
WEIGHTS = np.array([1.0, 2.0, 0.0, 0.5, 1.0, 3.0], np.float32)
SHARP = normals(5, 3) * 60
KERNEL = normals(5, 5, 2, 3)

NUMERIC = (Y, P)
POSITIVE = (np.abs(Y), SIGMOID)
DISTRIBUTION = (SOFTMAX, SIGMOID)
MARGIN = (BINARY, P)
YES_NO = (BINARY, SIGMOID)
ONE_OF = (ONE_HOT, SOFTMAX)
CLASS = (CLASSES, SOFTMAX)

LOSS_FUNCTIONS = {
    "mse": NUMERIC,
    "MSE": NUMERIC,
    "mean_squared_error": NUMERIC,
    "mae": NUMERIC,
    "mape": NUMERIC,
    "msle": POSITIVE,
    "huber": NUMERIC,
    "log_cosh": NUMERIC,
    "logcosh": NUMERIC,
    "kld": DISTRIBUTION,
    "KLD": DISTRIBUTION,
    "poisson": POSITIVE,
    "cosine_similarity": NUMERIC,
    "hinge": MARGIN,
    "squared_hinge": MARGIN,
    "categorical_hinge": (ONE_HOT, P),
    "binary_crossentropy": YES_NO,
    "categorical_crossentropy": ONE_OF,
    "sparse_categorical_crossentropy": CLASS,
    "binary_focal_crossentropy": YES_NO,
    "categorical_focal_crossentropy": ONE_OF,
}
LOSS_CLASSES = {
    "MeanSquaredError": NUMERIC,
    "MeanAbsoluteError": NUMERIC,
    "MeanAbsolutePercentageError": NUMERIC,
    "MeanSquaredLogarithmicError": POSITIVE,
    "Huber": NUMERIC,
    "LogCosh": NUMERIC,
    "KLDivergence": DISTRIBUTION,
    "Poisson": POSITIVE,
    "CosineSimilarity": NUMERIC,
    "Hinge": MARGIN,
    "SquaredHinge": MARGIN,
    "CategoricalHinge": (ONE_HOT, P),
    "BinaryCrossentropy": YES_NO,
    "CategoricalCrossentropy": ONE_OF,
    "SparseCategoricalCrossentropy": CLASS,
    "BinaryFocalCrossentropy": YES_NO,
    "CategoricalFocalCrossentropy": ONE_OF,
}
METRIC_CLASSES = {
    **{k: v for k, v in LOSS_CLASSES.items() if "Focal" not in k and k != "Huber"},
    "RootMeanSquaredError": NUMERIC,
    "Accuracy": (CLASSES, np.array([0, 1, 1, 3, 1, 2])),
    "BinaryAccuracy": YES_NO,
    "CategoricalAccuracy": ONE_OF,
    "SparseCategoricalAccuracy": CLASS,
    "Precision": YES_NO,
    "Recall": YES_NO,
    "TruePositives": YES_NO,
    "TrueNegatives": YES_NO,
    "FalsePositives": YES_NO,
    "FalseNegatives": YES_NO,
    "AUC": YES_NO,
}
METRIC_CLASSES["LogCoshError"] = METRIC_CLASSES.pop("LogCosh")


def losses(tf):
    """Losses by function and class, reductions, weights, gradients, odd shapes."""
    for name, pair in LOSS_FUNCTIONS.items():
        yield f"function_{name}", lambda n=name, p=pair: tf.keras.losses.get(n)(*p)
    for name, (y, p) in LOSS_CLASSES.items():
        for reduction in ("auto", "none", "sum"):
            for label, w in (
                ("", None),
                ("_w", WEIGHTS),
                ("_column", WEIGHTS[:, None]),
            ):
                yield (
                    f"{name}_{reduction}{label}",
                    lambda n=name, r=reduction, y=y, p=p, w=w: getattr(
                        tf.keras.losses, n
                    )(reduction=r)(y, p, sample_weight=w),
                )
        yield f"{name}_gradient", lambda n=name, y=y, p=p: slope(tf, n, y, p)
    yield from loss_settings(tf.keras.losses)
    yield from through_activations(tf)
    yield from loss_shapes(tf, tf.keras.losses)


def slope(tf, name, y, p):
    """The gradient of a weighted loss by the predictions."""
    x = tf.constant(p)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = getattr(tf.keras.losses, name)()(y, x, sample_weight=WEIGHTS)
    return tape.gradient(loss, x)


def loss_settings(k):
    """Settings of the cross-entropies, and of the rest."""
    for logits in (True, False):
        yes, one = (P, P) if logits else (SIGMOID, SOFTMAX)
        for s in (0.0, 0.1):
            end = f"_{logits}_{s}"
            yield (
                f"bce{end}",
                lambda a=logits, s=s, p=yes: k.BinaryCrossentropy(a, s)(BINARY, p),
            )
            yield (
                f"cce{end}",
                lambda a=logits, s=s, p=one: k.CategoricalCrossentropy(a, s)(
                    ONE_HOT, p
                ),
            )
            yield (
                f"bfce{end}",
                lambda a=logits, s=s, p=yes: k.BinaryFocalCrossentropy(
                    True, 0.3, 1.5, a, s
                )(BINARY, p),
            )
            yield (
                f"cfce{end}",
                lambda a=logits, s=s, p=one: k.CategoricalFocalCrossentropy(
                    0.3, 1.5, a, s
                )(ONE_HOT, p),
            )
        for reduction in ("auto", "none"):
            yield (
                f"ignore_{logits}_{reduction}",
                lambda a=logits, r=reduction, p=one: k.SparseCategoricalCrossentropy(
                    a, ignore_class=1, reduction=r
                )(CLASSES, p),
            )
    yield "huber_delta", lambda: k.Huber(0.3)(Y, P)
    yield "cosine_axis", lambda: k.CosineSimilarity(axis=0)(Y, P)
    yield "hinge_plain", lambda: k.hinge(Y, P)


def through_activations(tf):
    """Predictions that sigmoid and softmax made, far from the middle."""
    k, a = tf.keras.losses, tf.keras.activations
    labels, yes = [0, 1, 2, 0, 1], (SHARP > 1).astype(np.float32)
    hot = np.eye(3, dtype=np.float32)[labels]
    x = tf.constant(SHARP)
    yield (
        "softmax_sparse",
        lambda: k.SparseCategoricalCrossentropy()(labels, a.softmax(x)),
    )
    yield "softmax_hot", lambda: k.CategoricalCrossentropy()(hot, a.softmax(x))
    yield (
        "softmax_plain",
        lambda: k.SparseCategoricalCrossentropy()(labels, tf.nn.softmax(x)),
    )
    yield "sigmoid_binary", lambda: k.BinaryCrossentropy()(yes, a.sigmoid(x))
    yield "sigmoid_focal", lambda: k.BinaryFocalCrossentropy()(yes, a.sigmoid(x))
    yield (
        "sigmoid_column",
        lambda: k.BinaryCrossentropy()(tf.constant(yes[:, 0]), a.sigmoid(x[:, :1])),
    )


def loss_shapes(tf, k):
    """Axes too many or too few, integers, lists, other float types, nothing at all."""
    sparse = k.SparseCategoricalCrossentropy
    yield "steps", lambda: sparse(True, reduction="none")(CLASSES3, P3)
    yield (
        "steps_column",
        lambda: sparse(True, reduction="none")(CLASSES3[..., None], P3),
    )
    yield "steps_w", lambda: sparse(True)(CLASSES3, P3, sample_weight=[1.0, 2.0])
    yield "steps_w2", lambda: sparse(True)(CLASSES3, P3, sample_weight=[[1.0], [2.0]])
    yield "steps_ignore", lambda: sparse(True, 1, reduction="none")(CLASSES3, P3)
    yield (
        "first_axis",
        lambda: k.sparse_categorical_crossentropy(
            np.array([0, 1, 1, 0]), tf.constant(P[:3]), True, axis=0
        ),
    )
    yield (
        "hot_first_axis",
        lambda: k.categorical_crossentropy(
            ONE_HOT.T.copy(), tf.constant(SOFTMAX.T.copy()), axis=0
        ),
    )
    mse = k.MeanSquaredError
    yield "squeezed", lambda: mse()(tf.constant(Y[:, 0]), tf.constant(P[:, :1]))
    yield "squeezed_true", lambda: mse()(tf.constant(Y[:, :1]), tf.constant(P[:, 0]))
    yield "arrays_broadcast", lambda: mse()(Y[:, 0], P[:, :1])
    yield "integers", lambda: k.mse(np.array([[1, 2]]), np.float32([[1.5, 2.5]]))
    yield "lists", lambda: k.mse([[1, 2]], [[1.5, 2.5]])
    yield "float64", lambda: mse()(Y.astype(np.float64), P.astype(np.float64))
    yield "huber_float64", lambda: k.Huber()(Y.astype(np.float64), P.astype(np.float64))
    yield "empty", lambda: mse()(np.zeros((0, 2), "f"), np.zeros((0, 2), "f"))
    yield "weights_3d", lambda: mse()(Y3, P3, sample_weight=[[1, 2, 3], [4.0, 5, 6]])


def metrics(tf):
    """Metrics over two batches, weighted and not; reset, merged; settings."""
    k = tf.keras.metrics
    for name, (y, p) in METRIC_CLASSES.items():
        for label, w in (("", None), ("_w", WEIGHTS), ("_scalar", 2.0)):
            yield (
                f"{name}{label}",
                lambda n=name, y=y, p=p, w=w: two_batches(getattr(k, n)(), y, p, w),
            )
        yield f"{name}_merged", lambda n=name, y=y, p=p: merged(getattr(k, n), y, p)
    for n in (1, 2, 3):
        yield f"top{n}", lambda n=n: k.TopKCategoricalAccuracy(n)(ONE_HOT, SOFTMAX)
        yield (
            f"sparse_top{n}",
            lambda n=n: k.sparse_top_k_categorical_accuracy(
                CLASSES, np.round(SOFTMAX, 1), n
            ),
        )
    sparse = k.SparseCategoricalAccuracy
    yield "steps", lambda: sparse()(CLASSES3, P3)
    yield "steps_w", lambda: sparse()(CLASSES3, P3, sample_weight=[1.0, 2.0])
    yield "column", lambda: sparse()(CLASSES[:, None], SOFTMAX, sample_weight=WEIGHTS)
    yield "threshold", lambda: k.BinaryAccuracy(threshold=0.3)(*YES_NO)
    yield "mean", lambda: k.Mean()(P3, sample_weight=[1.0, 3.0])
    yield "sum", lambda: k.Sum()(P3, sample_weight=[1.0, 3.0])
    yield "tensor", lambda: k.MeanTensor()(Y, sample_weight=WEIGHTS[:, None])
    yield "relative", lambda: k.MeanRelativeError(np.abs(Y[0]))(Y[1], P[1])
    yield from counts(k)
    yield from areas(k)


def two_batches(metric, y, p, w):
    """A metric's result after a batch and the same one with targets reversed."""
    metric.update_state(y, p, sample_weight=w)
    metric.update_state(y[::-1].copy(), p, sample_weight=w)
    return metric.result()


def merged(kind, y, p):
    """The result after a reset, and that of two metrics together."""
    one, other = kind(), kind()
    one(y, p)
    one.reset_state()
    empty = np.asarray(one.result())
    one.update_state(y[:3], p[:3])
    other.update_state(y, p)
    one.merge_state([other])
    return np.append(empty, np.asarray(one.result()))


def counts(k):
    """Precision and recall with their settings."""
    for i, settings in enumerate(
        (
            {"thresholds": 0.3},
            {"thresholds": [0.2, 0.6]},
            {"top_k": 2},
            {"class_id": 1},
            {"top_k": 2, "class_id": 2},
        )
    ):
        for name in ("Precision", "Recall"):
            yield (
                f"{name}{i}",
                lambda n=name, s=settings: getattr(k, n)(**s)(
                    *YES_NO, sample_weight=WEIGHTS
                ),
            )


def areas(k):
    """Areas under curves, and points on them."""
    for i, settings in enumerate(
        (
            {"curve": "PR"},
            {"num_thresholds": 5},
            {"summation_method": "minoring"},
            {"summation_method": "majoring"},
            {"curve": "PR", "summation_method": "minoring"},
            {"curve": "PR", "summation_method": "majoring"},
            {"multi_label": True},
            {"multi_label": True, "curve": "PR"},
            {"multi_label": True, "label_weights": [1.0, 2.0, 3.0, 4.0]},
            {"thresholds": [0.3, 0.7]},
        )
    ):
        yield f"AUC{i}", lambda s=settings: k.AUC(**s)(*YES_NO)
        yield f"AUC{i}_w", lambda s=settings: k.AUC(**s)(*YES_NO, sample_weight=WEIGHTS)
    yield "AUC_logits", lambda: k.AUC(from_logits=True)(BINARY, P)
    for name in (
        "SensitivityAtSpecificity",
        "SpecificityAtSensitivity",
        "PrecisionAtRecall",
        "RecallAtPrecision",
    ):
        yield name, lambda n=name: getattr(k, n)(0.6)(*YES_NO)


def small(tf):
    """Activations, regularizers, constraints and initializers."""
    x = tf.constant(Y * 3)
    a, r, c = tf.keras.activations, tf.keras.regularizers, tf.keras.constraints
    for name in (
        "softmax sigmoid relu elu selu softplus softsign swish tanh exponential"
        " hard_sigmoid linear mish gelu"
    ).split():
        yield f"activation_{name}", lambda n=name: a.get(n)(x)
    for i, s in enumerate(
        (
            {"alpha": 0.1, "max_value": 2.0, "threshold": 0.5},
            {"threshold": 1.0},
            {"max_value": 1.0},
            {"alpha": 0.3},
            {"alpha": 0.3, "max_value": 1.0},
            {"max_value": 6.0},
            {"threshold": -1.0, "alpha": 0.2},
        )
    ):
        yield f"relu{i}", lambda s=s: a.relu(x, **s)
    yield "elu_alpha", lambda: a.elu(x, alpha=0.5)
    yield "gelu_tanh", lambda: a.gelu(x, True)
    for name in ("l1", "l2", "l1_l2", "L1", "L2", "L1L2"):
        yield f"regularizer_{name}", lambda n=name: r.get(n)(x)
    yield "rows", lambda: r.OrthogonalRegularizer(0.1)(x)
    yield "columns", lambda: r.OrthogonalRegularizer(0.1, "columns")(x)
    for name in ("max_norm", "non_neg", "unit_norm", "min_max_norm", "MaxNorm"):
        yield f"constraint_{name}", lambda n=name: c.get(n)(x)
    yield "min_max", lambda: c.MinMaxNorm(0.5, 0.7, 0.3, axis=1)(x)
    for size in (3, 4, 5):
        kernel = tf.constant(KERNEL[:size, :size])
        yield f"radial{size}", lambda w=kernel: c.RadialConstraint()(w)
    yield from first_values(tf.keras.initializers)


def first_values(k):
    """Initializers with seeds, for a dense layer and for a convolution."""
    for name in (
        "GlorotUniform GlorotNormal HeUniform HeNormal LecunUniform LecunNormal"
        " RandomNormal RandomUniform TruncatedNormal Orthogonal"
    ).split():
        for shape in ((6, 4), (3, 3, 2, 5)):
            yield (
                f"{name}_{len(shape)}",
                lambda n=name, s=shape: getattr(k, n)(seed=7)(s),
            )
    yield (
        "variance",
        lambda: k.VarianceScaling(2.0, "fan_out", "untruncated_normal", seed=3)((4, 5)),
    )
    yield "constant", lambda: k.Constant([1.0, 2.0])((2,))
    yield "identity", lambda: k.Identity(2.0)((2, 3))
    yield "ones_int", lambda: k.Ones()((2,), dtype="int32")


def optimizers(tf):
    """Twenty steps of every optimizer, on dense gradients and on rows."""
    o = tf.keras.optimizers
    s = o.schedules
    makers = {
        "sgd": lambda: o.SGD(0.1),
        "momentum": lambda: o.SGD(0.1, 0.9),
        "nesterov": lambda: o.SGD(0.1, 0.9, True, weight_decay=0.01),
        "clipnorm": lambda: o.SGD(0.1, clipnorm=0.5),
        "clipvalue": lambda: o.SGD(0.1, clipvalue=0.5),
        "global_clipnorm": lambda: o.SGD(0.1, global_clipnorm=0.5),
        "rmsprop": lambda: o.RMSprop(0.01),
        "rmsprop_momentum": lambda: o.RMSprop(0.01, 0.8, 0.5, 1e-3),
        "rmsprop_centered": lambda: o.RMSprop(0.01, centered=True),
        "rmsprop_both": lambda: o.RMSprop(
            0.01, centered=True, momentum=0.3, weight_decay=0.1
        ),
        "adam": lambda: o.Adam(0.01, 0.8, 0.9, 1e-3),
        "amsgrad": lambda: o.Adam(0.01, amsgrad=True),
        "adamw": lambda: o.AdamW(0.01),
        "adagrad": lambda: o.Adagrad(0.1, 0.2),
        "adadelta": lambda: o.Adadelta(1.0, 0.9),
        "adamax": lambda: o.Adamax(0.01),
        "nadam": lambda: o.Nadam(0.01),
        "ftrl": lambda: o.Ftrl(0.1, -0.6, 0.2, 0.01, 0.02, 0.03, 0.1),
        "ema": lambda: o.Adam(
            0.01, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=3
        ),
        "exponential": lambda: o.SGD(s.ExponentialDecay(0.1, 5, 0.5)),
        "staircase": lambda: o.SGD(s.ExponentialDecay(0.1, 5, 0.5, True)),
        "cosine": lambda: o.SGD(s.CosineDecay(0.1, 10, 0.1)),
        "warmup": lambda: o.SGD(
            s.CosineDecay(0.1, 10, 0.1, warmup_target=0.3, warmup_steps=4)
        ),
        "restarts": lambda: o.SGD(s.CosineDecayRestarts(0.1, 3, 1.5, 0.8, 0.05)),
        "restarts_alike": lambda: o.SGD(s.CosineDecayRestarts(0.1, 3, 1.0)),
        "polynomial": lambda: o.SGD(s.PolynomialDecay(0.1, 7, 0.01, 2.0)),
        "cycle": lambda: o.SGD(s.PolynomialDecay(0.1, 7, 0.01, 2.0, True)),
        "pieces": lambda: o.SGD(s.PiecewiseConstantDecay([3, 8], [0.1, 0.2, 0.05])),
        "inverse": lambda: o.SGD(s.InverseTimeDecay(0.1, 3, 0.5)),
    }
    if hasattr(o, "legacy"):
        old = o.legacy
        makers |= {
            "legacy_sgd": lambda: old.SGD(0.1, 0.9, decay=0.1),
            "legacy_rmsprop": lambda: old.RMSprop(0.01, epsilon=1e-2),
            "legacy_rmsprop_momentum": lambda: old.RMSprop(
                0.01, momentum=0.5, epsilon=1e-2
            ),
            "legacy_rmsprop_centered": lambda: old.RMSprop(
                0.01, centered=True, epsilon=1e-2
            ),
            "legacy_adam": lambda: old.Adam(0.01, decay=0.01),
            "legacy_adagrad": lambda: old.Adagrad(0.1, epsilon=1e-2),
        }
    for name, make in makers.items():
        yield name, lambda m=make: trajectory(tf, m(), False)
        if not name.startswith("legacy"):
            yield f"{name}_rows", lambda m=make: trajectory(tf, m(), True)


def trajectory(tf, optimizer, rows):
    """Two variables after twenty steps."""
    rng = np.random.default_rng(5)

    def draw(*shape):
        return tf.constant(rng.normal(size=shape).astype(np.float32))

    matrix, vector = tf.Variable(draw(5, 3)), tf.Variable(draw(4))
    for i in range(20):
        grad = draw(5, 3)
        if rows:
            places = tf.constant([i % 5, (i + 2) % 5, i % 5])
            grad = tf.IndexedSlices(draw(3, 3), places, tf.constant([5, 3]))
        optimizer.apply_gradients([(grad, matrix), (draw(4), vector)])
    return np.concatenate([matrix.numpy().ravel(), vector.numpy()])


FAMILIES = {
    "losses": losses,
    "metrics": metrics,
    "small": small,
    "optimizers": optimizers,
}
