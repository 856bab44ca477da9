"""Rows of the core layers: dense ones, activations, shapes, wrappers of one's own."""

import numpy as np
from layer_runs import Row, numbers

X = numbers(2, 3, 4) * 1.5
MASK = np.array([[True, True, False], [True, False, False]])
SEEN = np.array([[[1.0], [0.0], [2.0]], [[0.0], [0.0], [3.0]]], "float32")
RATES = {"alpha_initializer": "ones", "name": "layer"}


def minimal(k):
    """A recurrent layer around a cell of one's own."""

    class Cell(k.AbstractRNNCell):
        """Half of the state, and the inputs through a kernel."""

        def __init__(self, units, **options):
            super().__init__(**options)
            self.units = units

        @property
        def state_size(self):
            return self.units

        def build(self, shape):
            size = (shape[-1], self.units)
            self.kernel = self.add_weight(shape=size, name="kernel")
            self.built = True

        def call(self, inputs, states):
            output = inputs @ self.kernel + 0.5 * states[0]
            return output, [output]

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    return k.RNN(Cell(2, name="cell"), return_state=True, name="layer")


def wrapped(k):
    """A wrapper of one's own that doubles what its layer gives."""

    class Doubled(k.Wrapper):
        def call(self, inputs):
            return 2.0 * self.layer(inputs)

    return Doubled(k.Dense(3, "tanh", name="dense"), name="layer")


def own(k):
    """A layer of one's own: a weight, a loss, an untrained counter."""

    class Own(k.Layer):
        def build(self, shape):
            self.scale = self.add_weight("scale", shape[-1:], regularizer="l2")
            self.seen = self.add_weight("seen", (), trainable=False)
            super().build(shape)

        def call(self, inputs):
            self.add_loss(0.1 * (inputs[0, 0, 0] * self.scale[0]) ** 2)
            self.seen.assign_add(1.0)
            return inputs * self.scale

    return Own(name="layer")


ROWS = {
    "dense": Row(lambda k: k.Dense(3, name="layer"), numbers(5, 4)),
    "dense settings": Row(
        lambda k: k.Dense(
            3,
            activation="softplus",
            kernel_initializer="he_normal",
            bias_initializer="ones",
            kernel_regularizer="l2",
            bias_regularizer="l1",
            activity_regularizer="l1_l2",
            kernel_constraint="non_neg",
            bias_constraint="max_norm",
            name="layer",
        ),
        X,
    ),
    "dense bare": Row(lambda k: k.Dense(2, "selu", False, name="layer"), X),
    "activation": Row(lambda k: k.Activation("gelu", name="layer"), X),
    "activation hard": Row(lambda k: k.Activation("hard_sigmoid", name="layer"), X),
    "relu": Row(lambda k: k.ReLU(1.2, 0.1, 0.3, name="layer"), X),
    "relu six": Row(lambda k: k.ReLU(max_value=6, name="layer"), X * 5),
    "leaky": Row(lambda k: k.LeakyReLU(0.2, name="layer"), X),
    "elu": Row(lambda k: k.ELU(0.6, name="layer"), X),
    "threshold": Row(lambda k: k.ThresholdedReLU(0.7, name="layer"), X),
    "prelu": Row(lambda k: k.PReLU(**RATES), X),
    "prelu shared": Row(
        lambda k: k.PReLU(
            shared_axes=[1], alpha_regularizer="l2", alpha_constraint="non_neg", **RATES
        ),
        X,
    ),
    "softmax": Row(lambda k: k.Softmax(name="layer"), X),
    "softmax steps": Row(lambda k: k.Softmax(axis=1, name="layer"), X),
    "softmax axes": Row(lambda k: k.Softmax(axis=[1, 2], name="layer"), X),
    "softmax masked": Row(
        lambda k: k.Softmax(name="layer"),
        X,
        {"mask": np.broadcast_to(MASK[..., None], (2, 3, 4)) | (X > 1)},
    ),
    "flatten": Row(lambda k: k.Flatten(name="layer"), numbers(2, 3, 2, 2)),
    "flatten first": Row(
        lambda k: k.Flatten("channels_first", name="layer"), numbers(2, 3, 2, 2)
    ),
    "flatten flat": Row(lambda k: k.Flatten(name="layer"), numbers(3)),
    "reshape": Row(lambda k: k.Reshape((2, -1, 2), name="layer"), X),
    "permute": Row(lambda k: k.Permute((3, 1, 2), name="layer"), numbers(2, 3, 2, 4)),
    "repeat": Row(lambda k: k.RepeatVector(3, name="layer"), numbers(2, 4)),
    "masking": Row(lambda k: k.Masking(name="layer"), SEEN),
    "masking value": Row(
        lambda k: k.Masking(mask_value=2.0, name="layer"),
        np.concatenate([SEEN, SEEN * 2], -1),
    ),
    "rescaling": Row(lambda k: k.Rescaling(0.5, -1.0, name="layer"), X),
    "rescaling channels": Row(
        lambda k: k.Rescaling([0.5, 2.0, 1.0, 3.0], [0.0, 1.0, 2.0, 3.0], name="layer"),
        X,
    ),
    "dropout": Row(lambda k: k.Dropout(0.4, name="layer"), X, {"training": True}),
    "dropout shape": Row(
        lambda k: k.Dropout(0.4, noise_shape=(2, 1, 4), seed=5, name="layer"),
        X,
        {"training": True},
    ),
    "dropout at rest": Row(lambda k: k.Dropout(0.4, name="layer"), X),
    "input": Row(
        lambda k: k.InputLayer((3, 4), name="layer"),
        X,
        shape=False,
        slopes=False,
        config=False,
    ),
    "lambda": Row(
        lambda k: k.Lambda(lambda x, by: x**2 * by, arguments={"by": 3}, name="layer"),
        X,
        config=False,
    ),
    "lambda mask": Row(
        lambda k: k.Lambda(
            lambda x, mask=None: x[:, 1:], mask=lambda x, m: m, name="layer"
        ),
        X,
        {"mask": MASK},
        shape=False,
        config=False,
    ),
    "own cell": Row(minimal, X, shape=False, config=False),
    "own wrapper": Row(wrapped, X, shape=False, config=False),
    "own layer": Row(own, X, warm=2, shape=False, config=False),
}
