"""`tf.io`: files, the images in them, records."""

from rillet.data.record_writers import TFRecordOptions as TFRecordOptions
from rillet.data.record_writers import TFRecordWriter as TFRecordWriter
from rillet.io import gfile as gfile
from rillet.ops.files import matching_files as matching_files
from rillet.ops.files import read_file as read_file
from rillet.ops.files import write_file as write_file
from rillet.ops.image_files import decode_bmp as decode_bmp
from rillet.ops.image_files import decode_gif as decode_gif
from rillet.ops.image_files import decode_image as decode_image
from rillet.ops.image_files import decode_png as decode_png
from rillet.ops.image_files import decode_webp as decode_webp
from rillet.ops.image_writing import encode_jpeg as encode_jpeg
from rillet.ops.image_writing import encode_png as encode_png
from rillet.ops.jpeg_files import decode_and_crop_jpeg as decode_and_crop_jpeg
from rillet.ops.jpeg_files import decode_jpeg as decode_jpeg
from rillet.ops.jpeg_files import extract_jpeg_shape as extract_jpeg_shape
from rillet.ops.jpeg_files import is_jpeg as is_jpeg

#: The modules here that are public.
_namespaces = ("gfile",)
