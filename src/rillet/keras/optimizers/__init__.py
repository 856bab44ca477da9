"""`tf.keras.optimizers`: how training changes weights.

In: gradients and variables. Out: the variables' next values. `compile` calls `get`.
"""

from __future__ import annotations

from typing import Any

from rillet.core import missing as _missing
from rillet.core.errors import house_message as _house_message
from rillet.keras.optimizers import legacy as legacy
from rillet.keras.optimizers import schedules as schedules
from rillet.keras.optimizers.adam import Adam as Adam
from rillet.keras.optimizers.adam import AdamW as AdamW
from rillet.keras.optimizers.adam_kin import Adamax as Adamax
from rillet.keras.optimizers.adam_kin import Nadam as Nadam
from rillet.keras.optimizers.adaptive import Adadelta as Adadelta
from rillet.keras.optimizers.adaptive import Adagrad as Adagrad
from rillet.keras.optimizers.adaptive import Ftrl as Ftrl
from rillet.keras.optimizers.base import Optimizer as Optimizer
from rillet.keras.optimizers.configurations import deserialize as deserialize
from rillet.keras.optimizers.configurations import serialize as serialize
from rillet.keras.optimizers.economical import Adafactor as Adafactor
from rillet.keras.optimizers.economical import Lion as Lion
from rillet.keras.optimizers.gradient_descent import SGD as SGD
from rillet.keras.optimizers.rmsprop import RMSprop as RMSprop

_missing.watch(__name__, ("legacy", "schedules"))


def get(identifier: Any, **kwargs: Any) -> Any:
    """The optimizer that `identifier` stands for.

    Args:
        identifier: a name in any case such as ``"adam"``, a configuration or an
            instance.
        **kwargs: `use_legacy_optimizer`, ignored.

    Returns:
        An optimizer.

    Raises:
        ValueError: where nothing has that name.

    Example:
        >>> get("RMSprop").get_config()["rho"]
        0.9
    """
    kwargs.pop("use_legacy_optimizer", None)
    if kwargs:
        raise TypeError(
            _house_message("optimizers.get", "Invalid keyword arguments", f"{kwargs}")
        )
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        return deserialize({"class_name": identifier, "config": {}})
    if isinstance(identifier, dict):
        return deserialize(identifier)
    fix = "Give a name such as 'adam', or an instance"
    if isinstance(identifier, type):
        fix = f"Did you forget the parentheses, {identifier.__name__}()?"
    elif hasattr(identifier, "apply_gradients"):
        return identifier
    raise ValueError(
        _house_message(
            "optimizers.get",
            "Could not interpret optimizer identifier",
            f"{identifier!r} of type {type(identifier).__name__}",
            fix,
        )
    )
