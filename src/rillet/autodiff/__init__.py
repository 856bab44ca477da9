"""Reverse-mode differentiation: the tape and the walk back over it."""
