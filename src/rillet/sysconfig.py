"""`tf.sysconfig`: what this build can do."""

from rillet.core.build import get_build_info as get_build_info
