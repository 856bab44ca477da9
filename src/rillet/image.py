"""`tf.image`: a thin namespace over the ops."""

from rillet.ops.patches import extract_patches as extract_patches
