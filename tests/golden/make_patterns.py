"""Write `patterns.json`: what TensorFlow's patterns match and rewrite.

    TENSORFLOW_PYTHON make_patterns.py

A row is a pattern and a rewrite, then for each text whether it matches from end to end,
the text with every match rewritten, and with the first one; or the error's words. Bytes
are kept as Latin-1.
"""

from __future__ import annotations

import json
from pathlib import Path

import tensorflow as tf

TEXTS = [
    b"", b"a", b"aab", b"The quick, brown fox.", b"  two\tlines\nhere ", b"a,b;c--d",
    "née Straße ÄÖü".encode(), "日本語テキスト🙂".encode(), b"\xff\xfea\x80b",
    b"x=1; y=22", b"foo_bar Baz9", b"\\d [a] (b)", b"aaaaaaaa",
    "Ελληνικά ΚΑΛΌ ſ K".encode(),
]  # fmt: skip
PATTERNS = [
    ("a", "<\\0>"), ("", "-"), ("a*", "-"), ("x*", "é"), (".", "."), ("(?s).", "."),
    ("[!\"#$%&()\\*\\+,-\\./:;<=>?@\\[\\\\\\]^_`{|}~\\']", ""), ("[aeiou]", "*"),
    ("[aeiou]+", "\\\\"), ("\\s+", " "), ("\\d", "#"), ("\\w+", "W"), ("\\W", "_"),
    ("\\S+", "S"), ("\\D+", "D"), ("[^a-z]", ""), ("[[:alpha:]]+", "A"), ("[a-]", "+"),
    ("[[:^alpha:]]", ""), ("(\\w+) (\\w+)", "\\2 \\1"), ("(?i)straße", "street"),
    ("\\pL+", "L"), ("\\p{Greek}+", "G"), ("\\PL", ""), ("\\p{Lu}", "u"), ("\\C", "c"),
    ("\\bf\\w*", "F"), ("\\B", "|"), ("^", "^"), ("$", "$"), ("(?m)^", ">"),
    ("(?m)$", "<"), ("\\A\\w", "A"), ("\\z", "Z"), ("a|ab|b", "x"),
    ("(a|ab)(c|bcd)*", "\\1"),
    ("(a*)*b", "B"), ("(a+)+$", "!"), ("a{2}", "2"), ("a{2,}?", "2"), ("a{2,3}", "3"),
    ("(?U)a+", "u"), ("(?P<n>\\d+)", "<\\1>"), ("(?:ab)+", "g"), ("\\Q[a]\\E", "q"),
    ("\\x41|\\x{e9}", "h"), ("\\101", "o"), ("[\\d,;]+", "n"), ("[一-龥]", "K"),
    ("[^\\x00-\\x7F]+", "?"), ("(a)|(b)", "[\\1\\2]"), ("(?i)k", "k"), ("(?i)[^k]", ""),
    ("\\.|,", ""), ("[.,]", ";"), ("é|ü", "e"), ("[a-c&&b]", "."), ("\\t|\\n", " "),
    ("(", ""), (")", ""), ("[", ""), ("a**", ""), ("(?=a)", ""),
    ("\\1", ""), ("*a", ""), ("a{1001}", ""), ("\\p{Nope}", ""), ("[b-a]", ""),
    ("(?z)a", ""), ("\\", ""), ("[[:nope:]]", ""),
    ("(a){0}b", "\\1."), ("((((((((((a))))))))))", "\\9"), ("\\pN{2}", "N"),
    ("\\h", ""),
]  # fmt: skip


def row(pattern: str, rewrite: str) -> dict:
    """What TensorFlow makes of all texts."""
    found: dict = {"pattern": pattern, "rewrite": rewrite}
    try:
        found["full"] = tf.strings.regex_full_match(TEXTS, pattern).numpy().tolist()
        for name, everywhere in (("all", True), ("first", False)):
            made = tf.strings.regex_replace(TEXTS, pattern, rewrite, everywhere)
            found[name] = [x.decode("latin-1") for x in made.numpy()]
    except tf.errors.InvalidArgumentError as error:
        found["error"] = error.message.partition("}} ")[2].partition(" [Op:")[0]
    return found


def main() -> None:
    """Write the file."""
    rows = [row(*pair) for pair in PATTERNS]
    texts = [x.decode("latin-1") for x in TEXTS]
    target = Path(__file__).with_name("patterns.json")
    kept = {"texts": texts, "rows": rows}
    target.write_text(json.dumps(kept, indent=0, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
