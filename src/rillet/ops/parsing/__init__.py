"""Bytes of records into tensors: examples, CSV lines, raw numbers, stored tensors."""
