"""What rillet was built with, as far as TensorFlow programs ask."""

from __future__ import annotations


def get_build_info() -> dict[str, object]:
    """What kinds of devices this build computes on, `tf.sysconfig.get_build_info`.

    Returns:
        TensorFlow's keys; no GPU library is part of rillet.

    Example:
        >>> import rillet as tf
        >>> tf.sysconfig.get_build_info()["is_cuda_build"]
        False
    """
    return {
        "is_cuda_build": False,
        "is_rocm_build": False,
        "is_tensorrt_build": False,
    }


def is_built_with_cuda() -> bool:
    """Whether this build computes on NVIDIA's GPUs: no."""
    return False


def is_built_with_rocm() -> bool:
    """Whether this build computes on AMD's GPUs: no."""
    return False


def is_built_with_gpu_support() -> bool:
    """Whether this build computes on any GPU: no."""
    return False


def is_built_with_xla() -> bool:
    """Whether this build holds the XLA compiler: no, it compiles with LLVM itself."""
    return False


def is_gpu_available(
    cuda_only: bool = False, min_cuda_compute_capability: object = None
) -> bool:
    """Whether there is a GPU to compute on: no.

    Args:
        cuda_only: count NVIDIA's GPUs alone.
        min_cuda_compute_capability: count those of such a version and newer.

    Example:
        >>> import rillet as tf
        >>> tf.test.is_gpu_available()
        False
    """
    return False


def gpu_device_name() -> str:
    """The name of the first GPU; empty, as there is none."""
    return ""
