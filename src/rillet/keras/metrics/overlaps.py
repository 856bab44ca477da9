"""How well regions overlap: intersection over union, from a confusion matrix."""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.metrics.base import Metric
from rillet.keras.serialization import builtin
from rillet.ops.compare import greater_equal, not_equal
from rillet.ops.counting import confusion_matrix
from rillet.ops.elementwise import cast, divide_no_nan
from rillet.ops.gather import gather
from rillet.ops.host import is_symbolic
from rillet.ops.mask import where
from rillet.ops.matrices import diag_part
from rillet.ops.one_hot import one_hot
from rillet.ops.positions import argmax
from rillet.ops.products import matmul
from rillet.ops.rearrange import expand_dims
from rillet.ops.shaping import broadcast_to, reduce_sum, reshape, static_dims


class _Overlap(Metric):
    """A confusion matrix, and what it says of some classes."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.num_classes = num_classes
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_weight(
            "total_confusion_matrix", (num_classes, num_classes)
        )

    def _targets(self) -> list[int]:
        """The classes that count."""
        return list(range(self.num_classes))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Take a batch into account: classes, or a score for each class."""
        kind = as_dtype(self.dtype)
        true, pred = to_tensor(y_true), to_tensor(y_pred)
        true = true if self.sparse_y_true else argmax(true, self.axis)
        pred = pred if self.sparse_y_pred else argmax(pred, self.axis)
        weights = None
        if sample_weight is not None:
            weights = cast(sample_weight, kind)
            if weights.shape.rank != true.shape.rank or weights.shape != true.shape:
                weights = broadcast_to(weights, static_dims(true))
            weights = reshape(weights, (-1,))
        true = reshape(cast(true, "int64"), (-1,))
        pred = reshape(cast(pred, "int64"), (-1,))
        if self.ignore_class is not None:
            # What is ignored counts nothing, in whatever class it stands.
            seen = not_equal(true, self.ignore_class)
            known = cast(seen, kind)
            weights = known if weights is None else weights * known
            true = where(seen, true, cast(0, "int64"))
            pred = where(seen, pred, cast(0, "int64"))
        if is_symbolic(true) or is_symbolic(pred):
            # As a product of one-hot rows it can become a native program.
            rows = one_hot(true, self.num_classes, dtype=kind)
            if weights is not None:
                rows = rows * expand_dims(weights, -1)
            columns = one_hot(pred, self.num_classes, dtype=kind)
            found = matmul(rows, columns, transpose_a=True)
        else:
            found = confusion_matrix(true, pred, self.num_classes, weights, kind)
        self.total_cm.assign_add(found, read_value=False)

    def result(self) -> Tensor:
        """The mean over those classes that occur."""
        table = self.total_cm.read_value()
        both = diag_part(table)
        either = reduce_sum(table, axis=0) + reduce_sum(table, axis=1) - both
        chosen = self._targets()
        both, either = gather(both, chosen), gather(either, chosen)
        there = reduce_sum(cast(not_equal(either, cast(0, either.dtype)), either.dtype))
        return divide_no_nan(reduce_sum(divide_no_nan(both, either)), there)


@builtin("metric")
class IoU(_Overlap):
    """Intersection over union of some classes.

    Args:
        num_classes: how many classes there are.
        target_class_ids: those that count.
        name: a name.
        dtype: the type of the state.
        ignore_class: a target that is left alone.
        sparse_y_true: whether targets are classes, else one-hot rows.
        sparse_y_pred: whether predictions are classes, else scores.
        axis: where the scores lie.

    Raises:
        ValueError: where a class is none.

    Example:
        >>> import rillet as tf
        >>> m = tf.keras.metrics.IoU(num_classes=2, target_class_ids=[0])
        >>> round(float(m([0, 0, 1, 1], [0, 1, 0, 1])), 4)
        0.3333
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Any,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )
        if max(target_class_ids) >= num_classes:
            raise ValueError(
                house_message(
                    type(self).__name__,
                    "every target class id must be less than the number of classes",
                    f"target class id {max(target_class_ids)}, num_classes="
                    f"{num_classes}",
                )
            )
        self.target_class_ids = list(target_class_ids)

    def _targets(self) -> list[int]:
        return self.target_class_ids

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }


@builtin("metric")
class BinaryIoU(IoU):
    """Intersection over union of yes and no.

    Args:
        target_class_ids: which of 0 and 1 count.
        threshold: from which a prediction says yes.
        name: a name.
        dtype: the type of the state.
    """

    def __init__(
        self,
        target_class_ids: Any = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Take a batch into account: 0 or 1, and scores."""
        scores = cast(y_pred, as_dtype(self.dtype))
        said = greater_equal(scores, self.threshold)
        super().update_state(y_true, cast(said, "int64"), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            "name": self.name,
            "dtype": self.dtype,
            "target_class_ids": self.target_class_ids,
            "threshold": self.threshold,
        }


@builtin("metric")
class MeanIoU(_Overlap):
    """Intersection over union, the mean over all classes; arguments as of `IoU`."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }


@builtin("metric")
class OneHotIoU(IoU):
    """`IoU` of one-hot targets."""

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Any,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes,
            target_class_ids,
            name,
            dtype,
            ignore_class,
            False,
            sparse_y_pred,
            axis,
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        found = super().get_config()
        found.pop("sparse_y_true")
        return found


@builtin("metric")
class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` of one-hot targets."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        found = super().get_config()
        found.pop("sparse_y_true")
        return found
