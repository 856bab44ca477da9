"""`tf.keras.layers`: the parts that models are made of."""

from rillet.keras.base_layer import Layer as Layer
from rillet.keras.input_layer import Input as Input
from rillet.keras.input_layer import InputLayer as InputLayer
from rillet.keras.input_spec import InputSpec as InputSpec
from rillet.keras.layers import experimental as experimental
from rillet.keras.layers.activation import ELU as ELU
from rillet.keras.layers.activation import LeakyReLU as LeakyReLU
from rillet.keras.layers.activation import PReLU as PReLU
from rillet.keras.layers.activation import ReLU as ReLU
from rillet.keras.layers.activation import Softmax as Softmax
from rillet.keras.layers.activation import ThresholdedReLU as ThresholdedReLU
from rillet.keras.layers.attention import AdditiveAttention as AdditiveAttention
from rillet.keras.layers.attention import Attention as Attention
from rillet.keras.layers.augmentation import RandomBrightness as RandomBrightness
from rillet.keras.layers.augmentation import RandomContrast as RandomContrast
from rillet.keras.layers.augmentation import RandomCrop as RandomCrop
from rillet.keras.layers.augmentation import RandomFlip as RandomFlip
from rillet.keras.layers.augmentation import RandomHeight as RandomHeight
from rillet.keras.layers.augmentation import RandomWidth as RandomWidth
from rillet.keras.layers.augmentation_moves import RandomRotation as RandomRotation
from rillet.keras.layers.augmentation_moves import (
    RandomTranslation as RandomTranslation,
)
from rillet.keras.layers.augmentation_moves import RandomZoom as RandomZoom
from rillet.keras.layers.batch_norm import BatchNormalization as BatchNormalization
from rillet.keras.layers.bidirectional import Bidirectional as Bidirectional
from rillet.keras.layers.categories import CategoryEncoding as CategoryEncoding
from rillet.keras.layers.cell_base import AbstractRNNCell as AbstractRNNCell
from rillet.keras.layers.conv_lstm import ConvLSTM1D as ConvLSTM1D
from rillet.keras.layers.conv_lstm import ConvLSTM2D as ConvLSTM2D
from rillet.keras.layers.conv_lstm import ConvLSTM3D as ConvLSTM3D
from rillet.keras.layers.convolution import Conv1D as Conv1D
from rillet.keras.layers.convolution import Conv2D as Conv2D
from rillet.keras.layers.convolution import Conv3D as Conv3D
from rillet.keras.layers.convolution import Convolution1D as Convolution1D
from rillet.keras.layers.convolution import Convolution2D as Convolution2D
from rillet.keras.layers.convolution import Convolution3D as Convolution3D
from rillet.keras.layers.core import Activation as Activation
from rillet.keras.layers.core import Dense as Dense
from rillet.keras.layers.core import Identity as Identity
from rillet.keras.layers.core import Lambda as Lambda
from rillet.keras.layers.core import Masking as Masking
from rillet.keras.layers.depthwise import DepthwiseConv1D as DepthwiseConv1D
from rillet.keras.layers.depthwise import DepthwiseConv2D as DepthwiseConv2D
from rillet.keras.layers.depthwise import SeparableConv1D as SeparableConv1D
from rillet.keras.layers.depthwise import SeparableConv2D as SeparableConv2D
from rillet.keras.layers.depthwise import (
    SeparableConvolution1D as SeparableConvolution1D,
)
from rillet.keras.layers.depthwise import (
    SeparableConvolution2D as SeparableConvolution2D,
)
from rillet.keras.layers.dots import Dot as Dot
from rillet.keras.layers.dots import dot as dot
from rillet.keras.layers.dropout import Dropout as Dropout
from rillet.keras.layers.einsum_dense import EinsumDense as EinsumDense
from rillet.keras.layers.embedding import Embedding as Embedding
from rillet.keras.layers.feature_scaling import Discretization as Discretization
from rillet.keras.layers.feature_scaling import Normalization as Normalization
from rillet.keras.layers.global_pooling import (
    GlobalAveragePooling1D as GlobalAveragePooling1D,
)
from rillet.keras.layers.global_pooling import (
    GlobalAveragePooling2D as GlobalAveragePooling2D,
)
from rillet.keras.layers.global_pooling import (
    GlobalAveragePooling3D as GlobalAveragePooling3D,
)
from rillet.keras.layers.global_pooling import GlobalAvgPool1D as GlobalAvgPool1D
from rillet.keras.layers.global_pooling import GlobalAvgPool2D as GlobalAvgPool2D
from rillet.keras.layers.global_pooling import GlobalAvgPool3D as GlobalAvgPool3D
from rillet.keras.layers.global_pooling import GlobalMaxPool1D as GlobalMaxPool1D
from rillet.keras.layers.global_pooling import GlobalMaxPool2D as GlobalMaxPool2D
from rillet.keras.layers.global_pooling import GlobalMaxPool3D as GlobalMaxPool3D
from rillet.keras.layers.global_pooling import GlobalMaxPooling1D as GlobalMaxPooling1D
from rillet.keras.layers.global_pooling import GlobalMaxPooling2D as GlobalMaxPooling2D
from rillet.keras.layers.global_pooling import GlobalMaxPooling3D as GlobalMaxPooling3D
from rillet.keras.layers.hashing import HashedCrossing as HashedCrossing
from rillet.keras.layers.hashing import Hashing as Hashing
from rillet.keras.layers.locally_connected import (
    LocallyConnected1D as LocallyConnected1D,
)
from rillet.keras.layers.locally_connected import (
    LocallyConnected2D as LocallyConnected2D,
)
from rillet.keras.layers.lookups import IntegerLookup as IntegerLookup
from rillet.keras.layers.lookups import StringLookup as StringLookup
from rillet.keras.layers.margins import Cropping1D as Cropping1D
from rillet.keras.layers.margins import Cropping2D as Cropping2D
from rillet.keras.layers.margins import Cropping3D as Cropping3D
from rillet.keras.layers.margins import ZeroPadding1D as ZeroPadding1D
from rillet.keras.layers.margins import ZeroPadding2D as ZeroPadding2D
from rillet.keras.layers.margins import ZeroPadding3D as ZeroPadding3D
from rillet.keras.layers.merging import Add as Add
from rillet.keras.layers.merging import Average as Average
from rillet.keras.layers.merging import Concatenate as Concatenate
from rillet.keras.layers.merging import Maximum as Maximum
from rillet.keras.layers.merging import Minimum as Minimum
from rillet.keras.layers.merging import Multiply as Multiply
from rillet.keras.layers.merging import Subtract as Subtract
from rillet.keras.layers.merging import add as add
from rillet.keras.layers.merging import average as average
from rillet.keras.layers.merging import concatenate as concatenate
from rillet.keras.layers.merging import maximum as maximum
from rillet.keras.layers.merging import minimum as minimum
from rillet.keras.layers.merging import multiply as multiply
from rillet.keras.layers.merging import subtract as subtract
from rillet.keras.layers.multi_head import MultiHeadAttention as MultiHeadAttention
from rillet.keras.layers.noise import ActivityRegularization as ActivityRegularization
from rillet.keras.layers.noise import AlphaDropout as AlphaDropout
from rillet.keras.layers.noise import GaussianDropout as GaussianDropout
from rillet.keras.layers.noise import GaussianNoise as GaussianNoise
from rillet.keras.layers.noise import SpatialDropout1D as SpatialDropout1D
from rillet.keras.layers.noise import SpatialDropout2D as SpatialDropout2D
from rillet.keras.layers.noise import SpatialDropout3D as SpatialDropout3D
from rillet.keras.layers.normalization import GroupNormalization as GroupNormalization
from rillet.keras.layers.normalization import LayerNormalization as LayerNormalization
from rillet.keras.layers.normalization import UnitNormalization as UnitNormalization
from rillet.keras.layers.pooling import AveragePooling1D as AveragePooling1D
from rillet.keras.layers.pooling import AveragePooling2D as AveragePooling2D
from rillet.keras.layers.pooling import AveragePooling3D as AveragePooling3D
from rillet.keras.layers.pooling import AvgPool1D as AvgPool1D
from rillet.keras.layers.pooling import AvgPool2D as AvgPool2D
from rillet.keras.layers.pooling import AvgPool3D as AvgPool3D
from rillet.keras.layers.pooling import MaxPool1D as MaxPool1D
from rillet.keras.layers.pooling import MaxPool2D as MaxPool2D
from rillet.keras.layers.pooling import MaxPool3D as MaxPool3D
from rillet.keras.layers.pooling import MaxPooling1D as MaxPooling1D
from rillet.keras.layers.pooling import MaxPooling2D as MaxPooling2D
from rillet.keras.layers.pooling import MaxPooling3D as MaxPooling3D
from rillet.keras.layers.recurrent import RNN as RNN
from rillet.keras.layers.recurrent_cells import GRUCell as GRUCell
from rillet.keras.layers.recurrent_cells import LSTMCell as LSTMCell
from rillet.keras.layers.recurrent_cells import SimpleRNNCell as SimpleRNNCell
from rillet.keras.layers.recurrent_layers import GRU as GRU
from rillet.keras.layers.recurrent_layers import LSTM as LSTM
from rillet.keras.layers.recurrent_layers import SimpleRNN as SimpleRNN
from rillet.keras.layers.registry import deserialize as deserialize
from rillet.keras.layers.registry import serialize as serialize
from rillet.keras.layers.resizing import CenterCrop as CenterCrop
from rillet.keras.layers.resizing import Resizing as Resizing
from rillet.keras.layers.saved_graph import TFSMLayer as TFSMLayer
from rillet.keras.layers.shaping import Flatten as Flatten
from rillet.keras.layers.shaping import Permute as Permute
from rillet.keras.layers.shaping import RepeatVector as RepeatVector
from rillet.keras.layers.shaping import Rescaling as Rescaling
from rillet.keras.layers.shaping import Reshape as Reshape
from rillet.keras.layers.stacked_cells import StackedRNNCells as StackedRNNCells
from rillet.keras.layers.text_vectorization import (
    TextVectorization as TextVectorization,
)
from rillet.keras.layers.transposed import Conv1DTranspose as Conv1DTranspose
from rillet.keras.layers.transposed import Conv2DTranspose as Conv2DTranspose
from rillet.keras.layers.transposed import Conv3DTranspose as Conv3DTranspose
from rillet.keras.layers.transposed import (
    Convolution1DTranspose as Convolution1DTranspose,
)
from rillet.keras.layers.transposed import (
    Convolution2DTranspose as Convolution2DTranspose,
)
from rillet.keras.layers.transposed import (
    Convolution3DTranspose as Convolution3DTranspose,
)
from rillet.keras.layers.upsampling import UpSampling1D as UpSampling1D
from rillet.keras.layers.upsampling import UpSampling2D as UpSampling2D
from rillet.keras.layers.upsampling import UpSampling3D as UpSampling3D
from rillet.keras.layers.wrappers import SpectralNormalization as SpectralNormalization
from rillet.keras.layers.wrappers import TimeDistributed as TimeDistributed
from rillet.keras.layers.wrappers import Wrapper as Wrapper

#: The modules here that are public.
_namespaces = ("experimental",)
