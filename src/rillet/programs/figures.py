"""A matplotlib backend that hands figures to the notebook that runs.

Open figures flow in, when a cell calls ``plt.show()`` or ends; pictures among the
cell's outputs flow out. Matplotlib loads it by name, from ``MPLBACKEND``, which the
runner of notebooks sets; child processes that inherit it draw without a window.
"""

from __future__ import annotations

import sys
from typing import Any

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from . import display

FigureCanvas = FigureCanvasAgg
FigureManager = FigureManagerBase


def show(*args: Any, **kwargs: Any) -> None:
    """Put every open figure among the cell's outputs, and close it."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not display.is_running():
        return
    for number in pyplot.get_fignums():
        display.current().show(pyplot.figure(number))
    pyplot.close("all")
