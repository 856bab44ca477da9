"""Data of one's own: points drawn by hand or read from a table of text.

In: points from a page, or the text of a CSV file. Out: `Own`, whose points lie in
[-6, 6]² and are rounded to what a link can hold, so that a link gives the same network.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np

from rillet.core.errors import house_message

Array = np.ndarray[Any, Any]

#: Points, classes, characters of a table, rows and columns of one, at most.
POINTS, CLASSES, CHARACTERS, ROWS, COLUMNS = 2000, 20, 1_000_000, 100_000, 64
#: Whole numbers of so many kinds are classes, however few rows there are.
_FEW = 6
#: What labels may be taken for.
LABELS: Final = ("auto", "classes", "values")
#: Points are kept in steps of a 5,000th, values in steps of a 30,000th.
_PLACE, _VALUE = 5000.0, 30000.0
_EDGE = 6.0
#: How many times as far as the others a value is that lies far outside.
_FAR = 50.0
_NAME = 24
_DELIMITERS: Final = (",", ";", "\t", "|", " ")
_MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})


class TableError(ValueError):
    """A table, or points, that cannot be used; the text says why."""


def _refuse(rule: str, got: str = "", fix: str = "") -> TableError:
    return TableError(house_message("playground: own data", rule, got[:60], fix))


@dataclass(frozen=True)
class Axis:
    """What a column was before it was scaled: ``value = centre + scale * shown``.

    Values far outside stand at the edge and are not what this says.
    """

    name: str
    centre: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, eq=False)
class Own:
    """Data of one's own.

    Attributes:
        xy: points ``(n, 2)``.
        labels: ``(n,)``; numbers of classes, or values from -1 to 1.
        classes: the names of the classes; none where labels are values.
        axes: of both coordinates and the label.
        note: what was done to the table, for the person who gave it.
    """

    xy: Array
    labels: Array
    classes: tuple[str, ...] = ()
    axes: tuple[Axis, Axis, Axis] = (Axis("x1"), Axis("x2"), Axis("label"))
    note: str = ""

    def packed(self) -> str:
        """The data as letters that an address may hold."""
        head = {
            "n": len(self.xy),
            "c": self.classes,
            "a": [[axis.name, axis.centre, axis.scale] for axis in self.axes],
        }
        if not self.classes:
            labels = np.round(self.labels * _VALUE).astype("<i2").tobytes()
        else:
            labels = self.labels.astype(np.uint8).tobytes()
        places = np.round(self.xy * _PLACE).astype("<i2").tobytes()
        text = json.dumps(head, separators=(",", ":")).encode()
        raw = zlib.compress(text + b"\n" + places + labels, 9)
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unpacked(text: str) -> Own:
    """The data that `Own.packed` wrote.

    Raises:
        TableError: where it wrote no such thing.
    """
    damaged = _refuse("the data in the address are damaged")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        unpacker = zlib.decompressobj()
        limit = POINTS * 6 + 4096
        data = unpacker.decompress(raw, limit)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise damaged
        line, _, body = data.partition(b"\n")
        head = json.loads(line)
        count, classes, axes = head["n"], tuple(head["c"]), head["a"]
        if type(count) is not int or not 2 <= count <= POINTS:
            raise damaged
        if not all(isinstance(name, str) for name in classes):
            raise damaged
        named = [Axis(str(n)[:_NAME], float(c), float(s)) for n, c, s in axes]
        xy = np.frombuffer(body, "<i2", count * 2).reshape(count, 2) / _PLACE
        rest = np.frombuffer(body, np.uint8 if classes else "<i2", count, count * 4)
        labels = rest.astype(np.int64) if classes else rest / _VALUE
        first, second, third = named
    except (
        binascii.Error,
        zlib.error,
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
        OverflowError,
    ) as error:
        raise damaged from error
    finite = [value for axis in named for value in (axis.centre, axis.scale)]
    if not np.isfinite(finite).all():
        raise damaged
    return _checked(xy, labels, classes, (first, second, third))


def drawn(points: Sequence[Sequence[float]]) -> Own:
    """Points drawn by hand.

    Args:
        points: ``[x1, x2, class]`` each, classes counting from 0.

    Raises:
        TableError: too few, too many, or one that is no point.

    Example:
        >>> drawn([[1, 2, 0], [-1, 0.5, 1]]).classes
        ('0', '1')
    """
    try:
        table = np.array(points, np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise _refuse("each point must be two coordinates and a class") from error
    if table.ndim != 2 or table.shape[1] != 3 or not np.isfinite(table).all():
        raise _refuse("each point must be two coordinates and a class")
    labels = table[:, 2]
    if (labels != np.round(labels)).any() or (labels < 0).any():
        raise _refuse("classes are whole numbers from 0")
    if (labels >= CLASSES).any():
        raise _refuse(f"there are at most {CLASSES} classes")
    names = tuple(str(i) for i in range(max(2, int(labels.max()) + 1)))
    return _checked(table[:, :2], labels, names, Own.axes)


def _checked(
    xy: Array,
    labels: Array,
    classes: tuple[str, ...],
    axes: tuple[Axis, Axis, Axis],
    note: str = "",
) -> Own:
    if not 2 <= len(xy) <= POINTS:
        raise _refuse(f"2 to {POINTS} points are needed", f"got {len(xy)}")
    if np.abs(xy).max() > _EDGE:
        raise _refuse("points must lie between -6 and 6")
    if classes and not 2 <= len(classes) <= CLASSES:
        raise _refuse(f"2 to {CLASSES} classes are needed", f"got {len(classes)}")
    if classes and (labels >= len(classes)).any():
        raise _refuse("a point has a class that has no name")
    if not classes and np.abs(labels).max() > 1:
        raise _refuse("values must lie between -1 and 1")
    xy = np.round(xy * _PLACE) / _PLACE
    labels = labels.astype(np.int64) if classes else np.round(labels * _VALUE) / _VALUE
    classes = tuple(name[:_NAME] for name in classes)
    return Own(xy, labels, classes, axes, note)


def table(
    text: str, columns: Sequence[int] | None = None, labels: str = "auto"
) -> tuple[Own, list[str], tuple[int, int, int]]:
    """Read a table of text: CSV with commas, semicolons, tabs, bars or blanks.

    Args:
        text: the file's text; a first line without numbers names the columns.
        columns: which columns hold both coordinates and the label; where None the
            first two of numbers and the last one.

    Returns:
        The data, and the names of all columns.

    Raises:
        TableError: where it is no such table; the text says where and why.

    Example:
        >>> own, names, chosen = table("a,b,kind\\n1,2,x\\n3,4,y\\n")
        >>> names, chosen, own.classes
        (['a', 'b', 'kind'], (0, 1, 2), ('x', 'y'))
    """
    names, rows = _rows(text)
    chosen = _chosen(names, rows, columns)
    parts = [[row[at].strip() for row in rows] for at in chosen]
    full = [i for i, cells in enumerate(zip(*parts, strict=True)) if _present(cells)]
    if len(full) < 2:
        raise _refuse("2 rows or more with a value in each column are needed")
    notes = []
    if len(full) < len(rows):
        notes.append(f"{len(rows) - len(full)} rows with empty cells were left out.")
    if len(full) > POINTS:
        notes.append(f"{POINTS} of {len(full)} rows were drawn at random.")
        drawn_rows = np.random.default_rng(0).choice(len(full), POINTS, replace=False)
        full = [full[i] for i in np.sort(drawn_rows)]
    x1, x2, label = ([column[i] for i in full] for column in parts)
    first, axis1 = _scaled(names[chosen[0]], _numbers(names[chosen[0]], x1), notes)
    second, axis2 = _scaled(names[chosen[1]], _numbers(names[chosen[1]], x2), notes)
    shown, classes, axis3 = _labelled(names[chosen[2]], label, notes, labels)
    for axis in (axis1, axis2):
        if axis.scale != 1 or axis.centre != 0:
            notes.append(f"{axis.name} was moved and scaled to fit between −5 and 5.")
    xy = np.stack([first, second], axis=1)
    axes = (axis1, axis2, axis3)
    return _checked(xy, shown, classes, axes, " ".join(notes)), names, chosen


def _cells(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows of a table that are not blank; cells in quotes may hold line breaks."""
    source = io.StringIO(text.lstrip("\ufeff"), newline="")
    skip = delimiter == " "
    for row in csv.reader(source, delimiter=delimiter, skipinitialspace=skip):
        if any(cell.strip() for cell in row):
            yield row


def _rows(text: str) -> tuple[list[str], list[list[str]]]:
    if len(text) > CHARACTERS:
        raise _refuse(f"the table may have {CHARACTERS:,} characters", f"{len(text):,}")
    if "\0" in text:
        raise _refuse("the file is no text", fix="Save the table as CSV")
    lines = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if len(lines) > ROWS:
        raise _refuse(f"the table may have {ROWS:,} rows", f"{len(lines):,}")
    if not lines:
        raise _refuse("the table is empty")
    try:
        for delimiter in _DELIMITERS:
            if all(len(row) > 1 for row in islice(_cells(text, delimiter), 20)):
                break
        else:
            raise _refuse(
                "no comma, semicolon, tab, bar or blank stands in every line", lines[0]
            )
        rows = list(_cells(text, delimiter))
    except csv.Error as error:
        raise _refuse("the table cannot be read", str(error)) from error
    if not rows:
        raise _refuse("the table is empty")
    width = len(rows[0])
    if not 3 <= width <= COLUMNS:
        raise _refuse(f"3 to {COLUMNS} columns are needed", f"{width} in line 1")
    for at, row in enumerate(rows):
        if len(row) != width:
            got = f"{len(row)} columns in row {at + 1}, {width} in row 1"
            raise _refuse("all rows must have as many columns", got)
    if delimiter == ";":
        rows = [[_with_point(cell) for cell in row] for row in rows]
    if any(_is_number(cell) for cell in rows[0]) or len(rows) == 1:
        return [f"column {i + 1}" for i in range(width)], rows
    return [
        cell.strip()[:_NAME] or f"column {i}" for i, cell in enumerate(rows[0], 1)
    ], rows[1:]


def _with_point(cell: str) -> str:
    """A number with a decimal comma as one with a point."""
    changed = cell.replace(",", ".")
    return changed if cell.count(",") == 1 and _is_number(changed) else cell


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _present(cells: tuple[str, ...]) -> bool:
    return not any(cell.lower() in _MISSING for cell in cells)


def _chosen(
    names: list[str], rows: list[list[str]], columns: Sequence[int] | None
) -> tuple[int, int, int]:
    if columns is None:
        last = len(names) - 1
        numeric = [
            at
            for at in range(last)
            if all(
                _is_number(row[at]) or not _present((row[at].strip(),)) for row in rows
            )
        ]
        if len(numeric) < 2:
            _refuse_stray(names, rows)
            raise _refuse(
                "two columns of numbers before the last are needed, which holds the"
                " label",
                f"columns {', '.join(names)}",
            )
        return numeric[0], numeric[1], last
    if len(columns) != 3 or len(set(columns)) != 3:
        raise _refuse("three different columns are needed: x1, x2 and the label")
    if not all(0 <= at < len(names) for at in columns):
        raise _refuse(f"the table has {len(names)} columns", str(list(columns)))
    return columns[0], columns[1], columns[2]


def _column(name: str) -> str:
    return name if name.startswith("column ") else f"column {name}"


def _refuse_stray(names: list[str], rows: list[list[str]]) -> None:
    """Name the cell that spoils a column which otherwise holds numbers.

    Raises:
        TableError: where there is one.
    """
    for at, name in enumerate(names[:-1]):
        cells = [(i, row[at].strip()) for i, row in enumerate(rows, 1)]
        bad = [(i, c) for i, c in cells if _present((c,)) and not _is_number(c)]
        if bad and 2 * len(bad) < len(rows):
            line, cell = bad[0]
            got = f"{cell[:20]!r} in data row {line}"
            raise _refuse(f"{_column(name)} must hold numbers", got)


def _numbers(name: str, cells: list[str]) -> Array:
    for cell in cells:
        if not _is_number(cell):
            raise _refuse(f"{_column(name)} must hold numbers", repr(cell))
    return np.array([float(cell) for cell in cells])


def _span(name: str, values: Array, notes: list[str]) -> tuple[float, float]:
    """The lowest and the highest value, but for the few that lie far outside.

    Far is 50 times as far from the median as half of the values that differ from it
    are; a normal distribution of 2,000 values goes to six times that. With such values
    in sight all others would be one dot.
    """
    # Values of opposite signs may lie further apart than a number can say.
    with np.errstate(over="ignore", invalid="ignore"):
        away = np.abs(values - np.median(values))
        apart = away[away > 0]
        far = away > _FAR * np.median(apart) if len(apart) else away > 0
    count = int(far.sum())
    if not 0 < count <= max(1, len(values) // 20):
        return float(values.min()), float(values.max())
    which = "1 value" if count == 1 else f"{count} values"
    verbs = "lies" if count == 1 else "lie", "stands" if count == 1 else "stand"
    notes.append(
        f"{which} of {name} {verbs[0]} far outside and {verbs[1]} at the edge."
    )
    return float(values[~far].min()), float(values[~far].max())


def _scaled(name: str, values: Array, notes: list[str]) -> tuple[Array, Axis]:
    """Values as they are where they fit the picture, else between -5 and 5."""
    low, high = _span(name, values, notes)
    if -_EDGE <= low and high <= _EDGE and high - low >= 2:
        return np.clip(values, -_EDGE, _EDGE), Axis(name)
    centre, scale = low / 2 + high / 2, (high / 2 - low / 2) / 5
    if not np.isfinite([centre, scale]).all():
        raise _refuse(f"{_column(name)} holds numbers that are too large")
    scale = scale or 1.0
    with np.errstate(over="ignore"):
        shown = (values - centre) / scale
    inside = (values >= low) & (values <= high)
    # Rounding takes none of them past 5; what is outside stands beyond that.
    shown = np.where(inside, np.clip(shown, -5, 5), np.clip(shown, -_EDGE, _EDGE))
    return shown, Axis(name, centre, scale)


def _labelled(
    name: str, cells: list[str], notes: list[str], wanted: str
) -> tuple[Array, tuple[str, ...], Axis]:
    """Labels as classes, or as values from -1 to 1, and how values were scaled.

    Where `wanted` leaves it open, words are classes, and so are whole numbers of few
    kinds: each stands in two rows on average, as years, ages or sums of money do not.
    """
    kinds = sorted(set(cells))
    numeric = all(_is_number(kind) for kind in kinds)
    if numeric:
        kinds.sort(key=float)
    steps = numeric and all(float(kind) == round(float(kind)) for kind in kinds)
    few = len(kinds) <= min(CLASSES, max(_FEW, len(cells) // 2))
    if wanted == "classes" or (wanted == "auto" and (not numeric or (steps and few))):
        if len(kinds) > CLASSES:
            fix = "Take it as values" if numeric else ""
            raise _refuse(
                f"{_column(name)} may hold {CLASSES} classes",
                f"{len(kinds)} kinds",
                fix,
            )
        if len(kinds) < 2:
            raise _refuse(f"{_column(name)} must hold 2 classes or more", kinds[0])
        number = {kind: i for i, kind in enumerate(kinds)}
        return np.array([number[c] for c in cells]), tuple(kinds), Axis(name)
    if not numeric:
        word = next(kind for kind in kinds if not _is_number(kind))
        raise _refuse(f"{_column(name)} must hold numbers to be values", repr(word))
    values = np.array([float(cell) for cell in cells])
    low, high = _span(name, values, notes)
    centre = low / 2 + high / 2
    scale = (high / 2 - low / 2) or 1.0
    if not np.isfinite([centre, scale]).all():
        raise _refuse(f"{_column(name)} holds numbers that are too large")
    with np.errstate(over="ignore"):
        shown = np.clip((values - centre) / scale, -1, 1)
    return shown, (), Axis(name, centre, scale)
