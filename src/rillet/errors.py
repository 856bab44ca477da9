"""`tf.errors`: the classes of errors, and the numbers of their codes."""

from rillet.core.errors import ABORTED as ABORTED
from rillet.core.errors import ALREADY_EXISTS as ALREADY_EXISTS
from rillet.core.errors import CANCELLED as CANCELLED
from rillet.core.errors import DATA_LOSS as DATA_LOSS
from rillet.core.errors import DEADLINE_EXCEEDED as DEADLINE_EXCEEDED
from rillet.core.errors import FAILED_PRECONDITION as FAILED_PRECONDITION
from rillet.core.errors import INTERNAL as INTERNAL
from rillet.core.errors import INVALID_ARGUMENT as INVALID_ARGUMENT
from rillet.core.errors import NOT_FOUND as NOT_FOUND
from rillet.core.errors import OK as OK
from rillet.core.errors import OUT_OF_RANGE as OUT_OF_RANGE
from rillet.core.errors import PERMISSION_DENIED as PERMISSION_DENIED
from rillet.core.errors import RESOURCE_EXHAUSTED as RESOURCE_EXHAUSTED
from rillet.core.errors import UNAUTHENTICATED as UNAUTHENTICATED
from rillet.core.errors import UNAVAILABLE as UNAVAILABLE
from rillet.core.errors import UNIMPLEMENTED as UNIMPLEMENTED
from rillet.core.errors import UNKNOWN as UNKNOWN
from rillet.core.errors import AbortedError as AbortedError
from rillet.core.errors import AlreadyExistsError as AlreadyExistsError
from rillet.core.errors import CancelledError as CancelledError
from rillet.core.errors import DataLossError as DataLossError
from rillet.core.errors import DeadlineExceededError as DeadlineExceededError
from rillet.core.errors import FailedPreconditionError as FailedPreconditionError
from rillet.core.errors import InternalError as InternalError
from rillet.core.errors import InvalidArgumentError as InvalidArgumentError
from rillet.core.errors import NotFoundError as NotFoundError
from rillet.core.errors import (
    OperatorNotAllowedInGraphError as OperatorNotAllowedInGraphError,
)
from rillet.core.errors import OpError as OpError
from rillet.core.errors import OutOfRangeError as OutOfRangeError
from rillet.core.errors import PermissionDeniedError as PermissionDeniedError
from rillet.core.errors import ResourceExhaustedError as ResourceExhaustedError
from rillet.core.errors import UnauthenticatedError as UnauthenticatedError
from rillet.core.errors import UnavailableError as UnavailableError
from rillet.core.errors import UnimplementedError as UnimplementedError
from rillet.core.errors import UnknownError as UnknownError
