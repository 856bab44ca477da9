"""Rows of the recurrent layers and of the wrappers of layers."""

import numpy as np
from layer_runs import Row, numbers

X = numbers(2, 4, 3)
MASK = np.array([[True, False, True, True], [True, True, True, False]])
FRAMES = numbers(2, 3, 4, 4, 2)
H, C = numbers(2, 2, start=5) * 0.5, numbers(2, 2, start=50) * 0.5
TRAIN = {"training": True}


def cells(k, *units):
    """LSTM cells to stack."""
    return [k.LSTMCell(u, name=f"cell{u}") for u in units]


ROWS = {
    "simple": Row(lambda k: k.SimpleRNN(2, name="layer"), X),
    "simple all": Row(
        lambda k: k.SimpleRNN(
            2,
            activation="relu",
            use_bias=False,
            kernel_regularizer="l2",
            recurrent_regularizer="l1",
            return_sequences=True,
            return_state=True,
            go_backwards=True,
            name="layer",
        ),
        X,
        {"mask": MASK},
    ),
    "simple dropout": Row(
        lambda k: k.SimpleRNN(
            2, dropout=0.4, recurrent_dropout=0.3, unroll=True, name="layer"
        ),
        X,
        TRAIN,
    ),
    "lstm": Row(lambda k: k.LSTM(2, name="layer"), X),
    "lstm sequences": Row(
        lambda k: k.LSTM(2, return_sequences=True, return_state=True, name="layer"), X
    ),
    "lstm masked": Row(
        lambda k: k.LSTM(2, return_sequences=True, return_state=True, name="layer"),
        X,
        {"mask": MASK},
    ),
    "lstm masked last": Row(lambda k: k.LSTM(2, name="layer"), X, {"mask": MASK}),
    "lstm backwards": Row(
        lambda k: k.LSTM(
            2,
            activation="relu",
            recurrent_activation="hard_sigmoid",
            use_bias=False,
            go_backwards=True,
            return_sequences=True,
            name="layer",
        ),
        X,
        {"mask": MASK},
    ),
    "lstm other": Row(
        lambda k: k.LSTM(
            3,
            unit_forget_bias=False,
            implementation=1,
            bias_regularizer="l2",
            activity_regularizer="l2",
            kernel_constraint="max_norm",
            name="layer",
        ),
        X,
    ),
    "lstm state given": Row(
        lambda k: k.LSTM(2, name="layer"),
        X,
        {"initial_state": [H, C]},
        shape=False,
    ),
    "lstm stateful": Row(
        lambda k: k.LSTM(2, stateful=True, batch_input_shape=(2, 4, 3), name="layer"),
        X,
        warm=2,
    ),
    "lstm time major": Row(
        lambda k: k.LSTM(2, time_major=True, return_sequences=True, name="layer"), X
    ),
    "lstm dropout": Row(lambda k: k.LSTM(2, dropout=0.4, name="layer"), X, TRAIN),
    "lstm dropouts": Row(
        lambda k: k.LSTM(2, dropout=0.4, recurrent_dropout=0.3, name="layer"), X, TRAIN
    ),
    "lstm dropouts apart": Row(
        lambda k: k.LSTM(
            2, dropout=0.4, recurrent_dropout=0.3, implementation=1, name="layer"
        ),
        X,
        TRAIN,
    ),
    "gru": Row(lambda k: k.GRU(2, name="layer"), X),
    "gru masked": Row(
        lambda k: k.GRU(2, return_sequences=True, return_state=True, name="layer"),
        X,
        {"mask": MASK},
    ),
    "gru before": Row(
        lambda k: k.GRU(2, reset_after=False, return_sequences=True, name="layer"), X
    ),
    "gru before apart": Row(
        lambda k: k.GRU(
            2,
            reset_after=False,
            implementation=1,
            dropout=0.3,
            recurrent_dropout=0.3,
            name="layer",
        ),
        X,
        TRAIN,
    ),
    "gru backwards": Row(
        lambda k: k.GRU(
            2, go_backwards=True, return_sequences=True, use_bias=False, name="layer"
        ),
        X,
    ),
    "gru dropouts": Row(
        lambda k: k.GRU(2, dropout=0.4, recurrent_dropout=0.3, name="layer"), X, TRAIN
    ),
    "gru apart": Row(
        lambda k: k.GRU(
            2, recurrent_dropout=0.3, implementation=1, unroll=True, name="layer"
        ),
        X,
        TRAIN,
    ),
    "gru dropout": Row(lambda k: k.GRU(2, dropout=0.4, name="layer"), X, TRAIN),
    "gru stateful": Row(
        lambda k: k.GRU(
            2,
            stateful=True,
            return_state=True,
            batch_input_shape=(2, 4, 3),
            name="layer",
        ),
        X,
        warm=1,
    ),
    "rnn": Row(
        lambda k: k.RNN(
            k.SimpleRNNCell(2, name="cell"), return_sequences=True, name="layer"
        ),
        X,
        {"mask": MASK},
    ),
    "rnn stacked": Row(
        lambda k: k.RNN(
            cells(k, 3, 2), return_sequences=True, return_state=True, name="layer"
        ),
        X,
    ),
    "rnn stacked cells": Row(
        lambda k: k.RNN(
            k.StackedRNNCells(
                [k.GRUCell(3, name="a"), k.SimpleRNNCell(2, name="b")], name="cells"
            ),
            name="layer",
        ),
        X,
        {"mask": MASK},
    ),
    "rnn lstm cell": Row(
        lambda k: k.RNN(
            k.LSTMCell(2, dropout=0.3, recurrent_dropout=0.2, name="cell"),
            go_backwards=True,
            unroll=True,
            name="layer",
        ),
        X,
        TRAIN,
    ),
    "bidirectional": Row(
        lambda k: k.Bidirectional(k.LSTM(2, name="lstm"), name="layer"), X
    ),
    "bidirectional masked": Row(
        lambda k: k.Bidirectional(
            k.GRU(2, return_sequences=True, name="gru"), merge_mode="sum", name="layer"
        ),
        X,
        {"mask": MASK},
    ),
    "bidirectional apart": Row(
        lambda k: k.Bidirectional(
            k.LSTM(2, return_sequences=True, return_state=True, name="lstm"),
            merge_mode=None,
            name="layer",
        ),
        X,
    ),
    "bidirectional two": Row(
        lambda k: k.Bidirectional(
            k.LSTM(2, name="lstm"),
            backward_layer=k.GRU(2, go_backwards=True, name="gru"),
            merge_mode="mul",
            name="layer",
        ),
        X,
    ),
    "bidirectional mean": Row(
        lambda k: k.Bidirectional(
            k.SimpleRNN(2, return_sequences=True, name="rnn"),
            merge_mode="ave",
            name="layer",
        ),
        X,
    ),
    "time": Row(lambda k: k.TimeDistributed(k.Dense(2, name="dense"), name="layer"), X),
    "time masked": Row(
        lambda k: k.TimeDistributed(k.Dense(2, "relu", name="dense"), name="layer"),
        X,
        {"mask": MASK},
    ),
    "time rnn": Row(
        lambda k: k.TimeDistributed(k.LSTM(2, name="lstm"), name="layer"),
        numbers(2, 3, 4, 2),
    ),
    "conv lstm": Row(
        lambda k: k.ConvLSTM2D(2, 3, padding="same", name="layer"), FRAMES
    ),
    "conv lstm all": Row(
        lambda k: k.ConvLSTM2D(
            2,
            (2, 3),
            strides=(2, 1),
            recurrent_activation="sigmoid",
            unit_forget_bias=False,
            return_sequences=True,
            return_state=True,
            go_backwards=True,
            name="layer",
        ),
        FRAMES,
    ),
    "conv lstm 1": Row(
        lambda k: k.ConvLSTM1D(2, 2, dilation_rate=2, use_bias=False, name="layer"),
        numbers(2, 3, 5, 2),
    ),
    "conv lstm 3": Row(
        lambda k: k.ConvLSTM3D(1, 2, return_sequences=True, name="layer"),
        numbers(1, 2, 3, 3, 3, 2),
    ),
    "conv lstm masked": Row(
        lambda k: k.ConvLSTM2D(1, 2, return_sequences=True, name="layer"),
        FRAMES,
        {"mask": MASK[:, :3]},
    ),
    "conv lstm dropout": Row(
        lambda k: k.ConvLSTM2D(1, 2, dropout=0.3, recurrent_dropout=0.4, name="layer"),
        FRAMES,
        TRAIN,
    ),
}
