"""`tf.nn`: activations, losses of logits, convolutions, normalisation, lookups."""

from rillet.ops.activations import crelu as crelu
from rillet.ops.activations import elu as elu
from rillet.ops.activations import leaky_relu as leaky_relu
from rillet.ops.activations import relu as relu
from rillet.ops.activations import relu6 as relu6
from rillet.ops.activations import selu as selu
from rillet.ops.activations import silu as silu
from rillet.ops.activations import softsign as softsign
from rillet.ops.activations import swish as swish
from rillet.ops.neural import batch_normalization as batch_normalization
from rillet.ops.neural import bias_add as bias_add
from rillet.ops.neural import compute_average_loss as compute_average_loss
from rillet.ops.neural import l2_loss as l2_loss
from rillet.ops.neural import moments as moments
from rillet.ops.neural import scale_regularization_loss as scale_regularization_loss
from rillet.ops.softmax import log_softmax as log_softmax
from rillet.ops.softmax import (
    sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits,
)
from rillet.ops.softmax import softmax as softmax
from rillet.ops.softmax import (
    softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits,
)
from rillet.ops.softmax import (
    sparse_softmax_cross_entropy_with_logits as sparse_softmax_cross_entropy_with_logits,
)
from rillet.ops.softmax import (
    weighted_cross_entropy_with_logits as weighted_cross_entropy_with_logits,
)
