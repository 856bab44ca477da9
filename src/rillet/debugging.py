"""`tf.debugging`: checks of values, shapes and types."""

from rillet.core.devices import get_log_device_placement as get_log_device_placement
from rillet.core.devices import set_log_device_placement as set_log_device_placement
from rillet.core.tracebacks import (
    disable_traceback_filtering as disable_traceback_filtering,
)
from rillet.core.tracebacks import (
    enable_traceback_filtering as enable_traceback_filtering,
)
from rillet.core.tracebacks import (
    is_traceback_filtering_enabled as is_traceback_filtering_enabled,
)
from rillet.ops.checks import Assert as Assert
from rillet.ops.checks import assert_all_finite as assert_all_finite
from rillet.ops.checks import assert_equal as assert_equal
from rillet.ops.checks import assert_greater as assert_greater
from rillet.ops.checks import assert_greater_equal as assert_greater_equal
from rillet.ops.checks import assert_less as assert_less
from rillet.ops.checks import assert_less_equal as assert_less_equal
from rillet.ops.checks import assert_near as assert_near
from rillet.ops.checks import assert_negative as assert_negative
from rillet.ops.checks import assert_non_negative as assert_non_negative
from rillet.ops.checks import assert_non_positive as assert_non_positive
from rillet.ops.checks import assert_none_equal as assert_none_equal
from rillet.ops.checks import assert_positive as assert_positive
from rillet.ops.checks import check_numerics as check_numerics
from rillet.ops.form_checks import assert_integer as assert_integer
from rillet.ops.form_checks import assert_proper_iterable as assert_proper_iterable
from rillet.ops.form_checks import assert_rank as assert_rank
from rillet.ops.form_checks import assert_rank_at_least as assert_rank_at_least
from rillet.ops.form_checks import assert_rank_in as assert_rank_in
from rillet.ops.form_checks import assert_same_float_dtype as assert_same_float_dtype
from rillet.ops.form_checks import assert_scalar as assert_scalar
from rillet.ops.form_checks import assert_shapes as assert_shapes
from rillet.ops.form_checks import assert_type as assert_type
from rillet.ops.form_checks import is_numeric_tensor as is_numeric_tensor
from rillet.ops.numerics_watch import disable_check_numerics as disable_check_numerics
from rillet.ops.numerics_watch import enable_check_numerics as enable_check_numerics
