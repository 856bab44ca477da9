"""AutoGraph: Python's control flow over tensors, for `tf.function`.

A function goes in through `convert`; out comes one that does the same on Python values
and whose branches and loops over tensors of a graph are traced. `source` finds the
function's tree, `jumps` takes early exits out, `names` tells which variables matter,
`rewrite` puts calls in the place of statements, `conversion` compiles and keeps the
result, and the calls go to `operators` when the function runs.
"""

from rillet.core import context as _context
from rillet.graph.autograph import operators as _operators
from rillet.graph.autograph.conversion import convert as convert
from rillet.graph.autograph.conversion import provide_operators as _provide
from rillet.graph.autograph.lists import leaving as leaving

_provide(_operators)
_context.register_service("autograph.convert", convert)
