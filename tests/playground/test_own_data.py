"""Tables of text: what is read, what is refused, and that nothing else happens."""

from __future__ import annotations

import random

import numpy as np
import pytest

from rillet.playground.own_data import TableError, drawn, table, unpacked


def test_classes_by_name() -> None:
    own, names, _ = table(
        "temperature;minutes;good\n10,5;30;no\n20;40;yes\n30;50;yes\n"
    )
    assert names == ["temperature", "minutes", "good"]
    assert own.classes == ("no", "yes") and own.labels.tolist() == [0, 1, 1]
    # Moved and scaled to -5 ... 5; the axis says how.
    assert own.xy[:, 1].tolist() == [-5, 0, 5]
    assert own.axes[1].centre == 40 and own.axes[1].scale == 2
    assert "minutes was moved and scaled" in own.note


def test_small_values_stay_as_they_are() -> None:
    own, *_ = table("-1.5\t-2\t0\n3\t4\t1\n")
    assert own.xy.tolist() == [[-1.5, -2], [3, 4]] and own.note == ""


def test_values() -> None:
    rows = "\n".join(f"{i / 10},{i},{i * 3.5}" for i in range(20))
    own, *_ = table(rows)
    assert own.classes == ()
    assert own.labels[0] == -1 and own.labels[-1] == 1
    assert own.axes[2].centre == pytest.approx(33.25)


def _column(value: float, at: int) -> str:
    """Thirty rows around 0 to 29, and one with a value far outside in a column."""
    rows = [[float(i), float(i * 7 % 30), i * 0.37] for i in range(30)]
    odd = [14.0, 15.0, 5.0]
    odd[at] = value
    return "a,b,c\n" + "\n".join(",".join(map(repr, row)) for row in [*rows, odd])


@pytest.mark.parametrize("value", [1e308, -1e308, 4000.0])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_one_value_far_outside_squeezes_nothing(value: float, at: int) -> None:
    own, *_ = table(_column(value, at))
    shown = (own.xy[:, 0], own.xy[:, 1], own.labels)[at]
    edge, full = (1, 2) if at == 2 else (6, 10)
    assert shown[-1] == np.copysign(edge, value)
    assert np.ptp(shown[:-1]) == pytest.approx(full)
    axis = own.axes[at]
    high = 29 * 0.37 if at == 2 else 29
    assert axis.centre == pytest.approx(high / 2)
    assert (
        f"1 value of {'abc'[at]} lies far outside and stands at the edge." in own.note
    )


def test_values_far_outside_on_both_sides() -> None:
    rows = [f"{i % 10 - 5},{i % 7},{i % 2}" for i in range(98)]
    own, *_ = table("\n".join([*rows, "1e308,1,0", "-1e308,1,1"]))
    assert own.xy[-2:, 0].tolist() == [6, -6]
    # What fits the picture stays as it is.
    assert own.axes[0].scale == 1 and own.xy[0, 0] == -5
    assert "2 values of column 1 lie far outside and stand at the edge" in own.note


@pytest.mark.parametrize(
    "kind", ["normal", "uniform", "exponential", "halves", "steps"]
)
def test_usual_columns_have_nothing_outside(kind: str) -> None:
    rng = np.random.default_rng(4)
    drawn_values = {
        "normal": rng.normal(size=2000),
        "uniform": rng.uniform(size=2000),
        "exponential": rng.exponential(size=2000),
        # Two clouds far from each other: neither is a stray.
        "halves": np.r_[rng.normal(0, 1, 1000), rng.normal(1e6, 1, 1000)],
        "steps": np.repeat([0.0, 0.0, 0.0, 100.0], 500),
    }[kind]
    own, *_ = table(
        "\n".join(f"{v!r},{i},{i % 2}" for i, v in enumerate(map(float, drawn_values)))
    )
    assert "outside" not in own.note
    assert np.ptp(own.xy[:, 0]) >= 2


def test_columns_can_be_chosen() -> None:
    own, *_ = table("id,kind,a,b\n1,x,1,2\n2,y,3,4\n3,x,5,6\n", [2, 3, 1])
    assert own.classes == ("x", "y") and own.xy[:, 0].tolist() == [1, 3, 5]


def test_says_which_columns_it_took() -> None:
    text = "name,a,kind,b,label\nann,1,x,2,yes\nbob,3,y,4,no\n"
    _, names, chosen = table(text)
    assert [names[at] for at in chosen] == ["a", "b", "label"]
    assert table(text, [3, 1, 2])[2] == (3, 1, 2)


def _digits(kinds: int, rows: int) -> str:
    return "".join(f"{i % 13},{i % 17},{i % kinds}\n" for i in range(rows))


@pytest.mark.parametrize(
    ("kinds", "rows", "classes"),
    [(10, 200, 10), (20, 40, 20), (21, 400, 0), (10, 15, 0), (6, 6, 6)],
)
def test_whole_numbers_of_few_kinds_are_classes(
    kinds: int, rows: int, classes: int
) -> None:
    own, *_ = table(_digits(kinds, rows))
    assert own.classes == tuple(map(str, range(classes)))
    back = unpacked(own.packed())
    assert back.classes == own.classes and (back.labels == own.labels).all()


def test_what_labels_are_can_be_chosen() -> None:
    values, *_ = table(_digits(10, 200), labels="values")
    assert values.classes == () and values.labels[:10].tolist() == pytest.approx(
        np.linspace(-1, 1, 10), abs=1e-4
    )
    classes, *_ = table("1,2,0.5\n3,4,1.5\n5,6,0.5\n", labels="classes")
    assert classes.classes == ("0.5", "1.5") and classes.labels.tolist() == [0, 1, 0]
    with pytest.raises(TableError, match="may hold 20 classes.*Take it as values"):
        table(_digits(21, 400), labels="classes")
    with pytest.raises(TableError, match="must hold numbers to be values: 'no'"):
        table("1,2,no\n3,4,yes\n", labels="values")


def test_many_rows_are_thinned_and_gaps_left_out() -> None:
    rows = [f"{i % 7},{i % 5},{i % 3}" for i in range(3000)]
    rows[5] = "1,,2"
    own, *_ = table("\n".join(rows))
    assert len(own.xy) == 2000
    assert "1 rows with empty cells" in own.note and "2000 of 2999" in own.note


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the table is empty"),
        ("hello\nworld", "stands in every line"),
        ("PK\x03\x04\x14\0\x06\0, a, b", "the file is no text. Save the table as CSV"),
        ("a,b\n1,2", "3 to 64 columns are needed"),
        ("a,b,c\n1,2\n", "all rows must have as many columns"),
        ("a,b,c\n1,x,2\n3,y,4\n", "two columns of numbers before the last"),
        ("1,2,x\n1,2,x\n", "must hold 2 classes or more"),
        ("1,2,x\n", "2 rows or more"),
        ("\n".join(f"1,2,k{i}" for i in range(21)), "may hold 20 classes: 21 kinds"),
        ("1e308,1,0\n-1e308,2,1\n1e309,2,1", "'1e309' in data row 3"),
        ("a,b,c\n1,2,x\n3,oops,y\n5,6,x\n", "column b must hold numbers: 'oops'"),
        ("x" * 1_000_001, "may have 1,000,000 characters"),
    ],
)
def test_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(TableError) as raised:
        table(text)
    assert said in str(raised.value)


def test_anything_else_is_refused_or_read() -> None:
    rng = random.Random(3)
    alphabet = '0123456789.,;\t| -+eE"\n\r\0naNinf∞äx'
    good = "a,b,c\n" + "\n".join(f"{i},{i * i},{i % 2}" for i in range(8))
    outcomes = set()
    for turn in range(600):
        if turn % 2:
            text = "".join(rng.choices(alphabet, k=rng.randint(0, 60)))
        else:
            letters = list(good)
            for _ in range(rng.randint(1, 4)):
                letters[rng.randrange(len(letters))] = rng.choice(alphabet)
            text = "".join(letters)
        try:
            own, *_ = table(text)
        except TableError:
            outcomes.add("refused")
        else:
            outcomes.add("read")
            assert np.abs(own.xy).max() <= 6 and np.isfinite(own.labels).all()
    assert outcomes == {"refused", "read"}


@pytest.mark.parametrize(
    "points",
    [
        [],
        [[0, 0, 0]],
        [[0, 0, 0], [7, 0, 1]],
        [[0, 0, 0], [1, 0, 20]],
        [[0, 0, 0], [1, 0, 0.5]],
        [[0, 0, 0], [1, 0]],
        [[0, 0, 0], [1, float("nan"), 1]],
        [[0, 0, 0]] * 2001,
    ],
)
def test_points_that_cannot_be_drawn(points: list[list[float]]) -> None:
    with pytest.raises(TableError):
        drawn(points)


def test_cells_in_quotes_may_hold_line_breaks() -> None:
    text = 'a,b,"which\nclass"\n' + "".join(f"{i},{i * 2},{i % 2}\n" for i in range(9))
    data, names, _ = table(text)
    assert names == ["a", "b", "which\nclass"] and len(data.xy) == 9
