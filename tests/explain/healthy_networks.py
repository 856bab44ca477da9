"""More programs that are well: pictures, sequences, several inputs, own steps."""

import numpy as np
from tests.explain.healthy_programs import (
    BINARY,
    BRIGHT,
    FOUR,
    HOT,
    IMAGES,
    LINE,
    LOGITS,
    SCALED,
    SIGN,
    SPARSE,
    STEPS,
    WORDS,
    Dense,
    K,
    L,
    X,
    chain,
    fitted,
    healthy,
)
from tests.explain.healthy_programs import HEALTHY as HEALTHY

import rillet as tf


@healthy
def convolutions():
    model = chain(
        L.Conv2D(8, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(),
        Dense(2, "softmax"),
    )  # fmt: skip
    fitted(model, SCALED, BRIGHT, SPARSE)


@healthy
def raw_pictures_that_the_model_scales():
    model = chain(
        L.Rescaling(1 / 255), L.Conv2D(4, 3, activation="relu"),
        L.GlobalAveragePooling2D(), Dense(1, "sigmoid"),
    )  # fmt: skip
    fitted(model, IMAGES, BRIGHT, BINARY)


@healthy
def raw_pictures_before_batch_normalization():
    model = chain(
        L.BatchNormalization(), L.Flatten(), Dense(8, "relu"), Dense(2, "softmax")
    )
    fitted(model, IMAGES.astype("float32"), BRIGHT, SPARSE)


@healthy
def residual_network():
    given = K.Input((8, 8, 1))
    x = L.Conv2D(4, 3, padding="same", activation="relu")(given)
    y = L.Conv2D(4, 3, padding="same", use_bias=False)(x)
    y = L.Activation("relu")(L.BatchNormalization()(y))
    y = L.GlobalAveragePooling2D()(L.add([x, y]))
    fitted(K.Model(given, Dense(2, "softmax")(y)), SCALED, BRIGHT, SPARSE)


@healthy
def picture_autoencoder():
    model = chain(
        L.Conv2D(4, 3, 2, "same", activation="relu"),
        L.Conv2DTranspose(4, 3, 2, "same", activation="relu"),
        L.Conv2D(1, 3, padding="same", activation="sigmoid"),
    )
    fitted(model, SCALED, SCALED, BINARY)


@healthy
def variational_autoencoder():
    class Code(L.Layer):
        def call(self, inputs):
            mean, spread = inputs
            self.add_loss(0.01 * tf.reduce_mean(mean**2 + tf.exp(spread) - spread))
            return mean + tf.exp(spread / 2) * tf.random.normal(tf.shape(mean))

    given = K.Input((8,))
    hidden = Dense(8, "relu")(given)
    code = Code()([Dense(2)(hidden), Dense(2)(hidden)])
    fitted(K.Model(given, Dense(8)(Dense(8, "relu")(code))), X, X)


class Adversaries(K.Model):
    """A generator and a discriminator that learn in turn."""

    def __init__(self):
        super().__init__()
        self.maker = chain(Dense(16, "relu"), Dense(8))
        self.judge = chain(Dense(16), L.LeakyReLU(), Dense(1))

    def compile(self, first, second):
        super().compile()
        self.first, self.second = first, second

    def train_step(self, real):
        score = K.losses.BinaryCrossentropy(from_logits=True)
        count = tf.shape(real)[0]
        noise = tf.random.normal((count, 4))
        ones, zeros = tf.ones((count, 1)), tf.zeros((count, 1))
        with tf.GradientTape() as tape:
            said = self.judge(tf.concat([real, self.maker(noise)], 0))
            lost = score(tf.concat([ones, zeros], 0), said)
        weights = self.judge.trainable_weights
        self.first.apply_gradients(
            zip(tape.gradient(lost, weights), weights, strict=True)
        )
        with tf.GradientTape() as tape:
            made = score(ones, self.judge(self.maker(noise)))
        weights = self.maker.trainable_weights
        self.second.apply_gradients(
            zip(tape.gradient(made, weights), weights, strict=True)
        )
        return {"judge": lost, "maker": made}


@healthy
def adversaries():
    model = Adversaries()
    model.compile(K.optimizers.Adam(1e-3), K.optimizers.Adam(1e-3))
    model.fit(X, epochs=2, verbose=0)


@healthy
def adversaries_with_a_frozen_judge():
    judge = chain(Dense(8, "relu"), Dense(1, "sigmoid"))
    judge.compile("adam", BINARY)
    judge.trainable = False
    given = K.Input((4,))
    both = K.Model(given, judge(chain(Dense(8, "relu"), Dense(8))(given)))
    both.compile("adam", BINARY)
    judge.fit(X, SIGN, verbose=0)
    both.fit(X[:, :4], np.ones(256), verbose=0)


@healthy
def transfer():
    base = chain(Dense(16, "relu"), Dense(8, "relu"))
    base.build((None, 8))
    base.trainable = False
    fitted(chain(base, Dense(4, "softmax")), X, FOUR, SPARSE)


@healthy
def transfer_by_functions():
    given = K.Input((8, 8, 1))
    body = K.Model(given, L.Conv2D(4, 3, activation="relu")(given))
    body.trainable = False
    again = K.Input((8, 8, 1))
    pooled = L.GlobalAveragePooling2D()(body(again, training=False))
    fitted(K.Model(again, Dense(1)(pooled)), SCALED, BRIGHT,
           K.losses.BinaryCrossentropy(from_logits=True))  # fmt: skip


@healthy
def fine_tuning():
    base = chain(Dense(16, "relu"))
    base.trainable = False
    model = fitted(chain(base, Dense(1)), X, LINE)
    base.trainable = True
    fitted(model, X, LINE, optimizer=K.optimizers.Adam(1e-5))


@healthy
def simple_recurrence():
    fitted(chain(L.SimpleRNN(8), Dense(1)), STEPS, STEPS.sum((1, 2)))


@healthy
def long_memory():
    model = chain(L.LSTM(8, return_sequences=True), L.LSTM(4), Dense(1))
    fitted(model, STEPS, STEPS[:, 0, 0])


@healthy
def gates_both_ways():
    model = chain(L.Bidirectional(L.GRU(6)), L.Dropout(0.2), Dense(2, "softmax"))
    fitted(model, STEPS, BRIGHT, SPARSE)


@healthy
def words():
    model = chain(
        L.Embedding(50, 8, mask_zero=True), L.GlobalAveragePooling1D(),
        Dense(8, "relu"), Dense(1, "sigmoid"),
    )  # fmt: skip
    fitted(model, WORDS, BRIGHT, BINARY)


@healthy
def next_words():
    model = chain(L.Embedding(50, 8), L.GRU(8, return_sequences=True), Dense(50))
    fitted(model, WORDS[:, :-1], WORDS[:, 1:], LOGITS)


@healthy
def attention():
    given = K.Input((6, 3))
    seen = L.MultiHeadAttention(2, 4)(given, given)
    x = L.LayerNormalization()(given + seen)
    fitted(K.Model(given, Dense(1)(L.Flatten()(x))), STEPS, STEPS.sum((1, 2)))


@healthy
def two_outputs():
    given = K.Input((8,))
    hidden = Dense(16, "relu")(given)
    kind = Dense(4, "softmax", name="kind")(hidden)
    model = K.Model(given, [kind, Dense(1, name="size")(hidden)])
    fitted(model, X, {"kind": FOUR, "size": LINE}, {"kind": SPARSE, "size": "mse"})


@healthy
def two_inputs():
    first, second = K.Input((4,)), K.Input((4,))
    both = L.concatenate([Dense(8, "relu")(first), Dense(8, "relu")(second)])
    model = K.Model([first, second], Dense(1, "sigmoid")(both))
    fitted(model, [X[:, :4], X[:, 4:]], SIGN, BINARY)


@healthy
def named_inputs():
    number, place = K.Input((4,), name="number"), K.Input((1,), name="place")
    where = L.Flatten()(L.Embedding(4, 2)(place))
    model = K.Model([number, place], Dense(1)(L.concatenate([number, where])))
    fitted(model, {"number": X[:, :4], "place": FOUR[:, None]}, LINE)


@healthy
def shared_layers():
    first, second = K.Input((4,)), K.Input((4,))
    twin = chain(Dense(8, "relu"), Dense(4))
    gap = L.Lambda(lambda pair: tf.abs(pair[0] - pair[1]))
    out = Dense(1, "sigmoid")(gap([twin(first), twin(second)]))
    fitted(K.Model([first, second], out), [X[:, :4], X[:, 4:]], SIGN, BINARY)


@healthy
def learning_from_rewards():
    model = chain(Dense(16, "relu"), Dense(4))

    def gain(taken, values):
        return -tf.reduce_mean(tf.nn.log_softmax(values) * taken)

    model.compile(K.optimizers.Adam(1e-3), gain)
    for at in range(0, 256, 64):
        model.fit(X[at : at + 64], HOT[at : at + 64] * 5 - 1, verbose=0)


@healthy
def values_of_actions():
    model = chain(Dense(16, "relu"), Dense(4))
    model.compile("adam", K.losses.Huber())
    for at in range(0, 256, 32):
        model.train_on_batch(X[at : at + 32], 100 * HOT[at : at + 32])


class Own(K.Model):
    """A model with a step of its own."""

    def __init__(self):
        super().__init__()
        self.hidden, self.last = Dense(8, "relu"), Dense(1)
        self.seen = K.metrics.Mean(name="loss")

    def call(self, inputs):
        return self.last(self.hidden(inputs))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x)[:, 0] - y) ** 2)
        slopes = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_weights, strict=True))
        self.seen.update_state(loss)
        return {"loss": self.seen.result()}


@healthy
def own_step():
    model = Own()
    model.compile("adam")
    model.fit(X, LINE, epochs=3, verbose=0)


@healthy
def patches():
    model = chain(L.Conv2D(8, 3, padding="same", activation="relu"), L.Conv2D(2, 1))
    wanted = (SCALED[..., 0] > 0.5).astype("int64")
    fitted(model, SCALED, wanted, LOGITS)
