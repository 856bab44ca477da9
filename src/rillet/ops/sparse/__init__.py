"""Sparse tensors: records on their components, and the functions of `tf.sparse`."""
