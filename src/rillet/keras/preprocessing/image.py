"""`tf.keras.preprocessing.image`: images and arrays, and batches of changed images."""

from rillet.keras.affine import apply_affine_transform as apply_affine_transform
from rillet.keras.affine import apply_brightness_shift as apply_brightness_shift
from rillet.keras.affine import apply_channel_shift as apply_channel_shift
from rillet.keras.affine import random_brightness as random_brightness
from rillet.keras.affine import random_channel_shift as random_channel_shift
from rillet.keras.affine import random_rotation as random_rotation
from rillet.keras.affine import random_shear as random_shear
from rillet.keras.affine import random_shift as random_shift
from rillet.keras.affine import random_zoom as random_zoom
from rillet.keras.image_arrays import NumpyArrayIterator as NumpyArrayIterator
from rillet.keras.image_folders import DirectoryIterator as DirectoryIterator
from rillet.keras.image_generator import ImageDataGenerator as ImageDataGenerator
from rillet.keras.image_iterators import Iterator as Iterator
from rillet.keras.image_sizes import smart_resize as smart_resize
from rillet.keras.images import array_to_img as array_to_img
from rillet.keras.images import img_to_array as img_to_array
from rillet.keras.images import load_img as load_img
from rillet.keras.images import save_img as save_img
