"""`tf.strings`: strings, element by element."""

from rillet.ops.printing import format as format
from rillet.ops.ragged.strings import bytes_split as bytes_split
from rillet.ops.ragged.strings import split as split
from rillet.ops.ragged.strings import unicode_decode as unicode_decode
from rillet.ops.ragged.strings import (
    unicode_decode_with_offsets as unicode_decode_with_offsets,
)
from rillet.ops.ragged.strings import unicode_encode as unicode_encode
from rillet.ops.ragged.strings import unicode_split as unicode_split
from rillet.ops.ragged.strings import (
    unicode_split_with_offsets as unicode_split_with_offsets,
)
from rillet.ops.regex import regex_full_match as regex_full_match
from rillet.ops.regex import regex_replace as regex_replace
from rillet.ops.string_hash import to_hash_bucket as to_hash_bucket
from rillet.ops.string_hash import to_hash_bucket_fast as to_hash_bucket_fast
from rillet.ops.string_hash import to_hash_bucket_strong as to_hash_bucket_strong
from rillet.ops.string_joins import join as join
from rillet.ops.string_joins import reduce_join as reduce_join
from rillet.ops.string_joins import unsorted_segment_join as unsorted_segment_join
from rillet.ops.string_pieces import ngrams as ngrams
from rillet.ops.strings import as_string as as_string
from rillet.ops.strings import length as length
from rillet.ops.strings import lower as lower
from rillet.ops.strings import strip as strip
from rillet.ops.strings import substr as substr
from rillet.ops.strings import to_number as to_number
from rillet.ops.strings import upper as upper
from rillet.ops.unicode import unicode_transcode as unicode_transcode
