"""Stands for tf_keras in the child processes of a program under ``rillet run``.

A spawned process starts without the finder that its parent installed, but inherits
the path on which this file lies. Importing it installs the finder and gives way.
"""

import sys

from rillet.programs import alias, names

alias.install_as_tensorflow()
sys.modules["tf_keras"] = names.find_module("tf_keras")
