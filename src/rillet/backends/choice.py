"""Which backend runs a function: the compiler, or the reference without it.

`functions` asks for one with each trace. LLVM is loaded with the first that wants it.
"""

from __future__ import annotations

import functools
from typing import Any, Final

from rillet.core import context
from rillet.core.cycles import uncollected
from rillet.core.logger import get_logger


class ReferenceBackend:
    """Makes reference programs, imported with the first: models may only be loaded."""

    def program(self, graph: Any, outputs: list[Any]) -> Any:
        """A program that gives `outputs`; see `base.Backend`."""
        from rillet.backends.reference import ReferenceProgram

        return ReferenceProgram(graph, outputs)


REFERENCE: Final = ReferenceBackend()


def backend(jit_compile: bool | None) -> Any:
    """The backend for `tf.function`'s argument of that name."""
    if jit_compile is False:
        return REFERENCE
    return _native(jit_compile is True)


def load_compiler() -> None:
    """Load the compiler now, so that the first call need not wait for it."""
    found = _native()
    if found is not REFERENCE:
        found.get_ready()


@functools.cache
def _native(strict: bool = False) -> Any:
    """The compiler; the reference, said once, where LLVM is missing."""
    try:
        with uncollected():
            from rillet.backends.native import steps
            from rillet.backends.native.program import BACKEND, STRICT
    except (ImportError, OSError) as error:
        get_logger().warning(
            "tf.function: LLVM cannot be loaded (%s); functions run op by op, more"
            " slowly. Run: python -m pip install llvmlite",
            error,
        )
        return REFERENCE
    context.register_service("native.steps", steps.run_steps)
    return STRICT if strict else BACKEND
