"""`tf.nn.experimental`: dropout by a seed or by a sampler of one's own."""

from rillet.ops.dropout import general_dropout as general_dropout
from rillet.ops.dropout import stateless_dropout as stateless_dropout
