"""`tf.audio`: sound in files."""

from rillet.ops.wav import decode_wav as decode_wav
from rillet.ops.wav import encode_wav as encode_wav
