"""Types of the names that rillet resolves on first use.

Made by scripts/make_stub.py from rillet/exports.py; do not edit.
"""

from rillet import audio as audio
from rillet import autodiff as autodiff
from rillet import autograph as autograph
from rillet import bitwise as bitwise
from rillet import compat as compat
from rillet import config as config
from rillet import data as data
from rillet import debugging as debugging
from rillet import distribute as distribute
from rillet import dtypes as dtypes
from rillet import errors as errors
from rillet import experimental as experimental
from rillet import explain as explain
from rillet import image as image
from rillet import initializers as initializers
from rillet import io as io
from rillet import keras as keras
from rillet import linalg as linalg
from rillet import lookup as lookup
from rillet import losses as losses
from rillet import math as math
from rillet import metrics as metrics
from rillet import nest as nest
from rillet import nn as nn
from rillet import optimizers as optimizers
from rillet import playground as playground
from rillet import ragged as ragged
from rillet import random as random
from rillet import saved_model as saved_model
from rillet import sets as sets
from rillet import signal as signal
from rillet import sparse as sparse
from rillet import strings as strings
from rillet import summary as summary
from rillet import sysconfig as sysconfig
from rillet import test as test
from rillet import train as train
from rillet import version as version
from rillet.autodiff.custom import custom_gradient as custom_gradient
from rillet.autodiff.custom import grad_pass_through as grad_pass_through
from rillet.autodiff.custom import recompute_grad as recompute_grad
from rillet.autodiff.sources import UnconnectedGradients as UnconnectedGradients
from rillet.autodiff.tape import GradientTape as GradientTape
from rillet.core.context import executing_eagerly as executing_eagerly
from rillet.core.convert import constant as constant
from rillet.core.convert import convert_to_tensor as convert_to_tensor
from rillet.core.convert import (
    register_tensor_conversion_function as register_tensor_conversion_function,
)
from rillet.core.devices import device as device
from rillet.core.dtypes import DType as DType
from rillet.core.dtypes import as_dtype as as_dtype
from rillet.core.dtypes import bfloat16 as bfloat16
from rillet.core.dtypes import bool_ as bool
from rillet.core.dtypes import complex64 as complex64
from rillet.core.dtypes import complex128 as complex128
from rillet.core.dtypes import double as double
from rillet.core.dtypes import float16 as float16
from rillet.core.dtypes import float32 as float32
from rillet.core.dtypes import float64 as float64
from rillet.core.dtypes import half as half
from rillet.core.dtypes import int8 as int8
from rillet.core.dtypes import int16 as int16
from rillet.core.dtypes import int32 as int32
from rillet.core.dtypes import int64 as int64
from rillet.core.dtypes import qint8 as qint8
from rillet.core.dtypes import qint16 as qint16
from rillet.core.dtypes import qint32 as qint32
from rillet.core.dtypes import quint8 as quint8
from rillet.core.dtypes import quint16 as quint16
from rillet.core.dtypes import resource as resource
from rillet.core.dtypes import string as string
from rillet.core.dtypes import uint8 as uint8
from rillet.core.dtypes import uint16 as uint16
from rillet.core.dtypes import uint32 as uint32
from rillet.core.dtypes import uint64 as uint64
from rillet.core.dtypes import variant as variant
from rillet.core.indexed_slices import IndexedSlices as IndexedSlices
from rillet.core.indexed_slices import IndexedSlicesSpec as IndexedSlicesSpec
from rillet.core.logger import get_logger as get_logger
from rillet.core.scopes import control_dependencies as control_dependencies
from rillet.core.scopes import init_scope as init_scope
from rillet.core.scopes import name_scope as name_scope
from rillet.core.shapes import TensorShape as TensorShape
from rillet.core.spec import TensorSpec as TensorSpec
from rillet.core.spec import TypeSpec as TypeSpec
from rillet.core.tensor import Tensor as Tensor
from rillet.core.tensor import is_tensor as is_tensor
from rillet.core.type_specs import type_spec_from_value as type_spec_from_value
from rillet.core.variable import Variable as Variable
from rillet.core.variable import VariableAggregation as VariableAggregation
from rillet.core.variable import VariableSynchronization as VariableSynchronization
from rillet.functions import function as function
from rillet.graph.ir import Graph as Graph
from rillet.graph.ir import Node as Operation
from rillet.keras.initializers.tensorflow import (
    constant_initializer as constant_initializer,
)
from rillet.keras.initializers.tensorflow import ones_initializer as ones_initializer
from rillet.keras.initializers.tensorflow import (
    random_normal_initializer as random_normal_initializer,
)
from rillet.keras.initializers.tensorflow import (
    random_uniform_initializer as random_uniform_initializer,
)
from rillet.keras.initializers.tensorflow import zeros_initializer as zeros_initializer
from rillet.module import Module as Module
from rillet.ops.arithmetic import add_n as add_n
from rillet.ops.arithmetic import scalar_mul as scalar_mul
from rillet.ops.array import concat as concat
from rillet.ops.array import stack as stack
from rillet.ops.array import unstack as unstack
from rillet.ops.blocks import batch_to_space as batch_to_space
from rillet.ops.blocks import (
    required_space_to_batch_paddings as required_space_to_batch_paddings,
)
from rillet.ops.blocks import space_to_batch as space_to_batch
from rillet.ops.blocks import space_to_batch_nd as space_to_batch_nd
from rillet.ops.casting import cast as cast
from rillet.ops.casting import saturate_cast as saturate_cast
from rillet.ops.checks import Assert as Assert
from rillet.ops.checks import assert_equal as assert_equal
from rillet.ops.checks import assert_greater as assert_greater
from rillet.ops.checks import assert_less as assert_less
from rillet.ops.clip import clip_by_global_norm as clip_by_global_norm
from rillet.ops.clip import clip_by_norm as clip_by_norm
from rillet.ops.clip import clip_by_value as clip_by_value
from rillet.ops.compare import equal as equal
from rillet.ops.compare import greater as greater
from rillet.ops.compare import greater_equal as greater_equal
from rillet.ops.compare import less as less
from rillet.ops.compare import less_equal as less_equal
from rillet.ops.compare import logical_and as logical_and
from rillet.ops.compare import logical_not as logical_not
from rillet.ops.compare import logical_or as logical_or
from rillet.ops.compare import not_equal as not_equal
from rillet.ops.complexes import complex as complex
from rillet.ops.control import case as case
from rillet.ops.control import cond as cond
from rillet.ops.control import switch_case as switch_case
from rillet.ops.counting import histogram_fixed_width as histogram_fixed_width
from rillet.ops.counting import histogram_fixed_width_bins as histogram_fixed_width_bins
from rillet.ops.cumulative import cumsum as cumsum
from rillet.ops.einsum import einsum as einsum
from rillet.ops.einsum import tensordot as tensordot
from rillet.ops.elementwise import abs as abs
from rillet.ops.elementwise import add as add
from rillet.ops.elementwise import exp as exp
from rillet.ops.elementwise import maximum as maximum
from rillet.ops.elementwise import minimum as minimum
from rillet.ops.elementwise import multiply as multiply
from rillet.ops.elementwise import negative as negative
from rillet.ops.elementwise import pow as pow
from rillet.ops.elementwise import sign as sign
from rillet.ops.elementwise import sqrt as sqrt
from rillet.ops.elementwise import square as square
from rillet.ops.elementwise import subtract as subtract
from rillet.ops.filling import eye as eye
from rillet.ops.filling import fill as fill
from rillet.ops.filling import ones as ones
from rillet.ops.filling import ones_like as ones_like
from rillet.ops.filling import zeros as zeros
from rillet.ops.filling import zeros_like as zeros_like
from rillet.ops.form_checks import assert_rank as assert_rank
from rillet.ops.functional import foldl as foldl
from rillet.ops.functional import foldr as foldr
from rillet.ops.functional import map_fn as map_fn
from rillet.ops.functional import scan as scan
from rillet.ops.functional import vectorized_map as vectorized_map
from rillet.ops.gather import gather as gather
from rillet.ops.gather_nd import gather_nd as gather_nd
from rillet.ops.gather_nd import scatter_nd as scatter_nd
from rillet.ops.gather_nd import tensor_scatter_nd_add as tensor_scatter_nd_add
from rillet.ops.gather_nd import tensor_scatter_nd_max as tensor_scatter_nd_max
from rillet.ops.gather_nd import tensor_scatter_nd_min as tensor_scatter_nd_min
from rillet.ops.gather_nd import tensor_scatter_nd_sub as tensor_scatter_nd_sub
from rillet.ops.gather_nd import tensor_scatter_nd_update as tensor_scatter_nd_update
from rillet.ops.host_functions import numpy_function as numpy_function
from rillet.ops.host_functions import py_function as py_function
from rillet.ops.identity import bitcast as bitcast
from rillet.ops.identity import group as group
from rillet.ops.identity import guarantee_const as guarantee_const
from rillet.ops.identity import identity as identity
from rillet.ops.identity import identity_n as identity_n
from rillet.ops.identity import no_op as no_op
from rillet.ops.identity import parallel_stack as parallel_stack
from rillet.ops.identity import stop_gradient as stop_gradient
from rillet.ops.linalg import eig as eig
from rillet.ops.linalg import eigvals as eigvals
from rillet.ops.linalg import sqrtm as matrix_square_root
from rillet.ops.loops import while_loop as while_loop
from rillet.ops.mask import boolean_mask as boolean_mask
from rillet.ops.mask import where as where
from rillet.ops.norms import norm as norm
from rillet.ops.one_hot import one_hot as one_hot
from rillet.ops.one_hot import sequence_mask as sequence_mask
from rillet.ops.patches import reverse_sequence as reverse_sequence
from rillet.ops.patches import unravel_index as unravel_index
from rillet.ops.positions import argmax as argmax
from rillet.ops.positions import argmin as argmin
from rillet.ops.printing import print_ as print
from rillet.ops.printing import timestamp as timestamp
from rillet.ops.products import matmul as matmul
from rillet.ops.quotients import divide as divide
from rillet.ops.quotients import floordiv as floordiv
from rillet.ops.quotients import realdiv as realdiv
from rillet.ops.quotients import truediv as truediv
from rillet.ops.ragged.spec import RaggedTensorSpec as RaggedTensorSpec
from rillet.ops.ragged.tensor import RaggedTensor as RaggedTensor
from rillet.ops.rearrange import expand_dims as expand_dims
from rillet.ops.rearrange import meshgrid as meshgrid
from rillet.ops.rearrange import reverse as reverse
from rillet.ops.rearrange import roll as roll
from rillet.ops.rearrange import squeeze as squeeze
from rillet.ops.reduce import reduce_all as reduce_all
from rillet.ops.reduce import reduce_any as reduce_any
from rillet.ops.reduce import reduce_max as reduce_max
from rillet.ops.reduce import reduce_mean as reduce_mean
from rillet.ops.reduce import reduce_min as reduce_min
from rillet.ops.reduce import reduce_prod as reduce_prod
from rillet.ops.rounding import floor as floor
from rillet.ops.rounding import round as round
from rillet.ops.rounding import truncatediv as truncatediv
from rillet.ops.rounding import truncatemod as truncatemod
from rillet.ops.sequences import linspace as linspace
from rillet.ops.sequences import range as range
from rillet.ops.shaping import broadcast_to as broadcast_to
from rillet.ops.shaping import reduce_sum as reduce_sum
from rillet.ops.shaping import reshape as reshape
from rillet.ops.sizes import broadcast_dynamic_shape as broadcast_dynamic_shape
from rillet.ops.sizes import broadcast_static_shape as broadcast_static_shape
from rillet.ops.sizes import ensure_shape as ensure_shape
from rillet.ops.sizes import rank as rank
from rillet.ops.sizes import shape as shape
from rillet.ops.sizes import shape_n as shape_n
from rillet.ops.sizes import size as size
from rillet.ops.sorting import argsort as argsort
from rillet.ops.sorting import searchsorted as searchsorted
from rillet.ops.sorting import sort as sort
from rillet.ops.sparse.distance import edit_distance as edit_distance
from rillet.ops.sparse.operators import SparseTensor as SparseTensor
from rillet.ops.sparse.operators import SparseTensorSpec as SparseTensorSpec
from rillet.ops.splits import split as split
from rillet.ops.static import get_static_value as get_static_value
from rillet.ops.statistics import reduce_logsumexp as reduce_logsumexp
from rillet.ops.strided import slice_ as slice
from rillet.ops.strided import strided_slice as strided_slice
from rillet.ops.strings import as_string as as_string
from rillet.ops.tensor_array import TensorArray as TensorArray
from rillet.ops.tiling import pad as pad
from rillet.ops.tiling import repeat as repeat
from rillet.ops.tiling import tile as tile
from rillet.ops.transcendental import acos as acos
from rillet.ops.transcendental import acosh as acosh
from rillet.ops.transcendental import asin as asin
from rillet.ops.transcendental import asinh as asinh
from rillet.ops.transcendental import atan as atan
from rillet.ops.transcendental import atan2 as atan2
from rillet.ops.transcendental import atanh as atanh
from rillet.ops.transcendental import cos as cos
from rillet.ops.transcendental import cosh as cosh
from rillet.ops.transcendental import sigmoid as sigmoid
from rillet.ops.transcendental import sin as sin
from rillet.ops.transcendental import sinh as sinh
from rillet.ops.transcendental import tan as tan
from rillet.ops.transcendental import tanh as tanh
from rillet.ops.transposes import transpose as transpose
from rillet.ops.unique import dynamic_partition as dynamic_partition
from rillet.ops.unique import dynamic_stitch as dynamic_stitch
from rillet.ops.unique import unique as unique
from rillet.ops.unique import unique_with_counts as unique_with_counts
from rillet.programs.alias import install_as_tensorflow as install_as_tensorflow

__version__: str
newaxis: None

__all__ = [
    "Assert",
    "DType",
    "GradientTape",
    "Graph",
    "IndexedSlices",
    "IndexedSlicesSpec",
    "Module",
    "Operation",
    "RaggedTensor",
    "RaggedTensorSpec",
    "SparseTensor",
    "SparseTensorSpec",
    "Tensor",
    "TensorArray",
    "TensorShape",
    "TensorSpec",
    "TypeSpec",
    "UnconnectedGradients",
    "Variable",
    "VariableAggregation",
    "VariableSynchronization",
    "abs",
    "acos",
    "acosh",
    "add",
    "add_n",
    "argmax",
    "argmin",
    "argsort",
    "as_dtype",
    "as_string",
    "asin",
    "asinh",
    "assert_equal",
    "assert_greater",
    "assert_less",
    "assert_rank",
    "atan",
    "atan2",
    "atanh",
    "audio",
    "autodiff",
    "autograph",
    "batch_to_space",
    "bfloat16",
    "bitcast",
    "bitwise",
    "bool",
    "boolean_mask",
    "broadcast_dynamic_shape",
    "broadcast_static_shape",
    "broadcast_to",
    "case",
    "cast",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "compat",
    "complex",
    "complex128",
    "complex64",
    "concat",
    "cond",
    "config",
    "constant",
    "constant_initializer",
    "control_dependencies",
    "convert_to_tensor",
    "cos",
    "cosh",
    "cumsum",
    "custom_gradient",
    "data",
    "debugging",
    "device",
    "distribute",
    "divide",
    "double",
    "dtypes",
    "dynamic_partition",
    "dynamic_stitch",
    "edit_distance",
    "eig",
    "eigvals",
    "einsum",
    "ensure_shape",
    "equal",
    "errors",
    "executing_eagerly",
    "exp",
    "expand_dims",
    "experimental",
    "explain",
    "eye",
    "fill",
    "float16",
    "float32",
    "float64",
    "floor",
    "floordiv",
    "foldl",
    "foldr",
    "function",
    "gather",
    "gather_nd",
    "get_logger",
    "get_static_value",
    "grad_pass_through",
    "greater",
    "greater_equal",
    "group",
    "guarantee_const",
    "half",
    "histogram_fixed_width",
    "histogram_fixed_width_bins",
    "identity",
    "identity_n",
    "image",
    "init_scope",
    "initializers",
    "install_as_tensorflow",
    "int16",
    "int32",
    "int64",
    "int8",
    "io",
    "is_tensor",
    "keras",
    "less",
    "less_equal",
    "linalg",
    "linspace",
    "logical_and",
    "logical_not",
    "logical_or",
    "lookup",
    "losses",
    "map_fn",
    "math",
    "matmul",
    "matrix_square_root",
    "maximum",
    "meshgrid",
    "metrics",
    "minimum",
    "multiply",
    "name_scope",
    "negative",
    "nest",
    "nn",
    "no_op",
    "norm",
    "not_equal",
    "numpy_function",
    "one_hot",
    "ones",
    "ones_initializer",
    "ones_like",
    "optimizers",
    "pad",
    "parallel_stack",
    "playground",
    "pow",
    "print",
    "py_function",
    "qint16",
    "qint32",
    "qint8",
    "quint16",
    "quint8",
    "ragged",
    "random",
    "random_normal_initializer",
    "random_uniform_initializer",
    "range",
    "rank",
    "realdiv",
    "recompute_grad",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "register_tensor_conversion_function",
    "repeat",
    "required_space_to_batch_paddings",
    "reshape",
    "resource",
    "reverse",
    "reverse_sequence",
    "roll",
    "round",
    "saturate_cast",
    "saved_model",
    "scalar_mul",
    "scan",
    "scatter_nd",
    "searchsorted",
    "sequence_mask",
    "sets",
    "shape",
    "shape_n",
    "sigmoid",
    "sign",
    "signal",
    "sin",
    "sinh",
    "size",
    "slice",
    "sort",
    "space_to_batch",
    "space_to_batch_nd",
    "sparse",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "stop_gradient",
    "strided_slice",
    "string",
    "strings",
    "subtract",
    "summary",
    "switch_case",
    "sysconfig",
    "tan",
    "tanh",
    "tensor_scatter_nd_add",
    "tensor_scatter_nd_max",
    "tensor_scatter_nd_min",
    "tensor_scatter_nd_sub",
    "tensor_scatter_nd_update",
    "tensordot",
    "test",
    "tile",
    "timestamp",
    "train",
    "transpose",
    "truediv",
    "truncatediv",
    "truncatemod",
    "type_spec_from_value",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "unique",
    "unique_with_counts",
    "unravel_index",
    "unstack",
    "variant",
    "vectorized_map",
    "version",
    "where",
    "while_loop",
    "zeros",
    "zeros_initializer",
    "zeros_like",
]
