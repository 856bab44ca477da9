"""Reverse-mode differentiation: the tape and the walk back over it."""

from rillet.autodiff.tape import GradientTape as GradientTape

__all__ = ["GradientTape"]
