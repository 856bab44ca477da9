"""Backends: what computes a graph, and the native kernels that eager mode borrows."""
