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
from rillet.ops.parsing.csv_lines import decode_csv as decode_csv
from rillet.ops.parsing.decoding import decode_base64 as decode_base64
from rillet.ops.parsing.decoding import decode_compressed as decode_compressed
from rillet.ops.parsing.decoding import decode_json_example as decode_json_example
from rillet.ops.parsing.decoding import decode_raw as decode_raw
from rillet.ops.parsing.decoding import encode_base64 as encode_base64
from rillet.ops.parsing.examples import parse_example as parse_example
from rillet.ops.parsing.examples import parse_single_example as parse_single_example
from rillet.ops.parsing.features import FixedLenFeature as FixedLenFeature
from rillet.ops.parsing.features import (
    FixedLenSequenceFeature as FixedLenSequenceFeature,
)
from rillet.ops.parsing.features import RaggedFeature as RaggedFeature
from rillet.ops.parsing.features import SparseFeature as SparseFeature
from rillet.ops.parsing.features import VarLenFeature as VarLenFeature
from rillet.ops.parsing.sequences import (
    parse_sequence_example as parse_sequence_example,
)
from rillet.ops.parsing.sequences import (
    parse_single_sequence_example as parse_single_sequence_example,
)
from rillet.ops.parsing.stored import (
    deserialize_many_sparse as deserialize_many_sparse,
)
from rillet.ops.parsing.stored import parse_tensor as parse_tensor
from rillet.ops.parsing.stored import serialize_many_sparse as serialize_many_sparse
from rillet.ops.parsing.stored import serialize_sparse as serialize_sparse
from rillet.ops.parsing.stored import serialize_tensor as serialize_tensor

#: The modules here that are public.
_namespaces = ("gfile",)
