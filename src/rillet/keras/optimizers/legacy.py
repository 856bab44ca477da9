"""`tf.keras.optimizers.legacy`: the optimizers as they were before Keras 2.11.

The same updates under the older arguments (`lr`, `decay`), with epsilon outside the
root where they had it there, and the base class that older programs derive from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.variable import Variable
from rillet.keras.optimizers import adam, adam_kin, adaptive, gradient_descent, rmsprop
from rillet.keras.optimizers.base import Optimizer as _Optimizer
from rillet.keras.optimizers.legacy_state import FormerState, one_by_one
from rillet.keras.optimizers.schedules import LearningRateSchedule
from rillet.keras.serialization import builtin
from rillet.ops.elementwise import cast
from rillet.ops.registry import Op
from rillet.ops.updates import descend_op

__all__ = [
    "Adadelta",
    "Adagrad",
    "Adam",
    "Adamax",
    "Ftrl",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "SGD",
]

_state = context.state


class Optimizer(_Optimizer):
    """The base class of older programs' own optimizers, `OptimizerV2`.

    Subclasses make slots in `_create_slots` and change a variable in
    `_resource_apply_dense`, and in `_resource_apply_sparse` where rows have gradients.

    Args:
        name: the optimizer's name.
        gradient_aggregator: ignored; there is one replica.
        gradient_transformers: functions from pairs of gradients and variables to pairs.
        **kwargs: `lr`, `decay`, `clipnorm`, `clipvalue`, `global_clipnorm`.
    """

    def __init__(
        self,
        name: str,
        gradient_aggregator: Any = None,
        gradient_transformers: Iterable[Callable[..., Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        self._hyper: dict[str, Any] = {}
        self._slot_table: dict[int, dict[str, Variable]] = {}
        self.gradient_transformers = list(gradient_transformers or ())
        decay = kwargs.pop("decay", 0.0)
        rate = kwargs.pop("lr", None)
        super().__init__(name=name, **kwargs)
        self._initial_decay = decay
        self._set_hyper("decay", decay)
        if rate is not None:
            self._set_hyper("learning_rate", rate)

    def _set_hyper(self, name: str, value: Any) -> None:
        """Set a setting; one that is a variable is assigned."""
        held = self._hyper.get(name)
        if isinstance(held, Variable) and not callable(value):
            held.assign(cast(value, held.dtype))
        elif name == "learning_rate":
            self._given_rate = None
            self._hyper[name] = self._learning_rate = self._build_learning_rate(value)
        else:
            self._hyper[name] = value

    def _get_hyper(self, name: str, dtype: Any = None) -> Any:
        """A setting; called where it is a function, of type `dtype` where given."""
        value = self._hyper[name]
        if isinstance(value, LearningRateSchedule):
            return value
        if callable(value) and not isinstance(value, Variable):
            value = value()
        return value if dtype is None else cast(value, dtype)

    def _serialize_hyperparameter(self, hyperparameter_name: Any) -> Any:
        if isinstance(hyperparameter_name, str):
            hyperparameter_name = self._hyper[hyperparameter_name]
        return super()._serialize_hyperparameter(hyperparameter_name)

    def _decayed_lr(self, var_dtype: Any) -> Any:
        """The learning rate of this step in a type."""
        rate = self._get_hyper("learning_rate")
        if isinstance(rate, LearningRateSchedule):
            rate = rate(self._iterations)
        rate = cast(rate, var_dtype)
        if self._initial_decay > 0.0:
            steps = cast(self._iterations, var_dtype)
            rate = rate / (1.0 + cast(self._get_hyper("decay"), var_dtype) * steps)
        return rate

    def add_slot(
        self,
        var: Variable,
        slot_name: str,
        initializer: Any = "zeros",
        shape: Any = None,
    ) -> Variable:
        """Make a slot of a variable, or give the one of that name."""
        table = self._slot_table.setdefault(id(var._cell), {})
        if slot_name not in table:
            value = initializer
            if not isinstance(initializer, str) and not callable(initializer):
                value = to_tensor(initializer)
            elif initializer == "zeros":
                value = None
            else:
                from rillet.keras import initializers

                make = initializers.get(initializer)
                value = make(var.shape if shape is None else shape, dtype=var.dtype)
            table[slot_name] = self.add_variable_from_reference(
                var, slot_name, shape=shape, initial_value=value
            )
        return table[slot_name]

    def get_slot(self, var: Variable, slot_name: str) -> Variable:
        """The slot of a variable by its name."""
        return self._slot_table[id(var._cell)][slot_name]

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        """What a checkpoint follows from here: settings that are variables."""
        found = {"iter": self._iterations}
        for name, value in sorted(self._hyper.items()):
            if isinstance(value, Variable):
                found[name] = value
        return found

    def _checkpoint_slots(self) -> Iterable[tuple[Variable, str, Variable]]:
        """Each variable with the name of a slot, and the slot."""
        for variable in self._trained:
            for name, slot in self._slot_table.get(id(variable._cell), {}).items():
                yield variable, name, slot

    def _create_slots(self, var_list: list[Variable]) -> None:
        """Make the slots; subclasses define it."""

    def build(self, var_list: Iterable[Variable]) -> None:
        """Make the slots of each variable."""
        variables = list(var_list)
        super().build(variables)
        self._create_slots(variables)

    def _meet(self, variables: list[Variable], all_given: list[Variable]) -> None:
        known = self._trained
        held = {id(v._cell) for v in known}
        self.build([*known, *[v for v in all_given if id(v._cell) not in held]])

    def _prepare(self, var_list: list[Variable]) -> None:
        """What is to be done before a step's updates; subclasses may define it."""

    def _prepare_local(self, var_device: str, var_dtype: Any, state: Any) -> None:
        """Compute what the updates of one type share; subclasses may extend it."""
        if "learning_rate" in self._hyper:
            state[(var_device, var_dtype)]["lr_t"] = self._decayed_lr(var_dtype)

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        pairs: Any = list(zip(grads, variables, strict=True))
        for transform in self.gradient_transformers:
            pairs = list(transform(pairs))
        self._prepare(variables)
        state: dict[Any, dict[str, Any]] = {}
        for variable in variables:
            key = (variable.device, variable.dtype)
            if key not in state:
                state[key] = {}
                self._prepare_local(*key, state)
        for grad, variable in pairs:
            self._apply_one(grad, variable, state)

    def _apply_one(self, grad: Any, variable: Variable, state: Any) -> None:
        """One variable's update, by the method for its kind of gradient."""
        method: Callable[..., Any]
        if isinstance(grad, IndexedSlices):
            method = self._resource_apply_sparse
            args: tuple[Any, ...] = (grad.values, variable, grad.indices)
        else:
            method = self._resource_apply_dense
            args = (to_tensor(grad, hint=variable.dtype), variable)
        try:
            method(*args, apply_state=state)
        except TypeError as error:
            if "apply_state" not in str(error):
                raise
            method(*args)

    def _resource_apply_dense(self, grad: Any, handle: Variable, **kwargs: Any) -> Any:
        """Change a variable by its gradient; subclasses define it."""
        raise NotImplementedError(
            house_message(
                type(self).__name__,
                "Must be implemented in subclasses: `_resource_apply_dense`",
            )
        )

    def _resource_apply_sparse(
        self, grad: Any, handle: Variable, indices: Any, **kwargs: Any
    ) -> Any:
        """Change rows of a variable; as if the other rows' gradients were 0."""
        dense = IndexedSlices(grad, indices, list(handle.shape))._dense_tensor()
        return self._resource_apply_dense(dense, handle, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The settings that `name` and clipping are made with."""
        config: dict[str, Any] = {"name": self.name}
        for key in ("clipnorm", "clipvalue", "global_clipnorm"):
            if getattr(self, key) is not None:
                config[key] = getattr(self, key)
        return config

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "lr":
            name = "learning_rate"
        hyper = self.__dict__.get("_hyper")
        if hyper is not None and name in hyper:
            self._set_hyper(name, value)
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        hyper = self.__dict__.get("_hyper", {})
        if name in hyper:
            return self._get_hyper(name)
        raise AttributeError(
            f"'{type(self).__name__}' object has no attribute '{name}'"
        )


@builtin("legacy_optimizer", "sgd")
class SGD(FormerState, gradient_descent.SGD):
    """See `tf.keras.optimizers.SGD`."""

    _hyper_names = ("momentum",)
    _former_slots = {"momentums": "momentum"}

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        name: str = "SGD",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, momentum, nesterov, name=name, **kwargs)
        if not momentum:
            self._slot_groups = ()

    def _rule(self) -> tuple[Op, dict[str, Any]]:
        # Whether there is momentum was settled when the slots were.
        return super()._rule() if self._slot_groups else (descend_op, {})


@builtin("legacy_optimizer", "rmsprop")
class RMSprop(FormerState, rmsprop.RMSprop):
    """See `tf.keras.optimizers.RMSprop`; without momentum ε stands outside the root."""

    _hyper_names = ("momentum", "rho")
    _former_slots = {
        "_velocities": "rms",
        "_momentums": "momentum",
        "_average_gradients": "mg",
    }

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        name: str = "RMSprop",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate, rho, momentum, epsilon, centered, name=name, **kwargs
        )
        self._epsilon_outside = not momentum > 0


@builtin("legacy_optimizer", "adam")
class Adam(FormerState, adam.Adam):
    """See `tf.keras.optimizers.Adam`."""

    _hyper_names = ("beta_1", "beta_2")
    _former_slots = {"_momentums": "m", "_velocities": "v", "_velocity_hats": "vhat"}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        name: str = "Adam",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, name=name, **kwargs
        )
        self._slot_groups = one_by_one(self._slot_groups)


@builtin("legacy_optimizer", "adamax")
class Adamax(FormerState, adam_kin.Adamax):
    """See `tf.keras.optimizers.Adamax`."""

    _hyper_names = ("beta_1", "beta_2")
    _former_slots = {"_m": "m", "_u": "v"}
    _slot_groups = one_by_one(adam_kin.Adamax._slot_groups)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        name: str = "Adamax",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, name=name, **kwargs)


@builtin("legacy_optimizer", "nadam")
class Nadam(FormerState, adam_kin.Nadam):
    """See `tf.keras.optimizers.Nadam`."""

    #: What files call ``decay`` here is that of the momentum's schedule.
    _decay_attribute = "_schedule_decay"
    _schedule_decay = 0.004

    _hyper_names = ("beta_1", "beta_2")
    _former_slots = {"_momentums": "m", "_velocities": "v"}
    _slot_groups = one_by_one(adam_kin.Nadam._slot_groups)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        name: str = "Nadam",
        **kwargs: Any,
    ) -> None:
        # As tf.keras: the rate has no decay, and `decay` means nothing here.
        kwargs.pop("decay", None)
        self._schedule_decay = kwargs.pop("schedule_decay", 0.004)
        super().__init__(learning_rate, beta_1, beta_2, epsilon, name=name, **kwargs)
        self._u_product._name = "momentum_cache"
        self._variables.append(self._u_product)


@builtin("legacy_optimizer", "adagrad")
class Adagrad(FormerState, adaptive.Adagrad):
    """See `tf.keras.optimizers.Adagrad`; ε stands outside the root."""

    _former_slots = {"_accumulators": "accumulator"}

    _epsilon_outside = True

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        name: str = "Adagrad",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate, initial_accumulator_value, epsilon, name=name, **kwargs
        )


@builtin("legacy_optimizer", "adadelta")
class Adadelta(FormerState, adaptive.Adadelta):
    """See `tf.keras.optimizers.Adadelta`."""

    _hyper_names = ("rho",)
    _former_slots = {
        "_accumulated_grads": "accum_grad",
        "_accumulated_delta_vars": "accum_var",
    }
    _slot_groups = one_by_one(adaptive.Adadelta._slot_groups)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        name: str = "Adadelta",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, rho, epsilon, name=name, **kwargs)


@builtin("legacy_optimizer", "ftrl")
class Ftrl(FormerState, adaptive.Ftrl):
    """See `tf.keras.optimizers.Ftrl`."""

    _hyper_names = (
        "beta",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "learning_rate_power",
    )
    _former_slots = {"_accumulators": "accumulator", "_linears": "linear"}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        name: str = "Ftrl",
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            learning_rate_power,
            initial_accumulator_value,
            l1_regularization_strength,
            l2_regularization_strength,
            l2_shrinkage_regularization_strength,
            beta,
            name=name,
            **kwargs,
        )
