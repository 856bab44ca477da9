"""One file a row of the table; `harness/case.py` says what a row declares."""
