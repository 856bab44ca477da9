"""Blocks without searches for cycles leave the collector as it was."""

from __future__ import annotations

import gc

import pytest

from rillet.core.cycles import uncollected


@pytest.mark.parametrize("on", [True, False])
def test_leaves_it_as_it_was(on: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        with pytest.raises(KeyError), uncollected():
            assert not gc.isenabled()
            with uncollected():
                assert not gc.isenabled()
            raise KeyError
        assert gc.isenabled() == on
    finally:
        (gc.enable if before else gc.disable)()
