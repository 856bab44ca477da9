"""`tf.data.Dataset`: elements in order, made by stages, each iteration anew."""

from __future__ import annotations

from rillet.data.collection import Collection
from rillet.data.creation import Creation
from rillet.data.ordering import Ordering
from rillet.data.structure import sign_in
from rillet.data.transformation import Transformation


class Dataset(Creation, Transformation, Ordering, Collection):
    """A sequence of elements, each a nest of tensors.

    Datasets are made of tensors, files or generators by the static methods, and of
    other datasets by the methods. Nothing runs before a program iterates; every
    iteration begins anew. Functions given to a dataset are traced once. Over slices of
    tensors and ranges, stages work on whole batches wherever that is provably the same.

    Example:
        >>> import rillet as tf
        >>> dataset = tf.data.Dataset.from_tensor_slices([1., 2., 3.])
        >>> dataset = dataset.map(lambda x: x * 2).batch(2)
        >>> for batch in dataset:
        ...     print(batch.numpy())
        [2. 4.]
        [6.]
    """


sign_in("dataset", Dataset)
