"""`tf.train.Checkpoint` and its kin: the state of objects in TensorFlow's own files.

    objects -> `graph` (who holds whom, by which name) -> `saver` -> `bundle` (files)
    files -> `restoration` (names walked again, values put in place, now or later)

`checkpoint` is the class that users make, `manager` keeps the newest few, `state` the
file named ``checkpoint`` that lists them, `reading` looks into files by names alone.
"""
