"""The columns of the table: who is measured, in which environment, under which name.

`run.py` reads the order and the labels, `envs.py` the requirements, `worker.py` the
module that a row's code is given.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Environment:
    """One virtual environment and the releases that must be found in it.

    Args:
        name: The environment's folder under the environments' folder.
        requirements: What pip is asked for, as `name==version` with `*` at the end of
            a version where any later part will do. Empty for rillet's own: it holds
            what `pyproject.toml` asks for, and rillet itself is run from `src`.
    """

    name: str
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class Peer:
    """One column: a framework in one way of use.

    Args:
        name: The key that rows use in `build` and `targets`.
        label: What the table prints.
        environment: The name of the environment it runs in.
        module: The module that is imported and handed to the row's builder.
        variables: Environment variables that its processes get.
        caches: Environment variables that name the folder of its compiled code on disk.
        usual: Whether it is measured when `--frameworks` is not given.
    """

    name: str
    label: str
    environment: str
    module: str
    variables: dict[str, str] = field(default_factory=dict)
    caches: tuple[str, ...] = ()
    usual: bool = True


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        Environment("rillet", ()),
        Environment("tensorflow", ("tensorflow==2.21.*", "tf_keras==2.21.*")),
        Environment("torch", ("torch==2.13.*", "numpy==2.*")),
        Environment("jax", ("jax==0.10.*", "jaxlib==0.10.*")),
    )
}

_QUIET_TF = {"TF_CPP_MIN_LOG_LEVEL": "3"}
_RILLET_CACHES = ("RILLET_CACHE_DIR", "RILLET_CACHE")
_TORCH_CACHES = ("TORCHINDUCTOR_CACHE_DIR",)
_JAX_CACHES = ("JAX_COMPILATION_CACHE_DIR",)
_JAX_CACHE_ALL = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}

PEERS = {
    peer.name: peer
    for peer in (
        Peer("rillet", "rillet", "rillet", "rillet", caches=_RILLET_CACHES),
        Peer("tensorflow", "TensorFlow", "tensorflow", "tensorflow", _QUIET_TF),
        Peer(
            "tensorflow_jit",
            "TensorFlow, jit",
            "tensorflow",
            "tensorflow",
            _QUIET_TF,
            usual=False,
        ),
        Peer(
            "tf_keras",
            "TensorFlow, Keras 2",
            "tensorflow",
            "tensorflow",
            _QUIET_TF | {"TF_USE_LEGACY_KERAS": "1"},
            usual=False,
        ),
        Peer("torch", "PyTorch", "torch", "torch"),
        Peer("torch_compile", "torch.compile", "torch", "torch", caches=_TORCH_CACHES),
        Peer("jax", "JAX", "jax", "jax", _JAX_CACHE_ALL, _JAX_CACHES),
        Peer("jax_scan", "JAX, scan", "jax", "jax", _JAX_CACHE_ALL, _JAX_CACHES),
        Peer("numpy", "NumPy", "rillet", "numpy"),
    )
}

UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE")
"""Variables that no worker inherits, because they would slow one framework and not
another: two bind OpenBLAS to a kernel that is not the processor's own, the third has
rillet's modules compiled anew in each process, while pip has compiled the peers'."""
