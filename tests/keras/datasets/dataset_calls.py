"""The calls whose results `make_golden.py` takes from the real tf.keras."""

SEQUENCES = {
    "plain": {},
    "top": {"num_words": 20},
    "skip": {"num_words": 30, "skip_top": 8},
    "dropped": {"num_words": 25, "skip_top": 5, "oov_char": None},
    "short": {"maxlen": 7},
    "short and dropped": {"maxlen": 9, "num_words": 15, "oov_char": None},
    "no mark": {"start_char": None},
    "other marks": {"start_char": 50, "oov_char": 60, "index_from": 10},
    "other seed": {"seed": 7, "num_words": 12},
    "mark cut": {"skip_top": 2, "oov_char": 9},
}
IMDB = SEQUENCES
REUTERS = {
    **SEQUENCES,
    "bare": {"start_char": None, "index_from": 0, "maxlen": 6},
    "half": {"test_split": 0.5},
    "no test": {"test_split": 0.0},
}
BOSTON = {
    "plain": {},
    "seed": {"seed": 5},
    "none": {"test_split": 0.0},
    "third": {"test_split": 0.33},
}
CALIFORNIA = {
    "plain": {},
    "small": {"version": "small"},
    "small, half": {"version": "small", "test_split": 0.5, "seed": 3},
}
