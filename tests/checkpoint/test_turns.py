"""Several savers of one name, and readers while they save."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import rillet as tf
from rillet.checkpoint.bundle import BundleReader, write_bundle

WRITER = """
import sys
import numpy as np
from rillet.checkpoint.bundle import write_bundle
for i in range(40):
    value = np.full(500, float(i))
    write_bundle(sys.argv[1], {"v": value, "w": value})
"""


@pytest.mark.skipif(os.name == "nt", reason="no file that is open is renamed there")
def test_readers_see_one_whole_checkpoint_while_processes_write(tmp_path):
    prefix = str(tmp_path / "c")
    write_bundle(prefix, {"v": np.zeros(500), "w": np.zeros(500)})
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, prefix]) for _ in "ab"]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        reader = BundleReader(prefix)
        assert (reader.read("v") == reader.read("w")).all()
        reader.close()
        reads += 1
    assert reads and not any(writer.returncode for writer in writers)
    assert (BundleReader(prefix).read("v") == 39.0).all()
    assert sorted(os.listdir(tmp_path)) == ["c.data-00000-of-00001", "c.index"]


def test_threads_that_save_get_numbers_of_their_own(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(1.0))
    _ = checkpoint.save_counter
    paths: list[str] = []

    def save() -> None:
        paths.extend(checkpoint.save(str(tmp_path / "k")) for _ in range(8))

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == len(set(paths)) == 32


def test_what_killed_savers_left_goes_with_the_next_save(tmp_path):
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    left = tmp_path / f"other-3.data.{gone}-0123456789ab.tmp"
    left.write_text("half")
    os.utime(left, (0, 0))
    write_bundle(str(tmp_path / "c"), {"v": np.zeros(2)})
    assert not left.exists()
