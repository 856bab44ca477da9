"""How good predictions are: beside the targets, and class by class.

In: a model or its outputs, and targets. Out: plots with their values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

import rillet as tf
from rillet.explain.batches import all_batches
from rillet.explain.picture import COLOURS, Array, Plot, number, refuse

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def outputs_of(model: Any, x: Any) -> Array:
    """A model's outputs for all inputs, as one array."""
    predict = getattr(model, "predict", None)
    if predict is None and not callable(model):
        raise refuse("explain", "a model or a function is needed", type(model).__name__)
    said = predict(x, verbose=0) if predict is not None else model(x)
    if isinstance(said, (dict, list, tuple)):
        raise refuse(
            "explain",
            "the model must have one output",
            f"{len(said)}",
            "Make a model of one of them, as in"
            " keras.Model(model.inputs, model.outputs[0])",
        )
    return np.asarray(said)


def classes_of(values: Any, op: str = "explain") -> Array:
    """Class numbers ``(n,)`` of class numbers, probabilities or one-hot rows.

    Args:
        values: what says the classes.
        op: who asks.

    Raises:
        ValueError: where they are no numbers, or have another rank.
    """
    rows = np.asarray(values)
    if rows.dtype.kind not in "fiub" or not np.isfinite(rows).all():
        raise refuse(
            op,
            "classes, and probabilities of classes, must be numbers",
            "NaN or infinity" if rows.dtype.kind == "f" else rows.dtype.name,
            "Number them, as in np.unique(y, return_inverse=True)[1]"
            if rows.dtype.kind in "USO"
            else "",
        )
    if rows.ndim == 2 and rows.shape[1] == 1:
        rows = rows[:, 0]
    if rows.ndim == 2:
        return rows.argmax(axis=1)
    if rows.ndim != 1:
        raise refuse(op, "classes must be (n,) or (n, classes)", rows.shape)
    if rows.dtype.kind == "f":
        if (rows == np.round(rows)).all():
            return _whole(rows, op)
        # What leaves [0, 1] is no probability: logits change sides at zero.
        logits = rows.size and (rows.min() < 0.0 or rows.max() > 1.0)
        return (rows >= (0.0 if logits else 0.5)).astype(int)
    return _whole(rows, op)


def _whole(rows: Array, op: str) -> Array:
    """Whole numbers as integers, which hold no number of any size."""
    size = max(float(rows.max(initial=0)), -float(rows.min(initial=0)))
    if size > 2**53:
        raise refuse(
            op,
            f"classes must be numbered from 0 to {_MOST - 1} at most",
            f"one of the size {size:.4g}",
            "Number them anew, as in np.unique(y, return_inverse=True)[1]",
        )
    return rows.astype(int)


def counted(values: Any, op: str) -> Array:
    """Class numbers as `classes_of` has them, which count from 0.

    Raises:
        ValueError: where one is below 0, or larger than a picture has room for.
    """
    found = classes_of(values, op)
    low, high = int(found.min(initial=0)), int(found.max(initial=0))
    if low < 0 or high >= _MOST:
        raise refuse(
            op,
            f"classes must be numbered from 0 to {_MOST - 1} at most",
            f"class {low if low < 0 else high}",
            "Number them anew, as in np.unique(y, return_inverse=True)[1]",
        )
    return found


#: Classes that a picture has room for.
_MOST: Final = 2048
#: Sizes of letters in points, and how wide one is beside its height.
_LETTERS: Final = 10.0
_SMALLEST: Final = 6.0
_SLIM: Final = 0.62
#: A confusion matrix's squares in points, where there is room; and all of them.
_SQUARE: Final = 40.0
_SQUARES: Final = 650.0


class Confusion(Plot):
    """How often each class was taken for which.

    Attributes:
        counts: ``(classes, classes)``, true classes in rows, predicted in columns.
        labels: names of the classes.
    """

    def __init__(self, counts: Array, labels: list[str]) -> None:
        self.counts = counts
        self.labels = labels
        count = len(labels)
        self._square = min(_SQUARE, _SQUARES / count)
        # letters fit their square, or the squares up to the next name
        apart = -(-_SMALLEST // (0.8 * self._square))
        self._step = int(next(
            k for k in (1, 2, 5, 10, 20, 50, 100, 200) if k >= apart
        ))  # fmt: skip
        self._letters = min(_LETTERS, 0.8 * self._square * self._step)
        longest = max(map(len, labels[:: self._step])) * _SLIM * self._letters
        self._upright = longest > 0.9 * self._square * self._step
        digits = len(str(int(counts.max(initial=0))))
        self._written = min(
            _LETTERS, 0.7 * self._square, 0.9 * self._square / (_SLIM * digits)
        )
        inner = max(count * self._square, 140.0)
        bar = 0.0 if self._written >= _SMALLEST else 80.0
        below = longest if self._upright else 0.0
        self.size = ((inner + longest + bar + 80) / 72, (inner + below + 90) / 72)

    @property
    def accuracy(self) -> float:
        """The share on the diagonal."""
        total = float(self.counts.sum())
        return float(np.trace(self.counts)) / total if total else float("nan")

    def _draw(self, figure: Figure) -> None:
        axis = figure.subplots()
        sums = np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
        share = self.counts / sums
        axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
        title = f"{100 * self.accuracy:.1f} % right"
        if self._written >= _SMALLEST:
            for (i, j), count in np.ndenumerate(self.counts):
                colour = "white" if share[i, j] > 0.5 else "black" if count else "gray"
                axis.text(j, i, str(int(count)), ha="center", va="center",
                          color=colour, fontsize=self._written)  # fmt: skip
        else:
            title += "; no room for the counts"
            figure.colorbar(
                axis.images[0], ax=axis, label="share of the true class", shrink=0.6
            )
        places = range(0, len(self.labels), self._step)
        names = self.labels[:: self._step]
        axis.set_yticks(places, names, fontsize=self._letters)
        axis.set_xticks(
            places, names, fontsize=self._letters, rotation=90 * self._upright
        )
        axis.set(xlabel="predicted", ylabel="true", title=title)

    def __repr__(self) -> str:
        return f"<confusion: {100 * self.accuracy:.1f} % right>\n{self.counts}"


def confusion(y_true: Any, y_pred: Any, labels: list[str] | None = None) -> Confusion:
    """The confusion matrix of a classifier.

    Args:
        y_true: class numbers ``(n,)``, one-hot rows, or names of classes.
        y_pred: class numbers, names, probabilities ``(n, classes)``, or of two classes
            ``(n,)`` or ``(n, 1)``.
        labels: names of the classes, in their order; where None, numbers, or the names
            that were given, in the order of the alphabet.

    Raises:
        ValueError: where both differ in length, names are too few, a name is not among
            the labels, or a class is below 0.

    Example:
        >>> import rillet as tf
        >>> said = [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]
        >>> found = tf.explain.confusion([0, 1, 1], said)
        >>> found.counts.tolist()
        [[1, 0], [1, 1]]
    """
    op = "explain.confusion"
    if _named(y_true) or _named(y_pred):
        y_true, y_pred, labels = _numbered(y_true, y_pred, labels)
    true, said = counted(y_true, op), counted(y_pred, op)
    if len(true) != len(said) or not len(true):
        raise refuse(
            op,
            "targets and predictions must be equally many, and one or more",
            f"{len(true)} and {len(said)}",
        )
    width = np.asarray(y_pred).shape[1] if np.asarray(y_pred).ndim == 2 else 0
    if width > 1 and true.max() >= width:
        raise refuse(
            op,
            f"probabilities of {width} classes need targets from 0 to {width - 1}",
            f"target {true.max()}",
        )
    count = 1 + int(max(true.max(initial=0), said.max(initial=0)))
    count = max(2, count, width, len(labels or ()))
    names = labels or [str(i) for i in range(count)]
    if len(names) < count:
        raise refuse(op, f"{count} classes need a name each", len(names))
    table = np.asarray(tf.math.confusion_matrix(true, said, count))
    return Confusion(table, names)


def _named(values: Any) -> bool:
    given = np.asarray(values)
    if given.dtype.kind != "O":
        return given.dtype.kind in "US"
    return given.size > 0 and all(isinstance(v, (str, bytes)) for v in given.flat)


def _numbered(
    y_true: Any, y_pred: Any, labels: list[str] | None
) -> tuple[Any, Any, list[str]]:
    """Names of classes as numbers, and the names by number."""
    given = [
        np.asarray([_text(v) for v in np.ravel(np.asarray(part))])
        if _named(part)
        else None
        for part in (y_true, y_pred)
    ]
    if labels is None:
        if any(part is None for part in given):
            raise refuse(
                "explain.confusion",
                "names of classes beside numbers need the names' order",
                "no labels",
                'Give labels=["cat", "dog", ...], the first for class 0',
            )
        labels = sorted({str(v) for part in given if part is not None for v in part})
    place = {str(name): k for k, name in enumerate(labels)}
    found = []
    for part, raw in zip(given, (y_true, y_pred), strict=True):
        strange = [] if part is None else sorted({str(v) for v in part} - set(place))
        if strange:
            raise refuse(
                "explain.confusion",
                f"each name must be one of the labels {list(place)}",
                ", ".join(map(repr, strange[:5])),
            )
        found.append(
            raw if part is None else np.asarray([place[str(v)] for v in part], int)
        )
    return found[0], found[1], [str(name) for name in labels]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class Predictions(Plot):
    """Predictions beside targets.

    Attributes:
        kind: ``"numbers"`` or ``"classes"``.
        targets: ``(n,)``; of several numbers ``(n, outputs)``.
        predicted: numbers, as many, or probabilities ``(n, classes)``.
        wrong: the rows of wrong classes, the surest mistake first; else the rows
            ordered by error, the largest first.
    """

    def __init__(self, x: Any, targets: Array, predicted: Array, classes: bool) -> None:
        self.kind = "classes" if classes else "numbers"
        self.targets = targets
        self.predicted = predicted
        self._x = np.asarray(x) if isinstance(x, (np.ndarray, tf.Tensor)) else None
        if classes:
            chosen, sure = predicted.argmax(axis=1), predicted.max(axis=1)
            rows = np.flatnonzero(chosen != targets)
            self.wrong: Array = rows[np.argsort(-sure[rows], kind="stable")]
        else:
            worst = np.nan_to_num(self._gaps().max(axis=1), nan=np.inf)
            self.wrong = np.argsort(-worst, kind="stable")
        self._images = (
            classes and self._x is not None and self._x.ndim in (3, 4)
            and self._x.shape[-1] in (1, 3, *([self._x.shape[2]] * (self._x.ndim == 3)))
        )  # fmt: skip
        self.size = (8.0, 3.8) if classes else (4.6, 4.4)

    def _gaps(self) -> Array:
        """How far numbers are off ``(n, outputs)``."""
        gap = np.abs(self.predicted - self.targets)
        return gap.reshape(len(gap), -1)

    def _off(self) -> str:
        """How far numbers are off in the mean, and how many are none."""
        gap = self._gaps()
        known = np.isfinite(gap)
        lost = f"{int((~known).sum())} of {gap.size} NaN or infinite"
        if known.all():
            return f"off by {number(float(gap.mean()))} on average"
        if not known.any():
            return lost
        return f"{lost}, others off by {number(float(gap[known].mean()))} on average"

    def _image(self, images: Array, row: int) -> Array:
        """A row as matplotlib shows it: from 0 to 1, or colours that integers tell."""
        low, high = float(images.min()), float(images.max())
        if images.ndim == 3 or images.shape[-1] == 1:
            images = images.reshape(images.shape[:3])
        elif 0 <= low and high <= (1.0 if images.dtype.kind == "f" else 255.0):
            return images[row]
        return (images[row] - low) / (high - low or 1.0)

    def __repr__(self) -> str:
        count = len(self.targets)
        if self.kind == "classes":
            lines = [f"<predictions: {len(self.wrong)} of {count} wrong>"]
            for row in self.wrong[:5].tolist():
                chosen = int(self.predicted[row].argmax())
                lines.append(
                    f"  row {row}: {chosen} with"
                    f" {100 * float(self.predicted[row, chosen]):.0f} %, is"
                    f" {self.targets[row]}"
                )
            return "\n".join(lines)
        gap = self._gaps()
        lines = [f"<predictions: {count}, {self._off()}>"]
        for row in self.wrong[:5].tolist():
            k = int(gap[row].argmax())
            place = f"row {row}" if self.targets.ndim == 1 else f"row {row}, output {k}"
            said, wanted = np.ravel(self.predicted[row]), np.ravel(self.targets[row])
            lines.append(
                f"  {place}: {number(float(said[k]))}, is {number(float(wanted[k]))}"
            )
        return "\n".join(lines)

    def _draw(self, figure: Figure) -> None:
        if self.kind == "numbers":
            axis = figure.subplots()
            several = self.targets.ndim > 1
            columns = np.atleast_2d(self.targets.T), np.atleast_2d(self.predicted.T)
            for k, (wanted, said) in enumerate(zip(*columns, strict=True)):
                # with many outputs colours come again, and the legend tells the first
                label = "_" if k >= len(COLOURS) else f"output {k}"
                axis.plot(wanted, said, ".", alpha=0.6, color=COLOURS[k % len(COLOURS)],
                          label=label if several else "rows")  # fmt: skip
            every = np.concatenate([self.targets.ravel(), self.predicted.ravel()])
            every = every[np.isfinite(every)]
            ends = [every.min(), every.max()] if every.size else []
            axis.plot(ends, ends, color="gray", lw=1, label="prediction = target")
            axis.legend()
            title = self._off().replace(", ", "\n")
            axis.set(xlabel="target", ylabel="prediction", title=title)
            return
        bad = set(self.wrong.tolist())
        fine = [i for i in range(min(len(self.targets), 20)) if i not in bad]
        shown = [*self.wrong.tolist(), *fine][:10]
        axes = np.ravel(figure.subplots(2, 5))
        for axis, row in zip(axes, shown, strict=False):
            chosen = int(self.predicted[row].argmax())
            right = chosen == self.targets[row]
            colour = COLOURS[2] if right else COLOURS[1]
            told = f"{chosen}, {100 * self.predicted[row, chosen]:.0f} %"
            told = told if right else f"{told}; is {self.targets[row]}"
            axis.set_title(told, color=colour, fontsize=9)
            if self._images and self._x is not None:
                axis.imshow(self._image(self._x, row), "gray_r", vmin=0, vmax=1)
                axis.axis("off")
            else:
                axis.bar(range(self.predicted.shape[1]), self.predicted[row],
                         color=colour)  # fmt: skip
                axis.set_ylim(0, 1)
                count = self.predicted.shape[1]
                axis.set_xticks(range(0, count, 1 if count <= 10 else -(-count // 5)))
                axis.set_xlabel("class", fontsize=8)
                axis.set_ylabel("probability", fontsize=8)
                axis.tick_params(labelsize=7)
        for axis in axes[len(shown) :]:
            axis.axis("off")


def _shares(rows: Array) -> bool:
    """Whether rows are one-hot, or shares of classes, and not any numbers."""
    return bool(
        rows.dtype.kind in "fiub"
        and (rows >= 0).all()
        and np.allclose(rows.sum(axis=1, dtype=np.float64), 1.0, atol=1e-3)
    )


def predictions(model: Any, x: Any, y: Any = None) -> Predictions:
    """A model's predictions beside the targets; of classes the surest mistakes.

    Args:
        model: a model.
        x: inputs, or a dataset of batches ``(x, y)``.
        y: targets: numbers ``(n,)`` or as many as the outputs, class numbers, or
            one-hot rows; None beside a dataset.

    Raises:
        ValueError: where inputs and targets differ in number, there are no targets, or
            the model has several outputs.
    """
    x, y = all_batches("explain.predictions", x, y)
    if y is None:
        raise refuse(
            "explain.predictions", "targets are needed", "none", "Give x and y"
        )
    said = outputs_of(model, x)
    target = np.asarray(y)
    if len(said) != len(target):
        raise refuse(
            "explain.predictions",
            "inputs and targets must be equally many",
            f"{len(said)} and {len(target)}",
        )
    if said.ndim == 2 and said.shape[1] > 1:
        if target.ndim > 1 and target.shape[1:] not in ((1,), said.shape[1:]):
            raise refuse(
                "explain.predictions",
                "targets must be class numbers or one-hot rows",
                f"{target.shape} beside predictions {said.shape}",
            )
        if target.shape == said.shape and not _shares(target):
            return Predictions(x, target.astype(float), said.astype(float), False)
        if said.min(initial=0.0) < 0.0 or said.max(initial=0.0) > 1.0:
            said = np.asarray(tf.nn.softmax(said))  # logits
        return Predictions(x, counted(target, "explain.predictions"), said, True)
    if said.size != len(said) or target.size != len(target):
        raise refuse(
            "explain.predictions",
            "predictions must be (n,), (n, 1) or (n, classes), and targets fit them",
            f"{said.shape} and {target.shape}",
            "Show one place of a sequence, as in lambda x: model(x)[:, -1]",
        )
    said, target = said.reshape(len(said)), target.reshape(len(target))
    name = getattr(getattr(model, "loss", None), "name", getattr(model, "loss", None))
    if name == "binary_crossentropy":
        if said.min(initial=0.0) < 0.0 or said.max(initial=0.0) > 1.0:
            said = np.asarray(tf.sigmoid(said))  # logits
        return Predictions(x, target.astype(int), np.stack([1 - said, said], 1), True)
    return Predictions(x, target.astype(np.float64), said.astype(np.float64), False)
