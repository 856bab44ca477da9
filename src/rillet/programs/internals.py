"""Where the inner modules of TensorFlow and Keras find their names in rillet.

Programs reach past the public interface: ``from tensorflow.python.framework import
ops``, ``from keras.layers.core import Dense``. The tables here say, module by module,
which public namespaces of rillet hold such names; nothing flows in, and ``names`` is
the only reader. ``""`` stands for rillet's own top level.
"""

from __future__ import annotations

KERAS_PREFIXES = (
    "keras.src",
    "keras.api._v2.keras",
    "keras.api",
    "keras._tf_keras.keras",
    "keras",
    "tf_keras.src",
    "tf_keras.api._v2.keras",
    "tf_keras",
    "tensorflow.python.keras",
    "tensorflow.keras",
    "tensorflow_core.python.keras",
    "tensorflow_core.keras",
)
"""Roots under which ``layers``, ``models`` and the other families of Keras stand."""

PRIVATE_PREFIXES = (
    "keras.src",
    "tf_keras.src",
    "tensorflow.python.keras",
    "tensorflow.python.distribute",
    "tensorflow.python.ops.ragged",
    "tensorflow.python.ops.signal",
    "tensorflow.python.saved_model",
    "tensorflow.python.trackable",
    "tensorflow.python.training.tracking",
)
"""Roots that were private whole: a file below a module of theirs means that module."""

TENSORFLOW_PREFIXES = (
    "tensorflow.compat.v2",
    "tensorflow._api.v2.v2",
    "tensorflow._api.v2",
    "tensorflow_core._api.v2",
    "tensorflow_core",
    "tensorflow",
)
"""Roots that mean the top level of TensorFlow 2."""

KERAS_FAMILIES = frozenset(
    """activations applications backend callbacks constraints datasets initializers
    layers losses metrics mixed_precision models optimizers preprocessing regularizers
    saving utils""".split()
)

_ENGINE = ("keras", "keras.layers", "keras.models", "keras.utils")

KERAS_MODULES: dict[str, tuple[str, ...]] = {
    "engine": _ENGINE,
    "legacy": _ENGINE,
    "optimizer_v1": ("keras.optimizers",),
    "optimizer_v2": ("keras.optimizers",),
    "objectives": ("keras.losses",),
    "wrappers": ("keras.wrappers",),
}
"""Modules of Keras that were moved as a whole, by their path below the root."""

KERAS_CHILDREN: dict[str, frozenset[str]] = {
    "layers": frozenset(
        """activation advanced_activations attention convolutional
        convolutional_recurrent core cudnn_recurrent dense_attention einsum_dense
        embeddings experimental kernelized local locally_connected merge merging
        noise normalization normalization_v2 pooling preprocessing recurrent
        recurrent_v2 regularization reshaping rnn rnn_cell_wrapper_v2 serialization
        wrappers""".split()
    ),
    "utils": frozenset(
        """all_utils audio_dataset conv_utils data_utils dataset_utils generic_utils
        image_dataset image_utils io_utils layer_utils losses_utils metrics_utils
        multi_gpu_utils np_utils sequence_utils summary_utils test_utils
        text_dataset tf_utils traceback_utils training_utils vis_utils""".split()
    ),
    "optimizers": frozenset(
        """adadelta adafactor adagrad adam adamax adamw experimental ftrl legacy
        lion loss_scale_optimizer nadam optimizer optimizer_experimental
        optimizer_v1 optimizer_v2 rmsprop sgd""".split()
    ),
    "initializers": frozenset(
        """constant_initializers initializers initializers_v1 initializers_v2
        random_initializers""".split()
    ),
    "callbacks": frozenset("callbacks tensorboard_callback early_stopping".split()),
    "metrics": frozenset(
        """accuracy_metrics base_metric confusion_metrics iou_metrics metrics
        probabilistic_metrics regression_metrics""".split()
    ),
    "losses": frozenset("losses".split()),
    "models": frozenset("cloning functional model sequential sharpness".split()),
    "saving": frozenset(
        "hdf5_format legacy object_registration save saving_api saving_lib".split()
    ),
    "regularizers": frozenset("regularizers".split()),
    "constraints": frozenset("constraints".split()),
    "activations": frozenset("activations".split()),
}
"""Old files inside a public family: ``keras.layers.core`` holds names of ``layers``."""

_V1 = "compat.v1"

PYTHON_MODULES: dict[str, tuple[str, ...]] = {
    "autograph": ("autograph",),
    "client.session": (_V1,),
    "data": ("data",),
    "data.experimental": ("data.experimental",),
    "data.ops.dataset_ops": ("data",),
    "data.ops.iterator_ops": ("data", _V1),
    "distribute": ("distribute",),
    "eager.backprop": ("",),
    "eager.context": ("", "config", _V1),
    "eager.def_function": ("",),
    "eager.forwardprop": ("autodiff",),
    "eager.function": ("",),
    "eager.polymorphic_function.polymorphic_function": ("",),
    "framework.config": ("config", "config.experimental", "config.threading"),
    "framework.constant_op": ("",),
    "framework.device": ("",),
    "framework.dtypes": ("dtypes", ""),
    "framework.errors": ("errors",),
    "framework.errors_impl": ("errors",),
    "framework.func_graph": ("__internal__", ""),
    "framework.indexed_slices": ("",),
    "framework.ops": ("", _V1),
    "framework.random_seed": ("random", _V1),
    "framework.sparse_tensor": ("sparse", ""),
    "framework.tensor": ("",),
    "framework.tensor_shape": ("", _V1),
    "framework.tensor_spec": ("",),
    "framework.tensor_util": ("", _V1),
    "framework.type_spec": ("",),
    "framework.versions": ("version",),
    "layers.layers": (f"{_V1}.layers",),
    "lib.io.tf_record": ("io",),
    "module.module": ("",),
    "ops.array_ops": ("",),
    "ops.array_ops_stack": ("",),
    "ops.bitwise_ops": ("bitwise",),
    "ops.check_ops": ("debugging", _V1),
    "ops.clip_ops": ("",),
    "ops.cond": ("",),
    "ops.confusion_matrix": ("math",),
    "ops.control_flow_assert": ("debugging", ""),
    "ops.control_flow_ops": ("", _V1),
    "ops.ctc_ops": ("nn",),
    "ops.custom_gradient": ("",),
    "ops.embedding_ops": ("nn",),
    "ops.functional_ops": ("",),
    "ops.gen_array_ops": ("raw_ops", ""),
    "ops.gen_math_ops": ("raw_ops", "math", ""),
    "ops.gen_nn_ops": ("raw_ops", "nn"),
    "ops.gradient_checker_v2": ("test",),
    "ops.gradients": ("", _V1),
    "ops.gradients_impl": ("", _V1),
    "ops.image_ops": ("image",),
    "ops.image_ops_impl": ("image",),
    "ops.init_ops": (_V1, "keras.initializers"),
    "ops.init_ops_v2": ("keras.initializers", ""),
    "ops.io_ops": ("io",),
    "ops.linalg": ("linalg",),
    "ops.linalg.linalg": ("linalg",),
    "ops.linalg_ops": ("linalg", ""),
    "ops.logging_ops": ("",),
    "ops.lookup_ops": ("lookup",),
    "ops.losses.losses": (f"{_V1}.losses",),
    "ops.map_fn": ("",),
    "ops.math_ops": ("math", "", _V1),
    "ops.nn": ("nn", f"{_V1}.nn"),
    "ops.nn_impl": ("nn", f"{_V1}.nn"),
    "ops.nn_ops": ("nn", f"{_V1}.nn"),
    "ops.parsing_ops": ("io",),
    "ops.ragged": ("ragged", ""),
    "ops.random_ops": ("random", _V1),
    "ops.resource_variable_ops": ("",),
    "ops.rnn_cell": (f"{_V1}.nn.rnn_cell",),
    "ops.script_ops": ("",),
    "ops.sets": ("sets",),
    "ops.signal": ("signal",),
    "ops.sort_ops": ("",),
    "ops.sparse_ops": ("sparse",),
    "ops.special_math_ops": ("math", ""),
    "ops.state_ops": ("", _V1),
    "ops.stateful_random_ops": ("random",),
    "ops.stateless_random_ops": ("random",),
    "ops.string_ops": ("strings",),
    "ops.summary_ops_v2": ("summary",),
    "ops.tensor_array_ops": ("",),
    "ops.unconnected_gradients": ("",),
    "ops.variable_scope": (_V1,),
    "ops.variables": ("", _V1),
    "ops.while_loop": ("",),
    "platform.gfile": ("io.gfile", f"{_V1}.gfile"),
    "platform.test": ("test",),
    "platform.tf_logging": (f"{_V1}.logging",),
    "saved_model": ("saved_model",),
    "summary": ("summary",),
    "trackable": ("train", "__internal__.tracking"),
    "training.adam": (f"{_V1}.train",),
    "training.moving_averages": ("train", f"{_V1}.train"),
    "training.optimizer": (f"{_V1}.train",),
    "training.saver": (f"{_V1}.train",),
    "training.tracking": ("train", "__internal__.tracking"),
    "training.training": ("train", f"{_V1}.train"),
    "training.training_util": (f"{_V1}.train",),
    "types.core": ("types.experimental", ""),
    "util.compat": ("compat",),
    "util.nest": ("nest",),
}
"""Files below ``tensorflow.python``, and the public namespaces with their names."""

RENAMED = {
    "BaseResourceVariable": "Variable",
    "DatasetV2": "data.Dataset",
    "EagerTensor": "Tensor",
    "HessiansV2": "hessians",
    "IteratorBase": "data.Iterator",
    "MakeNdarray": "make_ndarray",
    "MutableHashTable": "lookup.experimental.MutableHashTable",
    "OwnedIterator": "data.Iterator",
    "ResourceVariable": "Variable",
    "SymbolicTensor": "Tensor",
    "VariableAggregationV2": "VariableAggregation",
    "check_numerics": "debugging.check_numerics",
    "constant_value": "get_static_value",
    "create_file_writer_v2": "summary.create_file_writer",
    "cross": "linalg.cross",
    "device_v2": "device",
    "diag": "linalg.tensor_diag",
    "floor_div": "math.floordiv",
    "floor_mod": "math.floormod",
    "get_log_device_placement": "debugging.get_log_device_placement",
    "get_optimizer_jit": "config.optimizer.get_jit",
    "get_step": "summary.experimental.get_step",
    "gradients_v2": "gradients",
    "invert_permutation": "math.invert_permutation",
    "is_tf_type": "is_tensor",
    "matrix_band_part": "linalg.band_part",
    "name_scope_v2": "name_scope",
    "neg": "math.negative",
    "next_after": "math.nextafter",
    "real_div": "realdiv",
    "set_log_device_placement": "debugging.set_log_device_placement",
    "set_step": "summary.experimental.set_step",
    "sparse_add_v2": "sparse.add",
    "sparse_concat_v2": "sparse.concat",
    "sparse_expand_dims": "sparse.expand_dims",
    "sparse_eye": "sparse.eye",
    "sparse_mask": "sparse.mask",
    "sparse_reorder": "sparse.reorder",
    "sparse_segment_mean_v2": "sparse.segment_mean",
    "sparse_segment_sum_v2": "sparse.segment_sum",
    "sparse_slice": "sparse.slice",
    "sparse_softmax": "sparse.softmax",
    "truncate_div": "truncatediv",
    "truncate_mod": "truncatemod",
}
"""Names inside TensorFlow's files whose public name reads otherwise."""

PUBLIC_IF_THERE = frozenset(
    """layers.experimental optimizers.experimental optimizers.legacy
    saving.legacy""".split()
)
"""Old files that were public as well: rillet's own, where it has them, go first."""


def _folders(name: str) -> list[str]:
    """Return every folder above a module: ``a.b.c`` lies in ``a.b`` and in ``a``."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


FOLDERS = frozenset(
    folder
    for name in (
        "tensorflow.compat.v2",
        "tensorflow.python.client.device_lib",
        *(f"tensorflow.python.{name}" for name in PYTHON_MODULES),
        *KERAS_PREFIXES,
        *TENSORFLOW_PREFIXES,
    )
    for folder in _folders(name)
)
"""Modules that only hold modules; some are namespaces of rillet all the same."""
