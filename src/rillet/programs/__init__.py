"""Running, and looking through, programs that were written for TensorFlow.

``alias`` lets ``import tensorflow`` mean rillet, ``run`` and ``notebook`` execute a
program or a notebook under it, ``check`` lists what a program needs and rillet lacks.
Called by ``rillet/cli.py`` and by ``rillet.install_as_tensorflow``.
"""
