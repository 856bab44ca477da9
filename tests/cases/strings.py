"""Rows of `ops.strings`, `ops.string_*`, `ops.regex` and `ops.unicode`."""

import numpy as np

from cases import Case, floats

WORDS = np.array([["Apple pie", " bee "], ["", "née"]])
LINE = np.array(["a", "b", "c", "d"])
INTS = (((np.arange(2),), "InvalidArgumentError", "int64 is not in the list"),)


def case(op, call, *inputs, **more):
    """A row without gradients."""
    return Case(
        op, call, inputs, order=0, refused=INTS if len(inputs) == 1 else (), **more
    )


CASES = (
    case("StringLower", lambda tf, x: tf.strings.lower(x), WORDS),
    case("StringUpper", lambda tf, x: tf.strings.upper(x, encoding="utf-8"), WORDS),
    case("StringStrip", lambda tf, x: tf.strings.strip(x), WORDS),
    case("StringLength", lambda tf, x: tf.strings.length(x, "UTF8_CHAR"), WORDS),
    case(
        "Substr",
        lambda tf, x, p, n: tf.strings.substr(x, p, n),
        WORDS,
        np.array([0, -1]) * 0,
        np.array([2, 3]),
    ),
    Case(
        "AsString",
        lambda tf, x: tf.strings.as_string(x, precision=3),
        (floats(2, 3),),
        grad=(),
        order=0,
    ),
    case(
        "StringToNumber",
        lambda tf, x: tf.strings.to_number(x, tf.float64),
        np.array(["1.5", "-2e3", " inf"]),
    ),
    case("StringJoin", lambda tf, x, y: tf.strings.join([x, y, "!"], "-"), LINE, LINE),
    case(
        "ReduceJoin", lambda tf, x: tf.strings.reduce_join(x, 0, separator="+"), WORDS
    ),
    case(
        "UnsortedSegmentJoin",
        lambda tf, x: tf.strings.unsorted_segment_join(x, [1, 0, 1, 3], 4, ","),
        LINE,
    ),
    case(
        "StringNGrams",
        lambda tf, x: tf.strings.ngrams(x, [2, 3], pad_values=("L", "R")),
        LINE,
    ),
    case("StringSplit", lambda tf, x: tf.strings.bytes_split(x[0]), WORDS[0]),
    case("StringSplitV2", lambda tf, x: tf.strings.split(x[0]), WORDS[0]),
    case(
        "StringToHashBucket", lambda tf, x: tf.strings.to_hash_bucket(x, 10**6), WORDS
    ),
    case(
        "StringToHashBucketFast",
        lambda tf, x: tf.strings.to_hash_bucket_fast(x, 10**6),
        WORDS,
    ),
    case(
        "StringToHashBucketStrong",
        lambda tf, x: tf.strings.to_hash_bucket_strong(x, 10**6, [3, 4]),
        WORDS,
    ),
    case(
        "StaticRegexFullMatch",
        lambda tf, x: tf.strings.regex_full_match(x, r"\w+ \w+"),
        WORDS,
    ),
    case(
        "RegexFullMatch",
        lambda tf, x, p: tf.strings.regex_full_match(x, p[0]),
        WORDS,
        np.array([r"\w+ \w+"]),
    ),
    case(
        "StaticRegexReplace",
        lambda tf, x: tf.strings.regex_replace(x, "[aeiou]", "*"),
        WORDS,
    ),
    case(
        "RegexReplace",
        lambda tf, x, p: tf.strings.regex_replace(x, p[0], p[1], replace_global=False),
        WORDS,
        np.array(["(e)", r"<\1>"]),
    ),
    case(
        "UnicodeTranscode",
        lambda tf, x: tf.strings.unicode_transcode(x, "UTF-8", "UTF-16-BE"),
        WORDS,
    ),
    case(
        "UnicodeDecodeWithOffsets",
        lambda tf, x: tf.strings.unicode_decode_with_offsets(x[1], "UTF-8"),
        WORDS[1],
    ),
    Case(
        "UnicodeEncode",
        lambda tf, x: tf.strings.unicode_encode(x, "UTF-8"),
        (np.array([[65, 233], [8364, 98]], np.int32),),
        order=0,
    ),
)
