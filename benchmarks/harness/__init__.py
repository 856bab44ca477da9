"""What `benchmarks/run.py` runs on: environments, workers, repeats, tables.

Only the standard library is imported here, since the driver runs on any Python 3.11
and `worker.py` runs inside environments that hold one framework and nothing of ours.
"""
