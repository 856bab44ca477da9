"""`tf.linalg.experimental`: iterative methods."""

from rillet.ops.iterative import conjugate_gradient as conjugate_gradient
