"""`tf.keras.preprocessing.image`: images and arrays."""

from rillet.keras.image_sizes import smart_resize as smart_resize
from rillet.keras.images import array_to_img as array_to_img
from rillet.keras.images import img_to_array as img_to_array
from rillet.keras.images import load_img as load_img
from rillet.keras.images import save_img as save_img
