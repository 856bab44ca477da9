"""What every optimizer is told at its making, checked and kept."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from rillet.core.dtypes import int64
from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.core.variable import Variable
from rillet.keras.optimizers.accumulating import Accumulator, checked_steps
from rillet.ops.filling import zeros

_OLD = ("lr", "decay", "is_legacy_optimizer")
_FORMER = ("gradient_aggregator", "gradient_transformers")


class Settings:
    """The settings of an optimizer; see `Optimizer` for the arguments."""

    def __init__(
        self,
        name: str,
        weight_decay: float | None = 0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        jit_compile: bool = True,
        **kwargs: Any,
    ) -> None:
        self.name = name
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.jit_compile = False
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self._check_settings()
        self._clips = bool(clipnorm or clipvalue or global_clipnorm)
        self._trained: list[Variable] = []
        self._index_dict: dict[int, int] = {}
        self._model_variables_moving_average: list[Variable] = []
        self._excluded: tuple[set[int], list[str]] = (set(), [])
        steps = kwargs.pop("gradient_accumulation_steps", None)
        self.gradient_accumulation_steps = checked_steps(type(self).__name__, steps)
        self._accumulator: Accumulator | None = None
        self._take_old_arguments(kwargs)
        self._iterations = Variable(
            zeros((), int64), trainable=False, name="iteration", dtype=int64
        )
        self._variables: list[Variable] = [self._iterations]

    def _check_settings(self) -> None:
        owner = type(self).__name__
        for key in ("clipnorm", "clipvalue", "global_clipnorm"):
            value = getattr(self, key)
            if value is not None and value < 0:
                raise ValueError(
                    house_message(owner, f"`{key}` cannot be negative", f"got {value}")
                )
        if self.clipnorm is not None and self.global_clipnorm is not None:
            raise ValueError(
                house_message(
                    owner,
                    "At most one of `clipnorm` and `global_clipnorm` can be set",
                    f"clipnorm={self.clipnorm}, global_clipnorm={self.global_clipnorm}",
                )
            )
        if not self.use_ema:
            return
        if not 0 <= self.ema_momentum <= 1:
            raise ValueError(
                house_message(
                    owner,
                    "`ema_momentum` must be in the range [0, 1]",
                    f"ema_momentum={self.ema_momentum}",
                )
            )
        every = self.ema_overwrite_frequency
        if every and (not isinstance(every, int) or every < 1):
            raise ValueError(
                house_message(
                    owner,
                    "`ema_overwrite_frequency` must be an integer > 1 or None",
                    f"ema_overwrite_frequency={every}",
                )
            )

    def _take_old_arguments(self, kwargs: dict[str, Any]) -> None:
        """`lr` and `decay` of programs from before Keras 2.11; others are refused."""
        owner = type(self).__name__
        self._given_rate = kwargs.get("lr")
        self._rate_decay = float(kwargs.get("decay") or 0.0)
        for key in kwargs:
            if key in _FORMER:
                raise ValueError(
                    house_message(
                        owner, f"{key} is deprecated in the new Keras optimizer"
                    )
                )
            if key not in _OLD:
                known = [
                    "learning_rate",
                    "weight_decay",
                    "clipnorm",
                    "clipvalue",
                    "global_clipnorm",
                    "use_ema",
                    "ema_momentum",
                    "momentum",
                    "nesterov",
                    "rho",
                    "epsilon",
                    "beta_1",
                    "beta_2",
                    "name",
                ]
                near = difflib.get_close_matches(key, known, 1, 0.6)
                raise TypeError(
                    house_message(
                        owner,
                        f"{key} is not a valid argument",
                        f"{key}={kwargs[key]!r}",
                        f"Did you mean {near[0]}?" if near else "",
                    )
                )
        if self._given_rate is not None:
            get_logger().warning(
                "%s: `lr` is deprecated, use `learning_rate`; it is taken as such.",
                owner,
            )

    def _exclude(
        self, var_list: Iterable[Variable] | None, var_names: Iterable[str] | None
    ) -> None:
        cells, patterns = self._excluded
        cells.update(id(v._cell) for v in var_list or ())
        patterns.extend(var_names or ())

    def _use_weight_decay(self, variable: Variable) -> bool:
        """Whether `weight_decay` applies to a variable."""
        cells, patterns = self._excluded
        if id(variable._cell) in cells:
            return False
        return not any(re.search(p, variable.name) for p in patterns)

    def _shared_config(self) -> dict[str, Any]:
        config: dict[str, Any] = {
            "name": self.name,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "jit_compile": self.jit_compile,
            "is_legacy_optimizer": False,
        }
        if self._rate_decay:
            config["decay"] = self._rate_decay
        if self.gradient_accumulation_steps:
            config["gradient_accumulation_steps"] = self.gradient_accumulation_steps
        return config
