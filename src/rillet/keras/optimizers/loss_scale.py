"""`tf.keras.mixed_precision.LossScaleOptimizer`: steps whose gradients fit in float16.

In: a loss, which is multiplied so that small gradients are no zeros in float16; its
gradients, which are divided again. Out: the inner optimizer's step, or none where a
gradient is not finite. `compile` wraps optimizers under the policy ``mixed_float16``.
Everything is made of ops, so a compiled step holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from rillet.autodiff.tape import GradientTape
from rillet.core.convert import to_tensor
from rillet.core.dtypes import float32, int64
from rillet.core.errors import house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.logger import get_logger
from rillet.core.scopes import init_scope
from rillet.core.variable import Variable
from rillet.keras.optimizers.base import Optimizer, Pairs
from rillet.keras.optimizers.configurations import deserialize, serialize
from rillet.keras.serialization import builtin
from rillet.ops.compare import greater_equal, is_finite, logical_and
from rillet.ops.control import cond
from rillet.ops.elementwise import cast, maximum
from rillet.ops.mask import where
from rillet.ops.reduce import reduce_all

_SCALE: Final = 2.0**15
_GROWTH: Final = 2000
_FORGOTTEN: Final = (
    "LossScaleOptimizer: apply_gradients() was called, but neither get_scaled_loss()"
    " nor get_unscaled_gradients() before it, so the loss was not scaled. Differentiate"
    " opt.get_scaled_loss(loss), and apply opt.get_unscaled_gradients(gradients)."
)
_HALF_FORGOTTEN: Final = (
    "LossScaleOptimizer: %s() was called before apply_gradients(), but not %s(): what"
    " one multiplies the other divides, so call both."
)


class LossScale:
    """A scale that grows while gradients are finite, and shrinks where they are not.

    Args:
        initial: the first scale.
        growth_steps: finite steps in a row after which it doubles.
    """

    def __init__(self, initial: float, growth_steps: int) -> None:
        self.initial = initial
        self.growth_steps = growth_steps
        with init_scope():
            self.scale = Variable(
                initial, trainable=False, dtype=float32, name="current_loss_scale"
            )
            self.good = Variable(0, trainable=False, dtype=int64, name="good_steps")

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        """What a checkpoint follows from here, by tf.keras's names."""
        return {"current_loss_scale": self.scale, "good_steps": self.good}

    def update(self, finite: Any) -> None:
        """Note a step: whether all gradients were finite, a scalar of type bool."""
        scale, good = self.scale.read_value(), self.good.read_value() + 1
        full = greater_equal(good, self.growth_steps)
        grown = scale * 2.0
        grows = logical_and(full, grown < float32.max)
        larger = where(grows, grown, scale)
        smaller = maximum(scale / 2.0, 1.0)
        zero = to_tensor(0, int64)
        self.scale.assign(where(finite, larger, smaller), read_value=False)
        counted = where(logical_and(finite, ~full), good, zero)
        self.good.assign(counted, read_value=False)


@builtin("optimizer", "lossscaleoptimizer", "lossscaleoptimizerv3")
class LossScaleOptimizer(Optimizer):
    """Wraps an optimizer: scales the loss, and leaves steps out that overflow.

    Args:
        inner_optimizer: the optimizer.
        dynamic: whether the scale changes: it doubles after `dynamic_growth_steps`
            finite steps in a row, and halves at each step that is not finite, which is
            left out.
        initial_scale: the first scale, 32768 where None; the scale, where it is not
            dynamic.
        dynamic_growth_steps: see `dynamic`; 2000 where None.

    Raises:
        TypeError: where `inner_optimizer` is no optimizer, or wraps one already.
        ValueError: where the arguments do not fit each other.

    Example:
        >>> import rillet as tf
        >>> inner = tf.keras.optimizers.SGD(0.25)
        >>> opt = tf.keras.mixed_precision.LossScaleOptimizer(inner)
        >>> var = tf.Variable(1.0)
        >>> with tf.GradientTape() as tape:
        ...     scaled = opt.get_scaled_loss(var ** 2)
        >>> grads = opt.get_unscaled_gradients(tape.gradient(scaled, [var]))
        >>> step = opt.apply_gradients(zip(grads, [var]))
        >>> float(scaled), float(var)
        (32768.0, 0.5)
    """

    def __init__(
        self,
        inner_optimizer: Any,
        dynamic: bool = True,
        initial_scale: float | None = None,
        dynamic_growth_steps: int | None = None,
        **kwargs: Any,
    ) -> None:
        # Everything else is the inner optimizer's: see `__getattr__`.
        _check(inner_optimizer, dynamic, initial_scale, dynamic_growth_steps, kwargs)
        space = self.__dict__
        space["_optimizer"] = inner_optimizer
        inner_optimizer.__dict__["_is_wrapped_by_loss_scale_optimizer"] = True
        space["_called"] = set()
        if dynamic:
            first = _SCALE if initial_scale is None else float(initial_scale)
            steps = _GROWTH if dynamic_growth_steps is None else dynamic_growth_steps
            space["_loss_scale"] = LossScale(first, int(steps))
        else:
            assert initial_scale is not None
            space["_loss_scale"] = float(initial_scale)

    def __getattr__(self, name: str) -> Any:
        inner = self.__dict__.get("_optimizer")
        if inner is None or name.startswith("__"):
            raise AttributeError(name)
        return getattr(inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["_optimizer"], name, value)

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.__dict__.update(kept)

    @property
    def inner_optimizer(self) -> Any:
        """The optimizer that makes the steps."""
        return self.__dict__["_optimizer"]

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's rate."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def dynamic(self) -> bool:
        """Whether the scale changes."""
        return isinstance(self.__dict__["_loss_scale"], LossScale)

    @property
    def loss_scale(self) -> Any:
        """The scale now: a scalar tensor of type float32."""
        held = self.__dict__["_loss_scale"]
        if isinstance(held, LossScale):
            return held.scale.read_value()
        return to_tensor(held, float32)

    @property
    def dynamic_counter(self) -> Variable | None:
        """The finite steps in a row so far, a variable; None where not dynamic."""
        held = self.__dict__["_loss_scale"]
        return held.good if isinstance(held, LossScale) else None

    @property
    def initial_scale(self) -> float:
        """The scale at first."""
        held = self.__dict__["_loss_scale"]
        return float(held.initial if isinstance(held, LossScale) else held)

    @property
    def dynamic_growth_steps(self) -> int | None:
        """Finite steps in a row after which the scale doubles; None if not dynamic."""
        held = self.__dict__["_loss_scale"]
        return held.growth_steps if isinstance(held, LossScale) else None

    def get_scaled_loss(self, loss: Any) -> Any:
        """A loss times the scale.

        Args:
            loss: a tensor; or a function that gives one, for which a function is given.
        """
        self.__dict__["_called"].add("get_scaled_loss")
        if not callable(loss):
            return self._scaled(loss)
        compute: Callable[[], Any] = loss
        return lambda: self._scaled(compute())

    def _scaled(self, loss: Any) -> Any:
        tensor = to_tensor(loss)
        return tensor * cast(self.loss_scale, tensor.dtype)

    def get_unscaled_gradients(self, grads: Iterable[Any]) -> list[Any]:
        """Gradients of a scaled loss, divided by the scale; None stays None."""
        self.__dict__["_called"].add("get_unscaled_gradients")
        factor = 1.0 / self.loss_scale
        return [None if g is None else _times(g, factor) for g in grads]

    def compute_gradients(
        self, loss: Any, var_list: Any, tape: GradientTape | None = None
    ) -> list[tuple[Any, Variable]]:
        """The gradients of a loss, which is scaled on the way; see `Optimizer`."""
        if callable(loss):
            loss = self.get_scaled_loss(loss)
        elif tape is not None:
            with tape:
                loss = self.get_scaled_loss(loss)
        pairs = self.inner_optimizer.compute_gradients(loss, var_list, tape)
        grads = self.get_unscaled_gradients([g for g, _ in pairs])
        return list(zip(grads, [v for _, v in pairs], strict=True))

    def apply_gradients(
        self,
        grads_and_vars: Pairs,
        name: str | None = None,
        skip_gradients_aggregation: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Make one step of the inner optimizer, or none where it would overflow.

        Args:
            grads_and_vars: pairs of an unscaled gradient and its variable.
            name: ignored when eager.
            skip_gradients_aggregation: ignored; there is one replica.
            **kwargs: `experimental_aggregate_gradients`, ignored.

        Returns:
            The number of steps, `iterations`, those left out among them.

        Raises:
            ValueError: where no variable has a gradient.
        """
        self._warn()
        inner = self.inner_optimizer
        pairs = list(grads_and_vars)
        with init_scope():
            inner.build([v for _, v in pairs])
        held = self.__dict__["_loss_scale"]
        if not isinstance(held, LossScale):
            return inner.apply_gradients(pairs, **kwargs)
        finite = _finite([g for g, _ in pairs if g is not None])
        held.update(finite)

        def apply() -> Any:
            inner.apply_gradients(pairs, **kwargs)
            return to_tensor(True)

        def leave_out() -> Any:
            inner.iterations.assign_add(1)
            return to_tensor(False)

        cond(finite, apply, leave_out)
        return inner.iterations

    def _warn(self) -> None:
        """Say once where the loss was not scaled, or its gradients not divided."""
        called = self.__dict__["_called"]
        if "warned" in called:
            return
        both = {"get_scaled_loss", "get_unscaled_gradients"}
        if not called & both:
            get_logger().warning(_FORGOTTEN)
        elif not called >= both:
            (done,), (lacks,) = called & both, both - called
            get_logger().warning(_HALF_FORGOTTEN, done, lacks)
        called.add("warned")

    def build(self, var_list: Iterable[Variable]) -> None:
        """Make what the inner optimizer keeps for each variable."""
        self.inner_optimizer.build(var_list)

    def update_step(self, gradient: Any, variable: Variable) -> None:
        """Change one variable by its gradient, as the inner optimizer does."""
        self.inner_optimizer.update_step(gradient, variable)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Put the moving averages in the variables' place."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def exclude_from_weight_decay(
        self, var_list: Any = None, var_names: Any = None
    ) -> None:
        """Name variables that the inner optimizer's weight decay leaves alone."""
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        """What a checkpoint follows: the inner optimizer's parts, and the scale."""
        found = dict(self.inner_optimizer._trackable_children(**kwargs))
        if self.dynamic:
            found["loss_scale"] = self.__dict__["_loss_scale"]
        return found

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            "inner_optimizer": serialize(self.inner_optimizer),
            "dynamic": self.dynamic,
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> LossScaleOptimizer:
        """An optimizer from what `get_config` gave."""
        # Keras 3 says a name as well.
        given = {k: v for k, v in config.items() if k != "name"}
        inner = given.pop("inner_optimizer")
        if not isinstance(inner, Optimizer):
            inner = deserialize(inner, custom_objects)
        return cls(inner, **given)


def _check(
    inner: Any, dynamic: Any, scale: Any, steps: Any, kwargs: dict[str, Any]
) -> None:
    """Raise where the arguments do not fit."""
    if kwargs:
        raise TypeError(_worded("unknown arguments", f"{sorted(kwargs)}"))
    if not isinstance(inner, Optimizer):
        raise TypeError(
            _worded(
                '"inner_optimizer" must be an instance of `tf.keras.optimizers'
                ".Optimizer`",
                f"got {inner!r}",
            )
        )
    if isinstance(inner, LossScaleOptimizer):
        raise TypeError(
            _worded(
                "LossScaleOptimizer cannot wrap another LossScaleOptimizer",
                f"got {inner!r}",
            )
        )
    if inner.__dict__.get("_is_wrapped_by_loss_scale_optimizer"):
        raise ValueError(
            _worded('"inner_optimizer" is already wrapped by a LossScaleOptimizer')
        )
    if not isinstance(dynamic, bool):
        raise TypeError(_worded('"dynamic" must be a bool', f"got {dynamic!r}"))
    if dynamic:
        return
    if scale is None:
        raise ValueError(
            _worded('"initial_scale" must be specified if "dynamic" is False')
        )
    if steps is not None:
        raise ValueError(
            _worded(
                '"dynamic_growth_steps" must be None if "dynamic" is False',
                f"got {steps}",
            )
        )


def _worded(rule: str, values: str = "") -> str:
    return house_message("LossScaleOptimizer", rule, values)


def _times(grad: Any, factor: Any) -> Any:
    if isinstance(grad, IndexedSlices):
        values = grad.values * cast(factor, grad.values.dtype)
        return IndexedSlices(values, grad.indices, grad.dense_shape)
    return grad * cast(factor, grad.dtype)


def _finite(grads: list[Any]) -> Any:
    """Whether all elements of all gradients are finite, a scalar of type bool."""
    found = to_tensor(True)
    for grad in grads:
        values = grad.values if isinstance(grad, IndexedSlices) else grad
        found = logical_and(found, reduce_all(is_finite(values)))
    return found


def scaled_for(optimizer: Any, policy: str) -> Any:
    """An optimizer for a model of a dtype policy: ``mixed_float16`` scales losses.

    Args:
        optimizer: the optimizer.
        policy: the policy's name.
    """
    if policy != "mixed_float16" or not isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, LossScaleOptimizer):
        return optimizer
    return LossScaleOptimizer(optimizer)
