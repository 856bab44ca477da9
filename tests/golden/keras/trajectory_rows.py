"""Ten steps of every optimizer with every common setting, and fits with each.

Each family gives rows: a name, and a function of no arguments that gives an array.
`make_keras.py` keeps TensorFlow's answers.
"""

import numpy as np

#: By class: arguments beside the common ones.
KINDS = {
    "SGD": {"learning_rate": 0.05, "momentum": 0.8, "nesterov": True},
    "RMSprop": {"learning_rate": 0.02, "rho": 0.8, "momentum": 0.4, "centered": True},
    "Adam": {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4},
    "AdamW": {"learning_rate": 0.02, "beta_1": 0.85, "amsgrad": True},
    "Adagrad": {"learning_rate": 0.1, "initial_accumulator_value": 0.3},
    "Adadelta": {"learning_rate": 2.0, "rho": 0.8, "epsilon": 1e-3},
    "Adamax": {"learning_rate": 0.02, "beta_1": 0.8, "epsilon": 1e-3},
    "Nadam": {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.9},
    "Lion": {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.9},
    "Adafactor": {"learning_rate": 0.05, "clip_threshold": 0.8, "epsilon_2": 1e-2},
    "Ftrl": {
        "learning_rate": 0.1,
        "learning_rate_power": -0.4,
        "l1_regularization_strength": 0.01,
        "l2_regularization_strength": 0.02,
        "l2_shrinkage_regularization_strength": 0.05,
        "beta": 0.1,
    },
}
SETTINGS = {
    "plain": {},
    "clipnorm": {"clipnorm": 0.6},
    "clipvalue": {"clipvalue": 0.3},
    "global_clipnorm": {"global_clipnorm": 0.6},
    "weight_decay": {"weight_decay": 0.05},
    "ema": {"use_ema": True, "ema_momentum": 0.8},
    "ema overwrite": {"use_ema": True, "ema_overwrite_frequency": 4},
}
#: By class of `optimizers.legacy`: arguments beside the common ones.
OLD_KINDS = {
    "SGD": {"learning_rate": 0.05, "momentum": 0.8, "nesterov": True},
    "RMSprop": {"learning_rate": 0.02, "momentum": 0.4, "centered": True},
    "Adam": {"learning_rate": 0.02, "beta_1": 0.8, "amsgrad": True},
    "Adagrad": {"learning_rate": 0.1, "initial_accumulator_value": 0.3},
    "Adadelta": {"learning_rate": 2.0, "rho": 0.8, "epsilon": 1e-3},
    "Adamax": {"learning_rate": 0.02, "beta_1": 0.8, "epsilon": 1e-3},
    "Nadam": {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.9},
    "Ftrl": {"learning_rate": 0.1, "l1_regularization_strength": 0.01, "beta": 0.1},
}
OLD_SETTINGS = {
    "plain": {},
    "clipnorm": {"clipnorm": 0.6},
    "clipvalue": {"clipvalue": 0.3},
    "global_clipnorm": {"global_clipnorm": 0.6},
    "decay": {"decay": 0.2},
}
#: Keras 3's optimizers that average the gradients of several steps.
ACCUMULATING = {
    "sgd": (
        "SGD",
        {
            "learning_rate": 0.1,
            "momentum": 0.9,
            "clipnorm": 0.6,
            "gradient_accumulation_steps": 3,
        },
    ),
    "adam": ("Adam", {"learning_rate": 0.02, "gradient_accumulation_steps": 3}),
    "adamw": (
        "AdamW",
        {
            "learning_rate": 0.02,
            "weight_decay": 0.05,
            "gradient_accumulation_steps": 4,
        },
    ),
}


def schedules(tf):
    """Learning rates that change with the step."""
    s = tf.keras.optimizers.schedules
    return {
        "exponential": s.ExponentialDecay(0.1, 3, 0.5, staircase=True),
        "cosine": s.CosineDecay(0.02, 6, 0.1, warmup_target=0.1, warmup_steps=3),
        "restarts": s.CosineDecayRestarts(0.1, 3, 1.5, 0.8, 0.05),
        "polynomial": s.PolynomialDecay(0.1, 4, 0.01, 2.0, cycle=True),
        "pieces": s.PiecewiseConstantDecay([2, 5], [0.1, 0.2, 0.05]),
        "inverse": s.InverseTimeDecay(0.1, 3, 0.5, staircase=True),
    }


def data(name, *shape):
    """Normals that follow from a name."""
    seed = sum(ord(c) * (i + 1) for i, c in enumerate(name))
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def trajectory(tf, optimizer, compiled=False):
    """Two variables after each of ten steps, and what the optimizer holds then."""
    matrix, vector = tf.Variable(data("m", 3, 2)), tf.Variable(data("v", 3))

    def step(slope, other):
        optimizer.apply_gradients([(slope, matrix), (other, vector)])

    if compiled:
        build = getattr(optimizer, "build", None)
        if build is not None:
            build([matrix, vector])
        step = tf.function(step)
    found = []
    for i in range(10):
        step(tf.constant(data(f"s{i}", 3, 2)), tf.constant(data(f"t{i}", 3)))
        found.append(np.concatenate([matrix.numpy().ravel(), vector.numpy()]))
    if getattr(optimizer, "use_ema", False):
        optimizer.finalize_variable_values([matrix, vector])
        found.append(np.concatenate([matrix.numpy().ravel(), vector.numpy()]))
    return np.stack(found)


def held(tf, optimizer):
    """The slots after ten steps, in their order."""
    trajectory(tf, optimizer)
    values = (
        optimizer.variables()
        if callable(optimizer.variables)
        else (optimizer.variables)
    )
    return np.concatenate([np.asarray(v, "float64").ravel() for v in values])


def trajectories(tf, compiled=False):
    """Every class with every setting and every schedule."""
    o = tf.keras.optimizers
    for kind, own in KINDS.items():
        for setting, common in SETTINGS.items():

            def run(kind=kind, own=own, common=common):
                made = getattr(o, kind)(**own, **common)
                return trajectory(tf, made, compiled)

            yield f"{kind} {setting}", run
        yield (
            f"{kind} slots",
            lambda kind=kind, own=own: held(tf, getattr(o, kind)(**own)),
        )
    for kind, own in OLD_KINDS.items():
        for setting, common in OLD_SETTINGS.items():

            def old(kind=kind, own=own, common=common):
                made = getattr(o.legacy, kind)(**own, **common)
                return trajectory(tf, made, compiled)

            yield f"legacy {kind} {setting}", old
        yield (
            f"legacy {kind} slots",
            lambda kind=kind, own=own: held(tf, getattr(o.legacy, kind)(**own)),
        )
    for name in schedules(tf):
        yield (
            f"schedule {name}",
            lambda n=name: np.array([float(schedules(tf)[n](i)) for i in range(12)]),
        )
        yield (
            f"schedule {name} Adam",
            lambda n=name: trajectory(tf, o.Adam(schedules(tf)[n]), compiled),
        )
        yield (
            f"schedule {name} legacy",
            lambda n=name: trajectory(tf, o.legacy.SGD(schedules(tf)[n]), compiled),
        )


def fitted(tf, optimizer):
    """Losses and weights of a small network after three epochs."""
    k = tf.keras
    model = k.Sequential(
        [
            k.layers.Dense(4, "tanh", input_shape=(3,), kernel_regularizer="l2"),
            k.layers.Dense(1, bias_constraint="non_neg"),
        ]
    )
    model.set_weights([data(f"w{i}", *w.shape) for i, w in enumerate(model.weights)])
    # In a graph tf.keras multiplies Nadam's product once a variable, not once a step.
    odd = tf.__name__ == "tensorflow" and type(optimizer).__name__ == "Nadam"
    model.compile(optimizer, "mse", metrics=["mae"], run_eagerly=odd)
    x, y = data("x", 22, 3), data("y", 22, 1)
    told = model.fit(x, y, 8, 3, verbose=0, shuffle=False).history
    parts = [*told.values(), *(w.ravel() for w in model.get_weights())]
    return np.concatenate([np.asarray(p, "float64") for p in parts])


def fits(tf):
    """A fit, which compiles its step, with every class of optimizer."""
    o = tf.keras.optimizers
    for kind, own in KINDS.items():
        for setting in ("plain", "global_clipnorm", "weight_decay", "ema overwrite"):

            def run(kind=kind, own=own, setting=setting):
                return fitted(tf, getattr(o, kind)(**own, **SETTINGS[setting]))

            yield f"{kind} {setting}", run
    for kind, own in OLD_KINDS.items():
        for setting in ("plain", "clipnorm", "decay"):

            def old(kind=kind, own=own, setting=setting):
                return fitted(
                    tf, getattr(o.legacy, kind)(**own, **OLD_SETTINGS[setting])
                )

            yield f"legacy {kind} {setting}", old
    for name in schedules(tf):
        yield f"schedule {name}", lambda n=name: fitted(tf, o.SGD(schedules(tf)[n]))


FAMILIES = {"trajectories": trajectories, "fits": fits}
