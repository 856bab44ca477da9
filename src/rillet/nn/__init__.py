"""`tf.nn`: activations, losses of logits, convolutions, normalisation, lookups."""

import importlib as _importlib
import typing as _typing

from rillet.core import missing as _missing
from rillet.nn import experimental as experimental
from rillet.ops import softmax as _softmax
from rillet.ops.activations import crelu as crelu
from rillet.ops.activations import elu as elu
from rillet.ops.activations import gelu as gelu
from rillet.ops.activations import leaky_relu as leaky_relu
from rillet.ops.activations import relu as relu
from rillet.ops.activations import relu6 as relu6
from rillet.ops.activations import selu as selu
from rillet.ops.activations import silu as silu
from rillet.ops.activations import softsign as softsign
from rillet.ops.activations import swish as swish
from rillet.ops.arithmetic import l2_normalize as l2_normalize
from rillet.ops.blocks import batch_to_space as batch_to_space
from rillet.ops.blocks import depth_to_space as depth_to_space
from rillet.ops.blocks import space_to_batch as space_to_batch
from rillet.ops.blocks import space_to_depth as space_to_depth
from rillet.ops.candidate_sampling import all_candidate_sampler as all_candidate_sampler
from rillet.ops.candidate_sampling import (
    fixed_unigram_candidate_sampler as fixed_unigram_candidate_sampler,
)
from rillet.ops.candidate_sampling import (
    learned_unigram_candidate_sampler as learned_unigram_candidate_sampler,
)
from rillet.ops.conv_transposes import (
    atrous_conv2d_transpose as atrous_conv2d_transpose,
)
from rillet.ops.conv_transposes import conv1d_transpose as conv1d_transpose
from rillet.ops.conv_transposes import conv2d_transpose as conv2d_transpose
from rillet.ops.conv_transposes import conv3d_transpose as conv3d_transpose
from rillet.ops.conv_transposes import conv_transpose as conv_transpose
from rillet.ops.convolutions import atrous_conv2d as atrous_conv2d
from rillet.ops.convolutions import conv1d as conv1d
from rillet.ops.convolutions import conv2d as conv2d
from rillet.ops.convolutions import conv3d as conv3d
from rillet.ops.convolutions import convolution as convolution
from rillet.ops.convolutions import depthwise_conv2d as depthwise_conv2d
from rillet.ops.convolutions import (
    depthwise_conv2d_backprop_filter as depthwise_conv2d_backprop_filter,
)
from rillet.ops.convolutions import (
    depthwise_conv2d_backprop_input as depthwise_conv2d_backprop_input,
)
from rillet.ops.convolutions import separable_conv2d as separable_conv2d
from rillet.ops.ctc import collapse_repeated as collapse_repeated
from rillet.ops.ctc import ctc_loss as ctc_loss
from rillet.ops.ctc import ctc_unique_labels as ctc_unique_labels
from rillet.ops.ctc_decoding import (
    ctc_beam_search_decoder as ctc_beam_search_decoder,
)
from rillet.ops.ctc_decoding import ctc_greedy_decoder as ctc_greedy_decoder
from rillet.ops.dropout import dropout as dropout
from rillet.ops.embedding import embedding_lookup as embedding_lookup
from rillet.ops.morphology import dilation2d as dilation2d
from rillet.ops.morphology import erosion2d as erosion2d
from rillet.ops.neural import batch_normalization as batch_normalization
from rillet.ops.neural import bias_add as bias_add
from rillet.ops.neural import compute_average_loss as compute_average_loss
from rillet.ops.neural import l2_loss as l2_loss
from rillet.ops.neural import moments as moments
from rillet.ops.neural import scale_regularization_loss as scale_regularization_loss
from rillet.ops.normalisation import (
    batch_norm_with_global_normalization as batch_norm_with_global_normalization,
)
from rillet.ops.normalisation import (
    local_response_normalization as local_response_normalization,
)
from rillet.ops.normalisation import lrn as lrn
from rillet.ops.normalisation import normalize_moments as normalize_moments
from rillet.ops.normalisation import sufficient_statistics as sufficient_statistics
from rillet.ops.normalisation import weighted_moments as weighted_moments
from rillet.ops.pool_functions import avg_pool as avg_pool
from rillet.ops.pool_functions import avg_pool1d as avg_pool1d
from rillet.ops.pool_functions import avg_pool2d as avg_pool2d
from rillet.ops.pool_functions import avg_pool3d as avg_pool3d
from rillet.ops.pool_functions import max_pool as max_pool
from rillet.ops.pool_functions import max_pool1d as max_pool1d
from rillet.ops.pool_functions import max_pool2d as max_pool2d
from rillet.ops.pool_functions import max_pool3d as max_pool3d
from rillet.ops.pool_variants import max_pool_with_argmax as max_pool_with_argmax
from rillet.ops.pool_variants import pool as pool
from rillet.ops.sampled_losses import compute_accidental_hits as compute_accidental_hits
from rillet.ops.sampled_losses import log_poisson_loss as log_poisson_loss
from rillet.ops.sampled_losses import nce_loss as nce_loss
from rillet.ops.sampled_losses import sampled_softmax_loss as sampled_softmax_loss
from rillet.ops.sigmoid_losses import (
    sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits,
)
from rillet.ops.sigmoid_losses import (
    weighted_cross_entropy_with_logits as weighted_cross_entropy_with_logits,
)
from rillet.ops.softmax import log_softmax as log_softmax
from rillet.ops.softmax import softmax as softmax
from rillet.ops.softmax import (
    softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits,
)
from rillet.ops.sorting import in_top_k as in_top_k
from rillet.ops.sorting import top_k as top_k
from rillet.ops.sparse.embedding import (
    embedding_lookup_sparse as embedding_lookup_sparse,
)
from rillet.ops.sparse.embedding import (
    safe_embedding_lookup_sparse as safe_embedding_lookup_sparse,
)
from rillet.ops.statistics import zero_fraction as zero_fraction
from rillet.ops.transcendental import sigmoid as sigmoid
from rillet.ops.transcendental import softplus as softplus
from rillet.ops.transcendental import tanh as tanh

sparse_softmax_cross_entropy_with_logits = (
    _softmax.sparse_softmax_cross_entropy_with_logits
)

#: The modules here that are public.
_namespaces = ("experimental",)
#: Wrappers of recurrent cells: layers of Keras, which loads with the first of them.
_CELLS = ("RNNCellDeviceWrapper", "RNNCellDropoutWrapper", "RNNCellResidualWrapper")

if _typing.TYPE_CHECKING:
    from rillet.keras.layers.cell_wrappers import (
        RNNCellDeviceWrapper as RNNCellDeviceWrapper,
    )
    from rillet.keras.layers.cell_wrappers import (
        RNNCellDropoutWrapper as RNNCellDropoutWrapper,
    )
    from rillet.keras.layers.cell_wrappers import (
        RNNCellResidualWrapper as RNNCellResidualWrapper,
    )
else:

    def __getattr__(name: str) -> _typing.Any:
        if name in _CELLS:
            layers = _importlib.import_module("rillet.keras.layers.cell_wrappers")
            value = getattr(layers, name)
        elif name == "__all__":
            value = __dir__()
        else:
            raise _missing.missing_name("tf.nn", name, __dir__)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*_CELLS, *(n for n in globals() if not n.startswith("_"))})
