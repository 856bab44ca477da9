"""Files of events, which TensorBoard shows: what `tf.summary` writes.

    values -> kinds (scalar, image ...) -> writing (step, tag, recorded or not)
           -> writers (whose turn it is) -> files (records on disk)

`graphs` tells of graphs being traced, `tracing` collects those that ran.
"""
