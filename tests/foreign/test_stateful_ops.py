"""Ops of TensorFlow that act outside of a model are refused, unknown, or known safe.

An op that rillet does not know is refused with the model; of those that it runs, each
that TensorFlow calls stateful stands here with what it touches.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rillet.saved_model.op_readers import FORBIDDEN
from rillet.saved_model.reader_table import reader_of
from rillet.saved_model.records import record_of

REGISTRY = """
import json
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session as session
ops = op_def_pb2.OpList()
ops.ParseFromString(session.TF_GetBuffer(session.TF_GetAllOpList()))
print("FOUND" + json.dumps({op.name: op.is_stateful for op in ops.op}))
"""
#: What stateful ops that loaded models may run touch: all is the model's own, but for
#: the clock, the screen, and files of words, which must lie in the model's folder.
SAFE = re.compile(
    r"""(Resource|Lookup|MutableHashTable|MutableDenseHashTable|AnonymousHashTable
    |AnonymousMutable|TensorArray|InitializeTable|Assign).*
    |HashTable(V2)?|Variable(V2|Shape)?|VarHandleOp|VarIsInitializedOp|ReadVariableOp
    |DisableCopyOnRead|_Retval|Empty|RngSkip|RngReadAndSkip
    |Random(Uniform|UniformInt|StandardNormal|Shuffle|Gamma|PoissonV2)
    |TruncatedNormal|Multinomial|SampleDistortedBoundingBoxV2
    |\w+CandidateSampler|StatefulPartitionedCall|While|If|Case
    |Assert|CheckNumerics|Timestamp|PrintV2""",
    re.VERBOSE,
)
#: Words of names that speak of files, networks, other processes or Python.
OUTSIDE = re.compile(
    r"File|Save|Restore|Dump|Debug|Summary|Rpc|PyFunc|Remote|Send|Recv|Load|Dataset|Sql"
    r"|LMDB|Collective|Checkpoint|Directory|Disk"
)


def test_what_acts_outside_is_refused(asked: Callable[..., Any]) -> None:
    registry = asked(REGISTRY)
    assert len(registry) > 1900
    runs = [
        op
        for op in registry
        if op not in FORBIDDEN and (reader_of(op) or record_of(op))
    ]
    stateful = {op for op in runs if registry[op]}
    assert not [op for op in sorted(stateful) if not SAFE.fullmatch(op)]
    # TensorFlow does not call each op stateful that reads a file.
    assert sorted(op for op in runs if OUTSIDE.search(op)) == [
        "InitializeTableFromTextFile",
        "InitializeTableFromTextFileV2",
    ]


def test_each_refused_op_is_in_the_registry(asked: Callable[..., Any]) -> None:
    assert not FORBIDDEN - set(asked(REGISTRY))
