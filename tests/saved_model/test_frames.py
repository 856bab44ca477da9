"""Control flow of TensorFlow 1: what is a branch or a loop runs, the rest is refused.

Whole models that TensorFlow wrote this way are `tests/golden/saved_models/f_*.zip`.
"""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf
from rillet.checkpoint.wire import Record
from rillet.saved_model import messages
from rillet.saved_model.attributes import node_message
from rillet.saved_model.graph_reader import Reader
from rillet.saved_model.regions import BRANCHES, ROUNDS

INT = ("type", tf.int32)
TRUTH = ("type", tf.bool)


def node(name, op, inputs="", **attrs):
    """A node of a graph; inputs stand in a text, one after the other."""
    return node_message(name, op, inputs.split(), attrs)


def number(name, value, *inputs):
    tensor = ("tensor", (np.array(value, np.int32), tf.int32))
    return node(name, "Const", " ".join(inputs), value=tensor, dtype=INT)


def entered(name, source, frame="loop", constant=False):
    told = {"frame_name": ("string", frame), "is_constant": ("bool", constant)}
    return node(name, "Enter", source, T=INT, **told)


FEEDS = [
    node("p", "Placeholder", dtype=TRUTH),
    node("q", "Placeholder", dtype=TRUTH),
    node("x", "Placeholder", dtype=INT),
]
BRANCH = [
    node("s", "Switch", "x p", T=INT),
    node("double", "AddV2", "s:1 s:1", T=INT),
    node("minus", "Neg", "s", T=INT),
    node("m", "Merge", "minus double", T=INT, N=("int", 2)),
]


def looped(frame="loop", prefix="", start="x", limit="end"):
    """A loop that counts up to a limit."""
    p = prefix
    return [
        entered(f"{p}in", start, frame),
        entered(f"{p}{limit}_in", limit, frame, True),
        node(f"{p}m", "Merge", f"{p}in {p}again", T=INT, N=("int", 2)),
        node(f"{p}less", "Less", f"{p}m {p}{limit}_in", T=INT),
        node(f"{p}test", "LoopCond", f"{p}less"),
        node(f"{p}s", "Switch", f"{p}m {p}test", T=INT),
        node(f"{p}same", "Identity", f"{p}s:1", T=INT),
        number(f"{p}one", 1, f"^{p}same"),
        node(f"{p}more", "AddV2", f"{p}same {p}one", T=INT),
        node(f"{p}again", "NextIteration", f"{p}more", T=INT),
        node(f"{p}out", "Exit", f"{p}s", T=INT),
    ]


LOOP = [number("end", 5), *looped()]


def reader_of(nodes, functions=()):
    library = Record(messages.LIBRARY, function=list(functions))
    return Reader(Record(messages.GRAPH, node=[*FEEDS, *nodes], library=library))


def run(nodes, fetches, p=True, q=True, x=3):
    reader = reader_of(nodes)
    plan = reader.part(["p:0", "q:0", "x:0"], fetches)
    reader.check(plan)

    @tf.function
    def part(p, q, x):
        return tuple(reader.run(plan, [p, q, x]))

    found = part(tf.constant(p), tf.constant(q), tf.constant(x))
    return plan, [y.numpy().tolist() for y in found]


@pytest.mark.parametrize("p, wanted", [(True, 6), (False, -3)])
def test_a_merge_of_two_switched_values_is_a_branch(p, wanted):
    plan, found = run(BRANCH, ["m:0", "m:1"], p)
    assert found == [wanted, int(p)]
    assert [step.op for step in plan.steps] == [BRANCHES]


def test_a_frame_is_a_loop():
    plan, found = run(LOOP, ["out:0"])
    assert found == [5]
    assert [step.op for step in plan.steps] == ["Const", ROUNDS]


def test_results_of_one_branch_share_what_they_need():
    """Chance, say, must not fall twice."""
    nodes = [
        *BRANCH,
        node("other", "Square", "double", T=INT),
        node("n", "Merge", "other s", T=INT, N=("int", 2)),
    ]
    plan, found = run(nodes, ["m:0", "n:0"])
    assert found == [6, 36]
    (step,) = plan.steps
    assert [s.name for s in step.attrs["then"].steps] == ["double", "other"]


def test_a_branch_that_waits_for_another_on_the_same_condition_comes_later():
    nodes = [
        *BRANCH,
        node("t", "Switch", "m p", T=INT),
        node("less", "Neg", "t:1", T=INT),
        node("n", "Merge", "t less", T=INT, N=("int", 2)),
    ]
    plan, found = run(nodes, ["n:0", "m:0"])
    assert found == [-6, 6] and len(plan.steps) == 2
    assert run(nodes, ["n:0"], False)[1] == [-3]


def test_functions_may_hold_switches():
    argument = {"name": "p", "type": tf.bool.as_datatype_enum}
    signature = Record(messages.OP, name="f")
    signature.input_arg = [
        Record(messages.ARGUMENT, **argument),
        Record(messages.ARGUMENT, name="x", type=tf.int32.as_datatype_enum),
    ]
    kind = tf.int32.as_datatype_enum
    signature.output_arg = [Record(messages.ARGUMENT, name="y", type=kind)]
    nodes = [
        node("s", "Switch", "x p", T=INT),
        node("double", "AddV2", "s:output_true:0 s:output_true:0", T=INT),
        node("m", "Merge", "s:output_false:0 double:z:0", T=INT, N=("int", 2)),
    ]
    result = Record(messages.TEXT_ENTRY, key="y", value="m:output:0")
    function = Record(messages.FUNCTION, signature=signature, node_def=nodes)
    function.ret = [result]
    reader = reader_of([], [function])
    call = tf.function(lambda p, x: reader.call("f", [p, x])[0])
    wanted = [(True, 14), (False, 7)]
    assert [int(call(tf.constant(p), tf.constant(7))) for p, _ in wanted] == [14, 7]


OTHER = looped("more", "b_")
DEAD = "a value may never be there"
REFUSED = {
    "one side of a switch": (BRANCH, ["double:0"], DEAD),
    "an effect on one side": (BRANCH, ["double"], "a node may never run"),
    "a merge of one side with all": (
        [*BRANCH, node("n", "Merge", "s x", T=INT, N=("int", 2))],
        ["n:0"],
        "a merge has no one condition",
    ),
    "a merge of sides of two conditions": (
        [
            *BRANCH,
            node("t", "Switch", "x q", T=INT),
            node("n", "Merge", "s t:1", T=INT, N=("int", 2)),
        ],
        ["n:0"],
        "a merge has no one condition",
    ),
    "a merge of three": (
        [*BRANCH, node("n", "Merge", "s s s:1", T=INT, N=("int", 3))],
        ["n:0"],
        "a merge has not two inputs",
    ),
    "a value in a loop": (LOOP, ["more:0"], DEAD),
    "an end with no value of the loop": (
        [*BRANCH, node("n", "Exit", "s", T=INT)],
        ["n:0"],
        "a loop ends with no value of its rounds",
    ),
    "a sum over two loops": (
        [
            *LOOP,
            *OTHER,
            node("n", "AddV2", "more b_more", T=INT),
            node("e", "Exit", "n"),
        ],
        ["e:0"],
        "a loop ends with no value",
    ),
    "a round that takes from two loops": (
        [
            *LOOP[:-2],
            *OTHER,
            node("n", "AddV2", "more b_same", T=INT),
            node("again", "NextIteration", "n", T=INT),
            LOOP[-1],
        ],
        ["out:0"],
        "a node takes values of two loops",
    ),
    "a value that enters for one round": (
        [
            *LOOP[:-2],
            entered("late", "x"),
            node("n", "AddV2", "more late", T=INT),
            node("again", "NextIteration", "n", T=INT),
            LOOP[-1],
        ],
        ["out:0"],
        "in the first round alone",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_branch_and_no_loop_is_refused(name):
    nodes, fetches, why = REFUSED[name]
    with pytest.raises(tf.errors.UnimplementedError, match=why) as caught:
        run(nodes, fetches)
    assert "no tf.cond and no tf.while_loop makes" in str(caught.value)


DAMAGED = {
    "a circle": ([node("a", "Switch", "b p"), node("b", "Neg", "a")], "in a circle"),
    "a switch alone": ([node("b", "Switch", "x")], "lacks an input"),
    "a merge of one": ([node("b", "Merge", "x")], "lacks an input"),
    "a loop without a name": ([node("b", "Enter", "x")], "a loop has no name"),
    "too deep": (
        [
            number("end", 5),
            node("b0", "Identity", "x", T=INT),
            *[
                row
                for i in range(200)
                for row in (
                    node(f"s{i}", "Switch", f"b{i} p{i}", T=INT),
                    node(f"p{i}", "Switch", f"p{i - 1}:1 q" if i else "p q", T=TRUTH),
                    node(f"b{i + 1}", "Identity", f"s{i}:1", T=INT),
                )
            ],
        ],
        "branches lie too deep",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_control_flow_is_an_error(name):
    nodes, why = DAMAGED[name]
    last = nodes[-1].name
    with pytest.raises(tf.errors.OpError, match=why):
        run(nodes, [f"{last}:0"])


def test_branches_may_lie_only_so_deep():
    nodes, top = [], 60
    for i in range(top):
        before = f"d{i - 1}" if i else "x"
        test = f"k{i - 1}:1" if i else "p"
        nodes += [
            node(f"s{i}", "Switch", f"{before} {test}", T=INT),
            node(f"k{i}", "Switch", f"{test} {test}", T=TRUTH),
            node(f"d{i}", "Identity", f"s{i}:1", T=INT),
        ]
    back = f"d{top - 1}"
    for i in reversed(range(top)):
        nodes.append(node(f"m{i}", "Merge", f"s{i} {back}", T=INT, N=("int", 2)))
        back = f"m{i}"
    with pytest.raises(tf.errors.DataLossError, match="lie too deep"):
        run(nodes, [f"{back}:0"])


def scattered(rows):
    """An array of two, and so many rows that are written to it."""
    return [
        *[number(name, value) for name, value in (("two", 2), ("zero", 0), ("one", 1))],
        node("array", "TensorArrayV3", "two", dtype=INT),
        number("rows", rows),
        node("places", "Range", "zero rows one", Tidx=INT),
        number("items", list(range(rows))),
        node("put", "TensorArrayScatterV3", "array places items array:1", T=INT),
        node("size", "TensorArraySizeV3", "array put"),
    ]


@pytest.mark.parametrize("rows", [1, 2])
def test_rows_go_into_an_array_that_has_room(rows):
    assert run(scattered(rows), ["size:0"])[1] == [2]


def test_rows_for_which_an_array_has_no_room_are_an_error():
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be < array size"):
        run(scattered(3), ["size:0"])


def test_loops_that_are_traced_again_and_again_come_to_an_end(monkeypatch):
    monkeypatch.setattr("rillet.saved_model.graph_reader._MOST_STEPS", 500)
    loops, start = [number("end", 5)], "x"
    for i in range(20):
        loops += looped(f"loop{i}", f"l{i}_", start)
        start = f"l{i}_out"
    run(loops, [f"{start}:0"])
    monkeypatch.setattr("rillet.saved_model.graph_reader._MOST_STEPS", 50)
    with pytest.raises(tf.errors.DataLossError, match="run too many nodes: 50"):
        run(loops, [f"{start}:0"])


def test_switches_that_regions_come_by_again_and_again_are_counted(monkeypatch):
    monkeypatch.setattr("rillet.saved_model.regions._MOST_SEEN", 5)
    with pytest.raises(tf.errors.DataLossError, match="hold too many nodes"):
        run(BRANCH, ["m:0"])
