"""`tf.sparse`: tensors most of whose elements are left out."""

from rillet.ops.sparse import cutting as _cutting
from rillet.ops.sparse.arithmetic import add as add
from rillet.ops.sparse.arithmetic import maximum as maximum
from rillet.ops.sparse.arithmetic import minimum as minimum
from rillet.ops.sparse.arithmetic import softmax as softmax
from rillet.ops.sparse.counting import bincount as bincount
from rillet.ops.sparse.crossing import cross as cross
from rillet.ops.sparse.crossing import cross_hashed as cross_hashed
from rillet.ops.sparse.cutting import split as split
from rillet.ops.sparse.dense import from_dense as from_dense
from rillet.ops.sparse.dense import sampled_addmm as sampled_addmm
from rillet.ops.sparse.dense import sparse_dense_matmul as sparse_dense_matmul
from rillet.ops.sparse.dense import to_dense as to_dense
from rillet.ops.sparse.dense import to_indicator as to_indicator
from rillet.ops.sparse.joining import concat as concat
from rillet.ops.sparse.joining import eye as eye
from rillet.ops.sparse.joining import fill_empty_rows as fill_empty_rows
from rillet.ops.sparse.joining import map_values as map_values
from rillet.ops.sparse.joining import reset_shape as reset_shape
from rillet.ops.sparse.moving import expand_dims as expand_dims
from rillet.ops.sparse.moving import mask as mask
from rillet.ops.sparse.moving import reorder as reorder
from rillet.ops.sparse.moving import reshape as reshape
from rillet.ops.sparse.moving import retain as retain
from rillet.ops.sparse.moving import transpose as transpose
from rillet.ops.sparse.operators import SparseTensor as SparseTensor
from rillet.ops.sparse.reducing import reduce_max as reduce_max
from rillet.ops.sparse.reducing import reduce_sum as reduce_sum
from rillet.ops.sparse.reducing import segment_mean as segment_mean
from rillet.ops.sparse.reducing import segment_sqrt_n as segment_sqrt_n
from rillet.ops.sparse.reducing import segment_sum as segment_sum

slice = _cutting.slice_
