"""`tf.keras.layers`: the parts that models are made of."""

from rillet.keras.base_layer import Layer as Layer
from rillet.keras.input_layer import Input as Input
from rillet.keras.input_layer import InputLayer as InputLayer
from rillet.keras.input_spec import InputSpec as InputSpec
from rillet.keras.layers.activation import ELU as ELU
from rillet.keras.layers.activation import LeakyReLU as LeakyReLU
from rillet.keras.layers.activation import PReLU as PReLU
from rillet.keras.layers.activation import ReLU as ReLU
from rillet.keras.layers.activation import Softmax as Softmax
from rillet.keras.layers.activation import ThresholdedReLU as ThresholdedReLU
from rillet.keras.layers.core import Activation as Activation
from rillet.keras.layers.core import Dense as Dense
from rillet.keras.layers.core import Lambda as Lambda
from rillet.keras.layers.core import Masking as Masking
from rillet.keras.layers.dropout import Dropout as Dropout
from rillet.keras.layers.registry import deserialize as deserialize
from rillet.keras.layers.registry import serialize as serialize
from rillet.keras.layers.shaping import Flatten as Flatten
from rillet.keras.layers.shaping import Permute as Permute
from rillet.keras.layers.shaping import RepeatVector as RepeatVector
from rillet.keras.layers.shaping import Rescaling as Rescaling
from rillet.keras.layers.shaping import Reshape as Reshape
