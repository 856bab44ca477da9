"""Programs that are well: the doctor has to be silent about each of them.

They are small, but of the kinds that people write: `HEALTHY` names them.
"""

import numpy as np

import rillet as tf

K = tf.keras
L = K.layers
Dense = L.Dense
RNG = np.random.default_rng(4)
X = RNG.normal(size=(256, 8)).astype("float32")
LINE = (X[:, 0] - 2 * X[:, 1] + 0.1 * RNG.normal(size=256)).astype("float32")
SIGN = (LINE > 0).astype("int64")
FOUR = ((X[:, 0] > 0) * 2 + (X[:, 1] > 0)).astype("int64")
HOT = np.eye(4, dtype="float32")[FOUR]
IMAGES = (RNG.random((192, 8, 8, 1)) * 255).astype("uint8")
SCALED = (IMAGES / 255.0).astype("float32")
BRIGHT = (SCALED.mean((1, 2, 3)) > 0.5).astype("int64")
STEPS = RNG.normal(size=(192, 6, 3)).astype("float32")
WORDS = RNG.integers(1, 50, (192, 10))
SPARSE = "sparse_categorical_crossentropy"
BINARY = "binary_crossentropy"
LOGITS = K.losses.SparseCategoricalCrossentropy(from_logits=True)
HEALTHY = {}


def healthy(program):
    HEALTHY[program.__name__] = program
    return program


def fitted(model, x, y=None, loss="mse", optimizer="adam", metrics=None, **kwargs):
    model.compile(optimizer, loss, metrics=metrics)
    kwargs.setdefault("epochs", 2)
    model.fit(x, y, verbose=0, **kwargs)
    return model


def chain(*layers):
    return K.Sequential(list(layers))


def pairs(x, y, size=32):
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(size)


@healthy
def linear_regression():
    fitted(chain(Dense(1)), X, LINE, optimizer="sgd")


@healthy
def linear_regression_far_from_zero():
    x = np.linspace(-20, 100, 64).astype("float32")[:, None]
    fitted(chain(Dense(1)), x, 1.8 * x + 32, optimizer=K.optimizers.Adam(0.5))


@healthy
def regression_with_normalization():
    scale = L.Normalization()
    scale.adapt(X * 1e4 + 7)
    fitted(chain(scale, Dense(16, "relu"), Dense(1)), X * 1e4 + 7, LINE)


@healthy
def logistic_regression():
    model = chain(Dense(1, "sigmoid"))
    fitted(model, X, SIGN, BINARY, "sgd", ["accuracy"])


@healthy
def logits_of_two():
    loss = K.losses.BinaryCrossentropy(from_logits=True)
    fitted(chain(Dense(8, "relu"), Dense(1)), X, SIGN, loss)


@healthy
def four_classes():
    fitted(chain(Dense(16, "relu"), Dense(4, "softmax")), X, FOUR, SPARSE)


@healthy
def four_classes_one_hot():
    model = chain(Dense(16, "tanh"), Dense(4), L.Activation("softmax"))
    fitted(model, X, HOT, "categorical_crossentropy", "rmsprop", ["accuracy"])


@healthy
def smoothed_labels():
    loss = K.losses.CategoricalCrossentropy(label_smoothing=0.1)
    fitted(chain(Dense(16, "gelu"), Dense(4, "softmax")), X, HOT, loss)


@healthy
def several_labels():
    model = chain(Dense(16, "relu"), Dense(3, "sigmoid"))
    fitted(model, X, (X[:, :3] > 0).astype("float32"), BINARY)


@healthy
def xor():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    model = chain(Dense(2, "tanh"), Dense(1, "sigmoid"))
    y = np.array([0, 1, 1, 0], "float32")
    fitted(model, x, y, BINARY, K.optimizers.Adam(0.1), epochs=20)


@healthy
def one_example():
    fitted(chain(Dense(4, "relu"), Dense(1)), X[:1], LINE[:1], epochs=6)


@healthy
def kimchi():
    x = np.array([[3.0], [5.0], [8.0], [13.0]], "float32")
    y = np.array([1, 2, 3, 4], "float32")
    fitted(chain(Dense(1)), x, y, "mae", K.optimizers.SGD(0.001), epochs=8)


@healthy
def network_of_the_course():
    model = chain(L.Flatten(), Dense(25, "relu"), Dense(15, "relu"), Dense(4))
    x = np.repeat(SCALED, 3, 1)
    fitted(model, x, FOUR[:192], LOGITS, "adam", ["accuracy"])


@healthy
def digits_in_a_row():
    model = chain(Dense(32, "relu"), Dense(2, "softmax"))
    x = SCALED.reshape(192, 64)
    fitted(model, x, BRIGHT, SPARSE, "rmsprop", ["accuracy"], validation_split=0.2)


@healthy
def plain_list():
    fitted(chain(Dense(1)), [[1.0], [2.0], [3.0], [4.0]], [2.0, 4.0, 6.0, 8.0])


@healthy
def autoencoder():
    model = chain(Dense(3, "relu"), Dense(8))
    fitted(model, X, X)


@healthy
def linear_autoencoder():
    fitted(chain(Dense(2), Dense(8)), X, X)


@healthy
def class_weights():
    rare = (X[:, 0] > 1.5).astype("int64")
    model = chain(Dense(8, "relu"), Dense(1, "sigmoid"))
    fitted(model, X, rare, BINARY, class_weight={0: 1.0, 1: 9.0})


@healthy
def sample_weights():
    fitted(chain(Dense(8, "relu"), Dense(1)), X, LINE, sample_weight=np.abs(LINE))


@healthy
def dataset():
    fitted(chain(Dense(8, "relu"), Dense(4, "softmax")), pairs(X, FOUR), None, SPARSE)


@healthy
def dataset_that_scales_repeats_and_shuffles():
    data = pairs(IMAGES, BRIGHT).map(
        lambda image, kind: (tf.cast(image, tf.float32) / 255.0, kind)
    )
    model = chain(L.Flatten(), Dense(8, "relu"), Dense(2, "softmax"))
    fitted(model, data.shuffle(8).repeat(), None, SPARSE, steps_per_epoch=5)


@healthy
def generator():
    def batches():
        while True:
            for at in range(0, 256, 32):
                yield X[at : at + 32], LINE[at : at + 32]

    fitted(chain(Dense(8, "relu"), Dense(1)), batches(), steps_per_epoch=8)


@healthy
def sequence():
    class Batches(K.utils.Sequence):
        def __len__(self):
            return 4

        def __getitem__(self, at):
            return X[at * 32 : at * 32 + 32], SIGN[at * 32 : at * 32 + 32]

    fitted(chain(Dense(1, "sigmoid")), Batches(), None, BINARY)


@healthy
def few_steps():
    model = chain(Dense(8, "relu"), Dense(1))
    fitted(model, X, LINE, steps_per_epoch=1, epochs=1)


@healthy
def one_fit_an_epoch():
    model = chain(Dense(8, "relu"), Dense(1))
    model.compile("adam", "mse")
    for _ in range(9):
        model.fit(X, LINE, verbose=0)


@healthy
def half_precision():
    policy = "mixed_bfloat16"
    model = chain(
        Dense(16, "relu", dtype=policy), Dense(4, dtype=policy),
        L.Activation("softmax", dtype="float32"),
    )  # fmt: skip
    fitted(model, X, FOUR, SPARSE)


@healthy
def batch_normalization_and_dropout():
    model = chain(
        Dense(16, use_bias=False), L.BatchNormalization(), L.Activation("relu"),
        L.Dropout(0.5), Dense(1),
    )  # fmt: skip
    fitted(model, X, LINE, epochs=6)


@healthy
def self_normalizing():
    layers = [Dense(16, "selu", kernel_initializer="lecun_normal") for _ in range(6)]
    fitted(chain(*layers, L.AlphaDropout(0.1), Dense(1)), X, LINE)


@healthy
def six_tanh_layers():
    fitted(chain(*[Dense(16, "tanh") for _ in range(6)], Dense(1)), X, LINE)


@healthy
def three_sigmoid_layers():
    layers = [Dense(8, "sigmoid") for _ in range(3)]
    fitted(chain(*layers, Dense(1, "sigmoid")), X, SIGN, "mse", "sgd")


@healthy
def ten_relu_layers():
    layers = [Dense(16, "relu", kernel_initializer="he_normal") for _ in range(10)]
    fitted(chain(*layers, Dense(1)), X, LINE)


@healthy
def clipped_and_decaying():
    rate = K.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    optimizer = K.optimizers.SGD(rate, momentum=0.9, clipnorm=1.0)
    fitted(chain(Dense(8, "relu"), Dense(1)), X, LINE, optimizer=optimizer)


@healthy
def weight_decay():
    layer = Dense(16, "relu", kernel_regularizer="l2", name="kept")
    fitted(chain(layer, Dense(1)), X, LINE, optimizer=K.optimizers.AdamW(1e-3))


@healthy
def counts():
    model = chain(Dense(8, "relu"), Dense(1, "exponential"))
    fitted(model, X, RNG.poisson(3.0, 256), "poisson")


@healthy
def quantities_above_zero():
    fitted(chain(Dense(8, "relu"), Dense(1, "softplus")), X, np.abs(LINE))


@healthy
def prices_in_thousands():
    scaled = chain(Dense(16, "relu"), Dense(1))
    fitted(scaled, X, 200.0 + 30 * LINE, "mae", "rmsprop", ["mae"], epochs=4)


@healthy
def ages_and_incomes():
    x = np.stack([40 + 10 * X[:, 0], 60 + 30 * X[:, 1]], 1)
    fitted(chain(Dense(16, "relu"), Dense(1, "sigmoid")), x, SIGN, BINARY)


@healthy
def margins():
    fitted(chain(Dense(1)), X, 2 * SIGN - 1, "hinge")


@healthy
def stop_early():
    stop = K.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    model = chain(Dense(8, "relu"), Dense(1))
    fitted(model, X, LINE, validation_split=0.2, epochs=12, callbacks=[stop])


@healthy
def functions_of_the_program():
    def double(x):
        return 2.0 * tf.nn.relu(x)

    fitted(chain(Dense(8, double), L.Lambda(lambda x: x + 1.0), Dense(1)), X, LINE)
