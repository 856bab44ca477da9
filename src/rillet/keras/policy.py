"""Dtype policies: in which type a layer computes, and in which it keeps its weights.

In: a name (``float32``, ``mixed_bfloat16``) or a `Policy`. Out: the `Policy` of a
layer. `base_layer` calls it; `keras.mixed_precision` is its public namespace.
"""

from __future__ import annotations

from typing import Any

from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.keras.call_context import calls
from rillet.keras.settings import floatx
from rillet.ops.elementwise import cast

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}

_global: Policy | None = None


class Policy:
    """In which type a layer computes and in which it keeps its weights.

    Args:
        name: a dtype's name for both, or ``"mixed_float16"`` or ``"mixed_bfloat16"``:
            16-bit computations on float32 weights.

    Example:
        >>> Policy("mixed_bfloat16").compute_dtype
        'bfloat16'
    """

    def __init__(self, name: Any) -> None:
        if isinstance(name, DType):
            name = name.name
        if not isinstance(name, str):
            raise TypeError(
                house_message(
                    "Policy",
                    "'name' must be a string, such as 'mixed_float16'",
                    f"got {name!r}",
                )
            )
        self._name = name
        if name in _MIXED:
            self._compute: str | None = _MIXED[name]
            self._variable: str | None = "float32"
        elif name == "_infer":
            self._compute = self._variable = None
        else:
            try:
                self._compute = self._variable = as_dtype(name).name
            except TypeError:
                raise ValueError(
                    house_message(
                        "Policy",
                        "the name is no dtype and no mixed policy",
                        f"got {name!r}",
                        "Name a dtype, 'mixed_float16' or 'mixed_bfloat16'",
                    )
                ) from None

    @property
    def name(self) -> str:
        """The policy's name."""
        return self._name

    @property
    def compute_dtype(self) -> str | None:
        """The type that layers compute in."""
        return self._compute

    @property
    def variable_dtype(self) -> str | None:
        """The type that weights are kept in."""
        return self._variable

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal policy."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Policy:
        """The policy that `config` describes."""
        return cls(config["name"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and other._name == self._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<Policy "{self._name}">'


def global_policy() -> Policy:
    """The policy of layers that are given none; Keras's float type where unset."""
    return _global if _global is not None else Policy(floatx())


def set_global_policy(policy: Any) -> None:
    """Choose the policy of layers made from now on; None for Keras's float type."""
    global _global
    found = None if policy is None else as_policy(policy)
    if found is not None and found.compute_dtype is not None:
        if not as_dtype(found.compute_dtype).is_floating:
            raise ValueError(
                house_message(
                    "set_global_policy",
                    "the global policy can only be a floating type or mixed",
                    f"got {found.name!r}",
                )
            )
    _global = found


def as_policy(dtype: Any) -> Policy:
    """The policy that a layer's `dtype` argument means."""
    if dtype is None:
        return global_policy()
    if isinstance(dtype, Policy):
        return dtype
    if isinstance(dtype, dict):
        return Policy.from_config(dtype.get("config", dtype))
    if isinstance(dtype, str) and (dtype in _MIXED or dtype == "_infer"):
        return Policy(dtype)
    return Policy(as_dtype(dtype).name)


class AutoCastVariable(Variable):
    """A float32 weight that reads as the 16-bit type of the layer being called."""

    def _dense_tensor(self) -> Tensor:
        tensor = super()._dense_tensor()
        wanted = calls.autocast
        if wanted is None or wanted is tensor.dtype:
            return tensor
        return cast(tensor, wanted)
