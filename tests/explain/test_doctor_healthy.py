"""The doctor is silent about programs that are well."""

import logging
import os

import numpy as np
import pytest
from tests.explain.healthy_networks import HEALTHY

import rillet as tf
from rillet.explain import advice

#: All of them run where RILLET_LONG is set; a seeded third of them always does.
NAMES = sorted(HEALTHY)
if not os.environ.get("RILLET_LONG"):
    NAMES = sorted(np.random.default_rng(7).choice(NAMES, 24, replace=False))


@pytest.mark.parametrize("name", NAMES)
def test_silence(name: str, caplog, monkeypatch) -> None:
    monkeypatch.setattr(advice, "_SHARE", 1e9)  # a pass after each epoch
    logger = tf.get_logger()
    level, propagate = logger.level, logger.propagate
    logger.setLevel(logging.DEBUG)
    logger.propagate = True
    tf.keras.utils.set_random_seed(5)
    try:
        HEALTHY[name]()
    finally:
        logger.setLevel(level)
        logger.propagate = propagate
        tf.keras.backend.clear_session()
    # what fails inside the doctor is told at the level of DEBUG
    assert [r.getMessage() for r in caplog.records if "doctor" in r.getMessage()] == []


def test_enough_kinds() -> None:
    assert len(HEALTHY) >= 40
