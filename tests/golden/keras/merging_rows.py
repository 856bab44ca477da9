"""Rows of the merging layers and of attention."""

import numpy as np
from layer_runs import Row, numbers

A, B, C = numbers(2, 3, 4), numbers(2, 3, 4, start=30), numbers(2, 3, 4, start=61)
Q, V, K = numbers(2, 3, 4), numbers(2, 5, 4, start=17), numbers(2, 5, 4, start=71)
Q_MASK = np.array([[True, True, False], [True, False, True]])
V_MASK = np.array([[True, True, False, True, False], [True, False, True, True, True]])
PAIRS = np.tril(np.ones((2, 3, 5), bool), 1)

ROWS = {
    "add": Row(lambda k: k.Add(name="layer"), [A, B, C]),
    "add ranks": Row(lambda k: k.Add(name="layer"), [A, B[:, :1]]),
    "subtract": Row(lambda k: k.Subtract(name="layer"), [A, B]),
    "multiply": Row(lambda k: k.Multiply(name="layer"), [A, B, C]),
    "average": Row(lambda k: k.Average(name="layer"), [A, B, C]),
    "maximum": Row(lambda k: k.Maximum(name="layer"), [A, B, C]),
    "minimum": Row(lambda k: k.Minimum(name="layer"), [A, B]),
    "concatenate": Row(lambda k: k.Concatenate(name="layer"), [A, B[..., :2]]),
    "concatenate steps": Row(
        lambda k: k.Concatenate(axis=1, name="layer"), [A, B[:, :2], C]
    ),
    "dot": Row(lambda k: k.Dot(axes=1, name="layer"), [A[:, 0], B[:, 0]]),
    "dot ranks": Row(lambda k: k.Dot(axes=(2, 1), name="layer"), [A, B[:, 0]]),
    "dot matrices": Row(lambda k: k.Dot(axes=2, name="layer"), [A, V]),
    "dot normal": Row(
        lambda k: k.Dot(axes=(2, 2), normalize=True, name="layer"), [A, V]
    ),
    "dot first": Row(lambda k: k.Dot(axes=(1, 1), name="layer"), [A, B[:, :, :2]]),
    "attention": Row(lambda k: k.Attention(name="layer"), [Q, V]),
    "attention scaled": Row(
        lambda k: k.Attention(use_scale=True, name="layer"),
        [Q, V, K],
        {"return_attention_scores": True},
        shape=False,
    ),
    "attention concat": Row(
        lambda k: k.Attention(use_scale=True, score_mode="concat", name="layer"),
        [Q, V, K],
    ),
    "attention masked": Row(
        lambda k: k.Attention(name="layer"), [Q, V], {"mask": [Q_MASK, V_MASK]}
    ),
    "attention causal": Row(
        lambda k: k.Attention(name="layer"),
        [A, B, C],
        {"use_causal_mask": True, "mask": [None, Q_MASK]},
    ),
    "attention dropout": Row(
        lambda k: k.Attention(dropout=0.5, name="layer"), [Q, V], {"training": True}
    ),
    "additive": Row(lambda k: k.AdditiveAttention(name="layer"), [Q, V]),
    "additive masked": Row(
        lambda k: k.AdditiveAttention(use_scale=False, name="layer"),
        [Q, V, K],
        {"mask": [Q_MASK, V_MASK], "return_attention_scores": True},
        shape=False,
    ),
    "heads": Row(
        lambda k: k.MultiHeadAttention(2, 3, name="layer"),
        Q,
        {"value": V},
        shape=False,
    ),
    "heads scores": Row(
        lambda k: k.MultiHeadAttention(
            2, 3, value_dim=2, use_bias=False, output_shape=5, name="layer"
        ),
        Q,
        {"value": V, "key": K, "return_attention_scores": True},
        shape=False,
    ),
    "heads masked": Row(
        lambda k: k.MultiHeadAttention(
            1, 2, kernel_regularizer="l2", bias_initializer="ones", name="layer"
        ),
        Q,
        {"value": V, "attention_mask": PAIRS},
        shape=False,
    ),
    "heads causal": Row(
        lambda k: k.MultiHeadAttention(2, 2, name="layer"),
        A,
        {"value": A, "use_causal_mask": True},
        shape=False,
    ),
    "heads axes": Row(
        lambda k: k.MultiHeadAttention(
            2, 2, attention_axes=(1, 2), output_shape=(3,), name="layer"
        ),
        numbers(2, 2, 3, 4),
        {"value": numbers(2, 2, 2, 4)},
        shape=False,
    ),
    "heads one axis": Row(
        lambda k: k.MultiHeadAttention(2, 2, attention_axes=2, name="layer"),
        numbers(2, 2, 3, 4),
        {"value": numbers(2, 2, 2, 4)},
        shape=False,
    ),
    "heads dropout": Row(
        lambda k: k.MultiHeadAttention(2, 2, dropout=0.4, name="layer"),
        Q,
        {"value": V, "training": True},
        shape=False,
    ),
    "einsum": Row(
        lambda k: k.EinsumDense("ab,bc->ac", 4, bias_axes="c", name="layer"),
        numbers(3, 5),
    ),
    "einsum steps": Row(
        lambda k: k.EinsumDense(
            "abc,cd->abd", (None, 3), "relu", bias_axes="d", name="layer"
        ),
        numbers(2, 3, 4),
        shape=False,
    ),
    "einsum dots": Row(
        lambda k: k.EinsumDense("...x,xy->...y", 3, bias_axes="y", name="layer"),
        numbers(2, 3, 4),
    ),
    "einsum dots last": Row(
        lambda k: k.EinsumDense(
            "ax...,xy->ay...",
            (3,),
            kernel_regularizer="l2",
            name="layer",
        ),
        numbers(2, 4, 2),
    ),
    "einsum two": Row(
        lambda k: k.EinsumDense(
            "abc,cde->abde", (None, 2, 3), bias_axes="de", name="layer"
        ),
        numbers(2, 3, 4),
        shape=False,
    ),
}
