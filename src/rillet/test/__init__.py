"""`tf.test`: checks of gradients, a base for unit tests, questions about GPUs."""

from rillet.autodiff.check import compute_gradient as compute_gradient
from rillet.core.build import gpu_device_name as gpu_device_name
from rillet.core.build import is_built_with_cuda as is_built_with_cuda
from rillet.core.build import is_built_with_gpu_support as is_built_with_gpu_support
from rillet.core.build import is_built_with_rocm as is_built_with_rocm
from rillet.core.build import is_built_with_xla as is_built_with_xla
from rillet.core.build import is_gpu_available as is_gpu_available
from rillet.test.case import TestCase as TestCase
from rillet.test.case import main as main
