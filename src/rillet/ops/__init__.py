"""The ops, by family. Each is one record: see `ops.registry`."""
