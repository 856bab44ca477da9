"""How checkpoints hold the optimizers of `legacy`: settings, and slots by variable.

An optimizer of before Keras 2.11 has its settings as variables (``iter``, ``decay``,
``beta_1``), and each slot stands under the variable that it belongs to. `legacy` mixes
`FormerState` in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rillet.checkpoint.children import Figure
from rillet.core.variable import Variable

Groups = tuple[tuple[tuple[str, str], ...], ...]


def one_by_one(groups: Groups) -> Groups:
    """The groups of slots with each slot a group of its own.

    The older optimizers that ask this made one kind of slot for all variables, then the
    next; their weights stand in files in that order.
    """
    return tuple((pair,) for group in groups for pair in group)


class FormerState:
    """An optimizer with the older names in checkpoints.

    `_hyper_names` lists its settings, `_former_slots` the slots' names by the
    attributes that hold them.
    """

    _hyper_names: tuple[str, ...] = ()
    _former_slots: dict[str, str] = {}
    #: The attribute that holds the setting ``decay``.
    _decay_attribute = "_rate_decay"

    def build(self, var_list: Iterable[Variable]) -> None:
        """Make the slots, by the names that they had."""
        super().build(var_list)  # type: ignore[misc]
        name = self.__dict__["name"]
        self.__dict__["_iterations"]._name = f"{name}/iter"
        if "_u_product" in self.__dict__:
            self.__dict__["_u_product"]._name = f"{name}/momentum_cache"
        for variable, slot, held in self._checkpoint_slots():
            held._name = f"{name}/{variable._name}/{slot}"

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        """What a checkpoint follows from here, by the names of before Keras 2.11."""
        space = self.__dict__
        found = {"iter": space["_iterations"]}
        for name in sorted((*self._hyper_names, "decay", "learning_rate")):
            if name == "learning_rate":
                if isinstance(space["_learning_rate"], Variable):
                    found[name] = space["_learning_rate"]
            else:
                found[name] = self._figure(name)
        if "_u_product" in space:
            found["momentum_cache"] = space["_u_product"]
        return found

    def _figure(self, name: str) -> Figure:
        held: dict[str, Figure] = self.__dict__.setdefault("_figures", {})
        if name not in held:
            whole = f"{self.__dict__['name']}/{name}"
            attribute = self._decay_attribute if name == "decay" else name
            held[name] = Figure(self, attribute, whole)
        return held[name]

    def _checkpoint_slots(self) -> Iterator[tuple[Variable, str, Variable]]:
        """Each variable with the name of a slot, and the slot."""
        space = self.__dict__
        groups: Any = getattr(self, "_slot_groups", ())
        for group in groups:
            for _, attribute in group:
                slots = space.get(attribute, ())
                for variable, slot in zip(space["_trained"], slots, strict=False):
                    yield variable, self._former_slots[attribute], slot
