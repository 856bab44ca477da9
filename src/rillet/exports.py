"""The table of top-level names: `rillet.NAME` and the module that it comes from.

`rillet.__init__` resolves them on first use, `scripts/make_stub.py` writes the type
stub `__init__.pyi` from them. A row is «module: names»; ``old=new`` gives `new` in the
module the public name `old`.
"""

from __future__ import annotations

import importlib.util
from typing import Final

_TABLE: Final[dict[str, str]] = {
    "rillet.core.context": "executing_eagerly",
    "rillet.core.convert": (
        "constant convert_to_tensor register_tensor_conversion_function"
    ),
    "rillet.core.devices": "device",
    "rillet.core.dtypes": (
        "DType as_dtype bfloat16 bool=bool_ complex64 complex128 double float16 float32"
        " float64 half int8 int16 int32 int64 qint8 qint16 qint32 quint8 quint16"
        " resource string uint8 uint16 uint32 uint64 variant"
    ),
    "rillet.core.indexed_slices": "IndexedSlices IndexedSlicesSpec",
    "rillet.core.logger": "get_logger",
    "rillet.core.scopes": "control_dependencies init_scope name_scope",
    "rillet.core.shapes": "TensorShape",
    "rillet.core.spec": "TensorSpec TypeSpec",
    "rillet.core.tensor": "Tensor is_tensor",
    "rillet.core.type_specs": "type_spec_from_value",
    "rillet.core.variable": "Variable VariableAggregation VariableSynchronization",
    "rillet.autodiff.custom": "custom_gradient grad_pass_through recompute_grad",
    "rillet.autodiff.sources": "UnconnectedGradients",
    "rillet.autodiff.tape": "GradientTape",
    # not `function`: importing a submodule of that name would hide `tf.function`
    "rillet.functions": "function",
    "rillet.graph.ir": "Graph Operation=Node",
    "rillet.module": "Module",
    "rillet.keras.initializers.tensorflow": (
        "constant_initializer ones_initializer random_normal_initializer"
        " random_uniform_initializer zeros_initializer"
    ),
    "rillet.ops.checks": "Assert assert_equal assert_greater assert_less",
    "rillet.ops.form_checks": "assert_rank",
    "rillet.ops.linalg": "eig eigvals matrix_square_root=sqrtm",
    "rillet.ops.control": "case cond switch_case",
    "rillet.ops.loops": "while_loop",
    "rillet.ops.functional": "foldl foldr map_fn scan vectorized_map",
    "rillet.ops.host_functions": "numpy_function py_function",
    "rillet.ops.tensor_array": "TensorArray",
    "rillet.ops.printing": "print=print_ timestamp",
    "rillet.ops.static": "get_static_value",
    "rillet.ops.strings": "as_string",
    "rillet.ops.blocks": (
        "batch_to_space required_space_to_batch_paddings space_to_batch"
        " space_to_batch_nd"
    ),
    "rillet.ops.gather": "gather",
    "rillet.ops.gather_nd": (
        "gather_nd scatter_nd tensor_scatter_nd_add tensor_scatter_nd_max"
        " tensor_scatter_nd_min tensor_scatter_nd_sub tensor_scatter_nd_update"
    ),
    "rillet.ops.mask": "boolean_mask where",
    "rillet.ops.strided": "slice=slice_ strided_slice",
    "rillet.ops.transposes": "transpose",
    "rillet.ops.array": "concat stack unstack",
    "rillet.ops.filling": "eye fill ones ones_like zeros zeros_like",
    "rillet.ops.identity": (
        "bitcast group guarantee_const identity identity_n no_op parallel_stack"
        " stop_gradient"
    ),
    "rillet.ops.one_hot": "one_hot sequence_mask",
    "rillet.ops.patches": "reverse_sequence unravel_index",
    "rillet.ops.rearrange": "expand_dims meshgrid reverse roll squeeze",
    "rillet.ops.sizes": (
        "broadcast_dynamic_shape broadcast_static_shape ensure_shape rank shape shape_n"
        " size"
    ),
    "rillet.ops.ragged.spec": "RaggedTensorSpec",
    "rillet.ops.ragged.tensor": "RaggedTensor",
    "rillet.ops.sorting": "argsort searchsorted sort",
    # which signs the operators in
    "rillet.ops.sparse.operators": "SparseTensor SparseTensorSpec",
    "rillet.ops.sparse.distance": "edit_distance",
    "rillet.ops.splits": "split",
    "rillet.ops.tiling": "pad repeat tile",
    "rillet.ops.unique": ("dynamic_partition dynamic_stitch unique unique_with_counts"),
    "rillet.ops.compare": (
        "equal greater greater_equal less less_equal logical_and logical_not logical_or"
        " not_equal"
    ),
    "rillet.ops.casting": "cast saturate_cast",
    "rillet.ops.einsum": "einsum tensordot",
    "rillet.ops.norms": "norm",
    "rillet.ops.elementwise": (
        "abs add exp maximum minimum multiply negative pow sign sqrt square subtract"
    ),
    "rillet.ops.quotients": "divide floordiv realdiv truediv",
    "rillet.ops.arithmetic": "add_n scalar_mul",
    "rillet.ops.complexes": "complex",
    "rillet.ops.counting": "histogram_fixed_width histogram_fixed_width_bins",
    "rillet.ops.rounding": "floor round truncatediv truncatemod",
    "rillet.ops.transcendental": (
        "acos acosh asin asinh atan atan2 atanh cos cosh sigmoid sin sinh tan tanh"
    ),
    "rillet.ops.clip": "clip_by_global_norm clip_by_norm clip_by_value",
    "rillet.ops.cumulative": "cumsum",
    "rillet.ops.positions": "argmax argmin",
    "rillet.ops.products": "matmul",
    "rillet.ops.reduce": (
        "reduce_all reduce_any reduce_max reduce_mean reduce_min reduce_prod"
    ),
    "rillet.ops.sequences": "linspace range",
    "rillet.ops.statistics": "reduce_logsumexp",
    "rillet.programs.alias": "install_as_tensorflow",
    "rillet.ops.shaping": "broadcast_to reduce_sum reshape",
}

#: Namespaces that are modules of their own: `rillet.math` and so on.
NAMESPACES: Final[tuple[str, ...]] = (
    "audio",
    "autodiff",
    "autograph",
    "bitwise",
    "compat",
    "config",
    "data",
    "debugging",
    "distribute",
    "dtypes",
    "errors",
    "experimental",
    "explain",
    "image",
    "initializers",
    "io",
    "keras",
    "linalg",
    "lookup",
    "losses",
    "math",
    "metrics",
    "nest",
    "nn",
    "optimizers",
    "playground",
    "ragged",
    "random",
    "saved_model",
    "sets",
    "signal",
    "sparse",
    "strings",
    "summary",
    "sysconfig",
    "test",
    "train",
    "version",
)


def resolve() -> dict[str, tuple[str, str]]:
    """Every top-level name with its module and its name there."""
    found: dict[str, tuple[str, str]] = {}
    for module, names in _TABLE.items():
        for item in names.split():
            public, _, inner = item.partition("=")
            found[public] = (module, inner or public)
    return found


def is_present(namespace: str) -> bool:
    """Whether a namespace's module stands in the package."""
    return importlib.util.find_spec(f"rillet.{namespace}") is not None
