"""`tf.keras.backend`: settings and state of Keras as a whole, and its mathematics."""

from rillet.keras.backend_flow import batch_dot as batch_dot
from rillet.keras.backend_flow import batch_normalization as batch_normalization
from rillet.keras.backend_flow import (
    binary_focal_crossentropy as binary_focal_crossentropy,
)
from rillet.keras.backend_flow import (
    categorical_focal_crossentropy as categorical_focal_crossentropy,
)
from rillet.keras.backend_flow import function as function
from rillet.keras.backend_flow import gradients as gradients
from rillet.keras.backend_flow import in_test_phase as in_test_phase
from rillet.keras.backend_flow import in_top_k as in_top_k
from rillet.keras.backend_flow import in_train_phase as in_train_phase
from rillet.keras.backend_flow import is_sparse as is_sparse
from rillet.keras.backend_flow import (
    manual_variable_initialization as manual_variable_initialization,
)
from rillet.keras.backend_flow import moving_average_update as moving_average_update
from rillet.keras.backend_flow import name_scope as name_scope
from rillet.keras.backend_flow import (
    normalize_batch_in_training as normalize_batch_in_training,
)
from rillet.keras.backend_flow import placeholder as placeholder
from rillet.keras.backend_flow import print_tensor as print_tensor
from rillet.keras.backend_flow import switch as switch
from rillet.keras.backend_flow import to_dense as to_dense
from rillet.keras.backend_math import all as all
from rillet.keras.backend_math import any as any
from rillet.keras.backend_math import arange as arange
from rillet.keras.backend_math import argmax as argmax
from rillet.keras.backend_math import argmin as argmin
from rillet.keras.backend_math import batch_flatten as batch_flatten
from rillet.keras.backend_math import bias_add as bias_add
from rillet.keras.backend_math import binary_crossentropy as binary_crossentropy
from rillet.keras.backend_math import cast as cast
from rillet.keras.backend_math import (
    categorical_crossentropy as categorical_crossentropy,
)
from rillet.keras.backend_math import clip as clip
from rillet.keras.backend_math import concatenate as concatenate
from rillet.keras.backend_math import constant as constant
from rillet.keras.backend_math import count_params as count_params
from rillet.keras.backend_math import dot as dot
from rillet.keras.backend_math import dtype as dtype
from rillet.keras.backend_math import elu as elu
from rillet.keras.backend_math import eval as eval
from rillet.keras.backend_math import expand_dims as expand_dims
from rillet.keras.backend_math import eye as eye
from rillet.keras.backend_math import flatten as flatten
from rillet.keras.backend_math import gather as gather
from rillet.keras.backend_math import hard_sigmoid as hard_sigmoid
from rillet.keras.backend_math import int_shape as int_shape
from rillet.keras.backend_math import l2_normalize as l2_normalize
from rillet.keras.backend_math import max as max
from rillet.keras.backend_math import mean as mean
from rillet.keras.backend_math import min as min
from rillet.keras.backend_math import ndim as ndim
from rillet.keras.backend_math import one_hot as one_hot
from rillet.keras.backend_math import ones as ones
from rillet.keras.backend_math import permute_dimensions as permute_dimensions
from rillet.keras.backend_math import pow as pow
from rillet.keras.backend_math import prod as prod
from rillet.keras.backend_math import relu as relu
from rillet.keras.backend_math import repeat as repeat
from rillet.keras.backend_math import repeat_elements as repeat_elements
from rillet.keras.backend_math import reverse as reverse
from rillet.keras.backend_math import softmax as softmax
from rillet.keras.backend_math import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from rillet.keras.backend_math import sqrt as sqrt
from rillet.keras.backend_math import squeeze as squeeze
from rillet.keras.backend_math import stack as stack
from rillet.keras.backend_math import std as std
from rillet.keras.backend_math import sum as sum
from rillet.keras.backend_math import tile as tile
from rillet.keras.backend_math import transpose as transpose
from rillet.keras.backend_math import update as update
from rillet.keras.backend_math import update_add as update_add
from rillet.keras.backend_math import update_sub as update_sub
from rillet.keras.backend_math import var as var
from rillet.keras.backend_math import variable as variable
from rillet.keras.backend_math import zeros as zeros
from rillet.keras.backend_random import dropout as dropout
from rillet.keras.backend_random import random_bernoulli as random_bernoulli
from rillet.keras.backend_random import random_binomial as random_binomial
from rillet.keras.backend_random import random_normal as random_normal
from rillet.keras.backend_random import random_normal_variable as random_normal_variable
from rillet.keras.backend_random import random_uniform as random_uniform
from rillet.keras.backend_random import (
    random_uniform_variable as random_uniform_variable,
)
from rillet.keras.backend_random import truncated_normal as truncated_normal
from rillet.keras.backend_sequences import ctc_batch_cost as ctc_batch_cost
from rillet.keras.backend_sequences import ctc_decode as ctc_decode
from rillet.keras.backend_sequences import (
    ctc_label_dense_to_sparse as ctc_label_dense_to_sparse,
)
from rillet.keras.backend_sequences import rnn as rnn
from rillet.keras.backend_spatial import conv1d as conv1d
from rillet.keras.backend_spatial import conv2d as conv2d
from rillet.keras.backend_spatial import conv2d_transpose as conv2d_transpose
from rillet.keras.backend_spatial import conv3d as conv3d
from rillet.keras.backend_spatial import depthwise_conv2d as depthwise_conv2d
from rillet.keras.backend_spatial import local_conv1d as local_conv1d
from rillet.keras.backend_spatial import local_conv2d as local_conv2d
from rillet.keras.backend_spatial import pool2d as pool2d
from rillet.keras.backend_spatial import pool3d as pool3d
from rillet.keras.backend_spatial import resize_images as resize_images
from rillet.keras.backend_spatial import resize_volumes as resize_volumes
from rillet.keras.backend_spatial import separable_conv2d as separable_conv2d
from rillet.keras.backend_spatial import spatial_2d_padding as spatial_2d_padding
from rillet.keras.backend_spatial import spatial_3d_padding as spatial_3d_padding
from rillet.keras.backend_spatial import temporal_padding as temporal_padding
from rillet.keras.naming import get_uid as get_uid
from rillet.keras.naming import reset_uids as reset_uids
from rillet.keras.session import backend as backend
from rillet.keras.session import batch_get_value as batch_get_value
from rillet.keras.session import batch_set_value as batch_set_value
from rillet.keras.session import cast_to_floatx as cast_to_floatx
from rillet.keras.session import clear_session as clear_session
from rillet.keras.session import get_value as get_value
from rillet.keras.session import is_keras_tensor as is_keras_tensor
from rillet.keras.session import learning_phase as learning_phase
from rillet.keras.session import learning_phase_scope as learning_phase_scope
from rillet.keras.session import set_learning_phase as set_learning_phase
from rillet.keras.session import set_value as set_value
from rillet.keras.settings import epsilon as epsilon
from rillet.keras.settings import floatx as floatx
from rillet.keras.settings import image_data_format as image_data_format
from rillet.keras.settings import set_epsilon as set_epsilon
from rillet.keras.settings import set_floatx as set_floatx
from rillet.keras.settings import set_image_data_format as set_image_data_format
from rillet.ops.activations import softsign as softsign
from rillet.ops.compare import equal as equal
from rillet.ops.compare import greater as greater
from rillet.ops.compare import greater_equal as greater_equal
from rillet.ops.compare import less as less
from rillet.ops.compare import less_equal as less_equal
from rillet.ops.compare import not_equal as not_equal
from rillet.ops.cumulative import cumprod as cumprod
from rillet.ops.cumulative import cumsum as cumsum
from rillet.ops.elementwise import abs as abs
from rillet.ops.elementwise import exp as exp
from rillet.ops.elementwise import log as log
from rillet.ops.elementwise import maximum as maximum
from rillet.ops.elementwise import minimum as minimum
from rillet.ops.elementwise import sign as sign
from rillet.ops.elementwise import square as square
from rillet.ops.filling import ones_like as ones_like
from rillet.ops.filling import zeros_like as zeros_like
from rillet.ops.functional import foldl as foldl
from rillet.ops.functional import foldr as foldr
from rillet.ops.functional import map_fn as map_fn
from rillet.ops.identity import stop_gradient as stop_gradient
from rillet.ops.rounding import round as round
from rillet.ops.shaping import reshape as reshape
from rillet.ops.sizes import shape as shape
from rillet.ops.transcendental import cos as cos
from rillet.ops.transcendental import sigmoid as sigmoid
from rillet.ops.transcendental import sin as sin
from rillet.ops.transcendental import softplus as softplus
from rillet.ops.transcendental import tanh as tanh
