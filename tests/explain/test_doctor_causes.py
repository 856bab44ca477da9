"""The doctor names the cause, and following its advice helps."""

import re

import numpy as np
import pytest

import rillet as tf

K = tf.keras
L = K.layers
Dense = L.Dense
RNG = np.random.default_rng(7)
X = RNG.normal(size=(512, 8)).astype("float32")
LINE = (X @ RNG.normal(size=(8, 1))).astype("float32")
PRICES = 3e5 + 1e5 * LINE


@pytest.fixture(autouse=True)
def seeded():
    K.utils.set_random_seed(2)


def fitted(model, x=X, y=LINE, optimizer="adam", loss="mse", epochs=2, **options):
    model.compile(optimizer, loss)
    return model.fit(x, y, epochs=epochs, verbose=0, **options).history["loss"]


def network(*widths, **last):
    return K.Sequential([*(Dense(n, "relu") for n in widths), Dense(1, **last)])


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
@pytest.mark.parametrize("form", [np.asarray, lambda y: y.astype("int64")])
def test_targets_that_are_far_too_large(said, optimizer, form) -> None:
    fitted(network(64, 64), y=form(PRICES), optimizer=optimizer)
    (line,) = said()
    assert "the targets go from " in line and "y = (y - y.mean()) / y.std()" in line


def test_scaled_targets_are_learned(said) -> None:
    y = (PRICES - PRICES.mean()) / PRICES.std()
    losses = fitted(network(64, 64), y=y, epochs=20)
    assert losses[-1] < 0.1 and not said()


def test_targets_that_some_epochs_have_not_reached(said) -> None:
    """A hundred millionth a step is hopeless; else the loss after 5 epochs tells."""
    fitted(network(16), y=PRICES / 100, epochs=4)
    assert not said()
    fitted(network(16), y=PRICES / 100, epochs=5)
    (line,) = said()
    assert "the targets go from " in line


@pytest.mark.parametrize(
    ("model", "optimizer"),
    [
        (lambda: network(16, bias_initializer=K.initializers.Constant(3e5)), "adam"),
        (lambda: network(16), K.optimizers.Adam(100.0)),
        (lambda: network(), K.optimizers.SGD(0.1)),
        (lambda: K.Sequential([Dense(9, "relu"), Dense(1), L.Rescaling(1e5)]), "adam"),
    ],
)
def test_large_targets_that_can_be_reached(said, model, optimizer) -> None:
    fitted(model(), y=np.clip(PRICES, 299_000, 301_000), optimizer=optimizer)
    assert not [line for line in said() if "the targets go" in line]


class Priced(K.Model):
    """Gives prices in units of its own."""

    def __init__(self, unit):
        super().__init__()
        self.first, self.last, self.unit = Dense(16, "relu"), Dense(1), unit

    def call(self, inputs):
        return self.unit * self.last(self.first(inputs))


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("unit", [1.0, 1e5])
def test_large_targets_of_a_model_with_a_call_of_its_own(said, unit, batched) -> None:
    data = (X, PRICES)
    if batched:
        data = (tf.data.Dataset.from_tensor_slices(data).batch(64), None)
    fitted(Priced(unit), *data, epochs=8)
    assert [("the targets go from " in line) for line in said()] == [True] * (unit == 1)


class Middle(K.Model):
    """Computes something between its layers."""

    def __init__(self, between):
        super().__init__()
        self.first, self.last = Dense(16, name="first"), Dense(1, name="last")
        self.between = between

    def call(self, inputs):
        return self.last(self.between(self.first(inputs)))


@pytest.mark.parametrize("explains", [False, True])
@pytest.mark.parametrize(
    ("between", "op", "fix"),
    [
        (tf.math.log, "Log", lambda h: tf.math.log(tf.maximum(h, 1e-7))),
        (
            lambda h: h / tf.reduce_sum(0 * h),
            "RealDiv",
            lambda h: tf.math.divide_no_nan(h, tf.reduce_sum(0 * h)),
        ),
    ],
)
def test_an_op_between_layers(said, between, op, fix, explains) -> None:
    if explains:
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            fitted(Middle(between), on_nan="explain")
        text = str(caught.value)
    else:
        fitted(Middle(between))
        (text,) = said()
    place = rf"{op} between the layers of middle\w*, after first; in went"
    assert re.search(rf"that made (NaN|infinity) is {place}", text)
    assert np.isfinite(fitted(Middle(fix))).all()


def clipped(h):
    return tf.clip_by_value(h, -0.999999, 0.999999)


@pytest.mark.parametrize(
    ("between", "op", "fix"),
    [
        (tf.acos, "Acos", lambda h: tf.acos(clipped(h))),
        (
            lambda h: tf.acos(tf.clip_by_value(9 * h, -1.0, 1.0)),
            "Reciprocal",
            lambda h: tf.acos(clipped(9 * h)),
        ),
        (tf.atanh, "Atanh", lambda h: tf.atanh(clipped(h))),
        (tf.sqrt, "Sqrt", lambda h: tf.sqrt(tf.maximum(h, 1e-12))),
        (tf.math.rsqrt, "Rsqrt", lambda h: tf.math.rsqrt(tf.maximum(h, 1e-12))),
        (tf.math.log1p, "Log1p", lambda h: tf.math.log1p(tf.maximum(h, -0.999999))),
        (lambda h: h**0.5, "Pow", lambda h: tf.maximum(h, 1e-7) ** 0.5),
    ],
)
def test_ops_that_bear_not_every_number(said, between, op, fix) -> None:
    fitted(Middle(between))
    (text,) = said()
    assert re.search(rf"that made (NaN|infinity) is {op} ", text)
    assert re.search(r"tf\.(maximum|clip_by_value)\(x, ", text)
    assert np.isfinite(fitted(Middle(fix))).all()


@pytest.mark.parametrize("low", [-np.inf, -1e9])
def test_a_mask_that_leaves_nothing(said, low) -> None:
    """A row of -inf has no softmax; one of large numbers has."""
    fitted(Middle(lambda h: tf.nn.softmax(tf.where(h[:, :1] > 0, h, low))))
    text = " ".join(said())
    assert ("Softmax between the layers" in text) == np.isinf(low)
    assert ("for masks use a large number, such as -1e9" in text) == np.isinf(low)


def test_a_mask_is_not_the_cause(said) -> None:
    def masked(h):
        return h * tf.nn.softmax(tf.where(h < tf.reduce_max(h, -1, True), h, -np.inf))

    fitted(Middle(masked), 9 * X, 9 * LINE, K.optimizers.SGD(1.0), epochs=9)
    text = " ".join(said())
    assert "the learning rate 1 is too large" in text
    assert "mask" not in text and "SelectV2" not in text


def test_what_float16_does_not_hold(said) -> None:
    K.mixed_precision.set_global_policy("float16")
    try:
        fitted(network(16), y=1e3 * LINE)
        assert np.isfinite(fitted(network(16))).all()
    finally:
        K.mixed_precision.set_global_policy("float32")
    (text,) = said()
    assert "float16 holds numbers up to 65504 only; scale inputs and targets" in text


def test_the_slope_of_a_root_at_zero() -> None:
    def distance(y, p):
        return tf.norm(y - p, axis=-1)

    def smooth(y, p):
        return tf.sqrt(tf.reduce_sum((y - p) ** 2, axis=-1) + 1e-12)

    model = network(8)
    aims = model(X).numpy()
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        fitted(model, y=aims, loss=distance, on_nan="explain")
    assert "SqrtGrad" in str(caught.value) and "tf.sqrt(x + 1e-12)" in str(caught.value)
    assert np.isfinite(fitted(model, y=aims, loss=smooth, on_nan="explain")).all()


@pytest.mark.parametrize(
    ("model", "x", "text"),
    [
        (lambda: network(8), X * 1e37, "the inputs reach"),
        (
            lambda: network(8, kernel_initializer=K.initializers.Constant(1e38)),
            X,
            "the first weights reach 1e+38 in",
        ),
        (
            lambda: K.Sequential([L.LSTM(8, activation="exponential"), Dense(1)]),
            np.full((64, 30, 4), 40, "float32"),
            "give lstm another activation, or scale what goes in",
        ),
    ],
)
def test_what_overflows_before_the_first_update(said, model, x, text) -> None:
    made = model()
    fitted(made, x, LINE[: len(x)], epochs=1)
    line = said()[-1].replace(made.layers[0].name, "lstm")
    if "NaN" in line or "nan" in line or "inf" in line:
        assert text in line and "learning rate" not in line
    else:
        assert "the inputs go from" in line


class Filled(K.Model):
    """Leaves NaN in its inputs out."""

    def __init__(self):
        super().__init__()
        self.last = Dense(1)

    def call(self, inputs):
        return self.last(tf.where(tf.math.is_finite(inputs), inputs, 0.0))


def known(y, p):
    good = tf.math.is_finite(y)
    return tf.reduce_mean(tf.where(good, tf.where(good, y, 0.0) - p, 0.0) ** 2)


@pytest.mark.parametrize("options", [{}, {"on_nan": "explain"}])
def test_nan_that_a_program_leaves_out(said, options) -> None:
    holes, unknown = X.copy(), LINE.copy()
    holes[::5, 0] = unknown[::3] = np.nan
    assert np.isfinite(fitted(Filled(), holes, **options)).all()
    assert np.isfinite(fitted(network(8), y=unknown, loss=known, **options)).all()
    assert not said()
    fitted(Filled(), y=unknown)
    (line,) = said()
    assert "the targets hold NaN or infinity, 171 of 512" in line


SEQUENCES = RNG.normal(size=(256, 12, 3)).astype("float32")
TOTALS = SEQUENCES.sum((1, 2))


class Recurrent(K.Model):
    """Gives a number for each step."""

    def __init__(self):
        super().__init__()
        self.rows, self.last = L.GRU(8, return_sequences=True), Dense(1)

    def call(self, inputs):
        return self.last(self.rows(inputs))


@pytest.mark.parametrize("form", [TOTALS, TOTALS[:, None]])
@pytest.mark.parametrize(
    "make",
    [
        Recurrent,
        lambda: K.Sequential([L.LSTM(8, return_sequences=True), Dense(1)]),
    ],
)
def test_one_target_for_a_sequence_of_outputs(said, make, form) -> None:
    fitted(make(), SEQUENCES, form)
    (line,) = said()
    want = "(n,)" if form.ndim == 1 else "(n, 1)"
    assert (
        f"targets of shape {want} are stretched over outputs of shape (n, 12, 1)"
        in line
    )


@pytest.mark.parametrize("form", [SEQUENCES.sum(-1), SEQUENCES.sum(-1, keepdims=True)])
def test_a_target_for_each_output(said, form) -> None:
    fitted(Recurrent(), SEQUENCES, form)
    assert not said()


class Raw(K.Model):
    """Ends without activation."""

    def __init__(self, units):
        super().__init__()
        self.first, self.last = Dense(16, "relu"), Dense(units)

    def call(self, inputs):
        return self.last(self.first(inputs))


SIGNS = (LINE[:, 0] > 0).astype("int64")


@pytest.mark.parametrize(
    ("loss", "units", "missing"),
    [
        ("sparse_categorical_crossentropy", 2, "softmax"),
        ("binary_crossentropy", 1, "sigmoid"),
    ],
)
def test_no_probabilities(loss, units, missing) -> None:
    """Known of a model whose layers cannot be listed once it is looked at."""
    model = Raw(units)
    fitted(model, y=SIGNS, loss=loss)
    (found,) = tf.explain.examine(model, X, SIGNS)
    assert found.kind == f"{missing} missing" and "the model gives numbers" in str(
        found
    )
    kind = {
        "softmax": K.losses.SparseCategoricalCrossentropy,
        "sigmoid": K.losses.BinaryCrossentropy,
    }[missing]
    fitted(model, y=SIGNS, loss=kind(from_logits=True))
    assert not tf.explain.examine(model, X, SIGNS)


def test_a_column_that_meets_a_row() -> None:
    def crossed(y, p):
        return tf.reduce_mean((y - tf.squeeze(p, -1)) ** 2)

    def paired(y, p):
        return tf.reduce_mean(
            tf.nn.relu(1 - (y - tf.transpose(y)) * (p - tf.transpose(p)))
        )

    for loss, kinds in ((crossed, ["shapes"]), (paired, [])):
        model = network(8)
        fitted(model, loss=loss)
        found = tf.explain.examine(model, X, LINE)
        assert [each.kind for each in found] == kinds


def residual():
    start = K.Input((8,))
    wide = Dense(16)(start)
    bent = Dense(16, "relu")(Dense(16)(wide))
    return K.Model(start, Dense(1)(L.ReLU()(L.Add()([wide, bent]))))


class Skipping(K.Model):
    """Uses what its first layer gives twice."""

    def __init__(self):
        super().__init__()
        self.first, self.next, self.last = Dense(16), Dense(16), Dense(1)

    def call(self, inputs):
        held = self.first(inputs)
        return self.last(tf.nn.relu(self.next(held)) + held)


def test_layers_without_activation_that_others_use_too() -> None:
    skipping, both = Skipping(), residual()
    for model in (skipping, both):
        fitted(model)
    assert tf.explain.examine(skipping, X, LINE) == []
    # the second and the third of these do follow on each other alone
    (found,) = tf.explain.examine(both, X, LINE)
    assert found.kind == "linear" and both.layers[2].name in found.message


def test_models_made_alike_in_a_loop(said) -> None:
    for rows in np.split(np.arange(512), 4):
        fitted(K.Sequential([Dense(9), Dense(1)]), X[rows], LINE[rows], epochs=1)
    assert len(said()) == 1
    tf.explain.doctor(True)
    fitted(K.Sequential([Dense(9), Dense(1)]), epochs=1)
    assert len(said()) == 2


@pytest.mark.parametrize("spoil", [lambda x: x * 100 + 50, lambda x: x * np.nan])
def test_validation_of_another_kind(said, spoil) -> None:
    fitted(network(16), epochs=4, validation_data=(X, LINE))
    assert not said()
    fitted(network(16), epochs=4, validation_data=(spoil(X), LINE))
    (line,) = said()
    assert "the validation loss is " in line


def test_a_rate_of_zero(said) -> None:
    fitted(network(16), optimizer=K.optimizers.SGD(0.0), epochs=6)
    (line,) = said()
    assert "for the learning rate is 0. Try SGD(learning_rate=0.01)" in line


def test_one_cause_is_enough(said) -> None:
    """Nothing is learned, and why was said."""
    model = K.Sequential([Dense(16, "relu", kernel_initializer="zeros"), Dense(1)])
    fitted(model, y=np.sign(LINE), optimizer=K.optimizers.SGD(1e-9), epochs=6)
    (line,) = said()
    assert "all weights of" in line
