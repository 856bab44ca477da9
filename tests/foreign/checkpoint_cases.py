"""Objects that TensorFlow and rillet each save, restore and train on.

    python checkpoint_cases.py save FOLDER [CASE ...]
    python checkpoint_cases.py load FOLDER [CASE ...]

`save` builds each case, trains it a little, saves it, trains on and prints what came
out, as JSON; `load` builds it anew with other weights, restores, trains on and prints.
Both print the same, whichever of the two libraries each of them ran under.
"""

import json
import os
import sys

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

K = tf.keras
X = np.linspace(-1.0, 1.0, 24).reshape(8, 3).astype("float32")
Y = np.sin(X[:, :2] * 2.0).astype("float32")
CASES = {}


def case(make):
    CASES[make.__name__] = make
    return make


def train(model, optimizer, x, y, steps=3):
    """A loop of one's own, so that both libraries take the very same steps."""
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - y) ** 2)
        variables = model.trainable_variables
        grads = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(grads, variables, strict=True))


class Trained:
    """A model with its optimizer, in a `tf.train.Checkpoint`."""

    consumed = True

    def __init__(self, model, optimizer, x=X, y=Y, **beside):
        self.model, self.optimizer, self.x, self.y = model, optimizer, x, y
        self.beside = beside

    def checkpoint(self):
        return tf.train.Checkpoint(
            model=self.model, optimizer=self.optimizer, **self.beside
        )

    def begin(self):
        train(self.model, self.optimizer, self.x, self.y)

    def save(self, folder):
        self.checkpoint().save(os.path.join(folder, "ckpt"))

    def load(self, folder):
        path = tf.train.latest_checkpoint(folder)
        status = self.checkpoint().restore(path)
        self.model(self.x)
        status.assert_nontrivial_match()
        train(self.model, self.optimizer, self.x, self.y, 1)
        status.assert_consumed()

    def go_on(self):
        train(self.model, self.optimizer, self.x, self.y, 1)

    def finish(self):
        train(self.model, self.optimizer, self.x, self.y, 2)
        return self.model(self.x)


class Weights(Trained):
    """The same by `save_weights` and `load_weights`."""

    def save(self, folder):
        self.model.save_weights(os.path.join(folder, "weights"))

    def load(self, folder):
        self.model(self.x)
        status = self.model.load_weights(os.path.join(folder, "weights"))
        train(self.model, self.optimizer, self.x, self.y, 1)
        status.assert_consumed()


def dense(*units):
    return K.Sequential(
        [K.layers.Dense(n, activation="tanh") for n in units] + [K.layers.Dense(2)]
    )


class Affine(tf.Module):
    def __init__(self, size, name=None):
        super().__init__(name=name)
        self.scale = tf.Variable(np.random.rand(size).astype("float32"), name="scale")
        self.shift = tf.Variable(tf.zeros([size]), name="shift")

    def __call__(self, x):
        return x * self.scale + self.shift


class Net(tf.Module):
    def __init__(self):
        super().__init__()
        self.parts = [Affine(3), Affine(3)]
        self.heads = {"out": Affine(3), "in.side/x": Affine(3)}
        self.pair = (Affine(3), "text")
        self.project = tf.Variable(np.random.rand(3, 2).astype("float32"))
        self.steps = tf.Variable(0, trainable=False)

    def __call__(self, x):
        self.steps.assign_add(1)
        for part in [*self.parts, *self.heads.values(), self.pair[0]]:
            x = tf.tanh(part(x))
        return tf.concat([x @ self.project], 0)


@case
def module():
    return Trained(Net(), K.optimizers.Adam(0.1))


@case
def sequential():
    return Trained(dense(4), K.optimizers.Adam(0.05))


@case
def adafactor():
    return Trained(dense(4), K.optimizers.Adafactor(0.05))


@case
def weights_of_sequential():
    model = dense(4)
    optimizer = K.optimizers.RMSprop(0.05)
    model.compile(optimizer, "mse")
    return Weights(model, optimizer)


class Own(K.Model):
    def __init__(self):
        super().__init__()
        self.stack = [K.layers.Dense(4, activation="relu") for _ in range(2)]
        self.table = {"last": K.layers.Dense(2)}
        self.gain = tf.Variable(1.5)
        self.bias_of_own = self.add_weight("given", (2,), initializer="ones")

    def call(self, x):
        for layer in self.stack:
            x = layer(x)
        return self.table["last"](x) * self.gain + self.bias_of_own


@case
def subclassed():
    return Trained(Own(), K.optimizers.SGD(0.1, momentum=0.9))


@case
def functional():
    inputs = K.Input((3,))
    shared = K.layers.Dense(3, activation="tanh")
    x = K.layers.BatchNormalization()(shared(shared(inputs)))
    inner = K.Sequential([K.layers.Dense(3), K.layers.PReLU()])
    outputs = K.layers.Dense(2)(K.layers.Concatenate()([inner(x), x * 2.0]))
    rate = K.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    return Trained(K.Model(inputs, outputs), K.optimizers.Adam(rate))


@case
def convolutional():
    layers = [
        K.layers.Reshape((4, 3, 2)),
        K.layers.Conv2D(3, 2, padding="same", activation="relu"),
        K.layers.BatchNormalization(),
        K.layers.SeparableConv2D(2, 2, padding="same"),
        K.layers.Conv2DTranspose(2, 2),
        K.layers.LayerNormalization(),
        K.layers.Flatten(),
        K.layers.Dense(2),
    ]
    x = np.linspace(-1, 1, 192).reshape(8, 24).astype("float32")
    return Trained(K.Sequential(layers), K.optimizers.Adam(0.01), x)


@case
def recurrent():
    layers = [
        K.layers.Reshape((3, 1)),
        K.layers.LSTM(3, return_sequences=True),
        K.layers.Bidirectional(K.layers.GRU(2, return_sequences=True)),
        K.layers.RNN([K.layers.SimpleRNNCell(2), K.layers.LSTMCell(3)]),
        K.layers.Dense(2),
    ]
    return Trained(K.Sequential(layers), K.optimizers.Adam(0.02))


class Attending(K.Model):
    def __init__(self):
        super().__init__()
        self.embed = K.layers.Embedding(7, 4)
        self.attend = K.layers.MultiHeadAttention(2, 3)
        self.out = K.layers.TimeDistributed(K.layers.Dense(2))

    def call(self, x):
        x = self.embed(x)
        return tf.reduce_mean(self.out(self.attend(x, x)), axis=1)


@case
def attention():
    x = (np.arange(24) % 7).reshape(8, 3).astype("int32")
    return Trained(Attending(), K.optimizers.Adagrad(0.1), x)


@case
def beside():
    values = {
        "counts": tf.Variable([1, 2, 3], dtype=tf.int64),
        "words": tf.Variable(["a", "", "zwölf" * 60]),
        "flags": tf.Variable([True, False]),
        "halves": tf.Variable([1.5, -2.0], dtype=tf.float16),
        "brains": tf.Variable([1.5, -2.0], dtype=tf.bfloat16),
        "planes": tf.Variable([1 + 2j, -1j], dtype=tf.complex64),
        "bytes_": tf.Variable([[1], [255]], dtype=tf.uint8),
        "empty": tf.Variable(tf.zeros([0, 3])),
        "random": tf.random.Generator.from_seed(np.random.randint(99)),
        "mean": K.metrics.Mean(),
        "list": [tf.Variable(np.random.rand()), {"a": tf.Variable(np.random.rand())}],
    }
    found = Trained(dense(2), K.optimizers.SGD(0.1), **values)

    def begin():
        train(found.model, found.optimizer, X, Y)
        values["random"].normal([3])
        values["mean"].update_state([1.0, 5.0])
        values["counts"].assign([7, 8, -9])
        values["words"].assign(["b" * 200, "ü", "c"])
        values["halves"].assign([0.25, 3.0])

    def finish():
        values["mean"].update_state(12.0)
        drawn = values["random"].uniform([2])
        numbers = [
            values["counts"],
            values["words"],
            values["halves"],
            values["list"][0],
            values["list"][1]["a"],
        ]
        return [drawn, values["mean"].result(), *numbers, found.model(X)]

    found.begin, found.finish = begin, finish
    return found


def _optimizers():
    o, former = K.optimizers, K.optimizers.legacy
    return {
        "sgd": lambda: o.SGD(0.1),
        "nesterov": lambda: o.SGD(0.1, momentum=0.8, nesterov=True),
        "rmsprop_centered": lambda: o.RMSprop(0.05, momentum=0.5, centered=True),
        "amsgrad": lambda: o.Adam(0.05, amsgrad=True),
        "averaged": lambda: o.Adam(0.05, use_ema=True),
        "adamw": lambda: o.AdamW(0.05),
        "adamax": lambda: o.Adamax(0.05),
        "adadelta": lambda: o.Adadelta(1.0),
        "ftrl": lambda: o.Ftrl(0.1),
        "former_sgd": lambda: former.SGD(0.1),
        "former_momentum": lambda: former.SGD(0.1, momentum=0.9),
        "former_rmsprop": lambda: former.RMSprop(0.05, momentum=0.5, centered=True),
        "former_adam": lambda: former.Adam(0.05),
        "former_amsgrad": lambda: former.Adam(0.05, amsgrad=True),
        "former_adamax": lambda: former.Adamax(0.05),
        "former_adagrad": lambda: former.Adagrad(0.1),
        "former_adadelta": lambda: former.Adadelta(1.0),
        "former_ftrl": lambda: former.Ftrl(0.1),
    }


for _name, _make in _optimizers().items():
    CASES[_name] = lambda make=_make: Trained(dense(3), make())


@case
def managed():
    found = Trained(dense(3), K.optimizers.Adam(0.05), step=tf.Variable(0))

    def manager(folder):
        return tf.train.CheckpointManager(found.checkpoint(), folder, max_to_keep=2)

    def save(folder):
        kept = manager(folder)
        for _ in range(3):
            found.beside["step"].assign_add(1)
            kept.save()

    def load(folder):
        kept = manager(folder)
        assert [os.path.basename(p) for p in kept.checkpoints] == ["ckpt-2", "ckpt-3"]
        assert kept.restore_or_initialize() == kept.latest_checkpoint
        assert int(found.beside["step"].numpy()) == 3
        train(found.model, found.optimizer, X, Y, 1)

    found.save, found.load = save, load
    return found


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    array = np.asarray(value.numpy())
    if array.dtype == object:
        return [v.decode() for v in array.reshape(-1)]
    return array.astype("float64").tolist()


def main(mode, folder, names):
    results = {}
    for name in names or CASES:
        np.random.seed(1 if mode == "save" else 2)
        tf.random.set_seed(1 if mode == "save" else 2)
        K.backend.clear_session()
        made = CASES[name]()
        place = os.path.join(folder, name)
        try:
            if mode == "save":
                made.begin()
                made.save(place)
                made.go_on()
            else:
                made.load(place)
            results[name] = plain(made.finish())
        except Exception as error:
            results[name] = f"{type(error).__name__}: {error}"
    print(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
