"""``python -m rillet`` is the command ``rillet``."""

import sys

from .cli import main

sys.exit(main())
