"""What tests of the doctor share."""

import logging

import pytest

import rillet as tf


@pytest.fixture
def said(caplog):
    """Gives the lines that the doctor said, whatever it said in other tests."""
    tf.explain.doctor(True)
    logger = tf.get_logger()
    kept, logger.propagate = logger.propagate, True
    caplog.set_level(logging.WARNING, "tensorflow")
    yield lambda: [r.getMessage() for r in caplog.records]
    logger.propagate = kept
