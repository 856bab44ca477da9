"""One tree of errors: TensorFlow's classes, the house's form of message.

Each class carries TensorFlow's canonical code. `house_message` words every message:
``op: the rule that broke: the values received; the fix``.
"""

from __future__ import annotations

from typing import Any, ClassVar


def house_message(op: str, rule: str, values: str = "", fix: str = "") -> str:
    """Word an error in the house's form.

    Args:
        op: who speaks, by its public name.
        rule: the rule that broke.
        values: what was received.
        fix: what would work, or nothing.

    Returns:
        ``op: rule: values. fix``, without the parts that are empty.
    """
    text = f"{op}: {rule}"
    if values:
        text += f": {values}"
    if fix:
        text += f".\n{fix}" if fix.endswith("?") else f". {fix}."
    elif not text.endswith((".", "?")):
        text += "."
    return text


class OpError(Exception):
    """An error of an op at run time; the classes below say of which kind."""

    error_code: ClassVar[int] = 2

    def __init__(
        self,
        node_def: Any = None,
        op: Any = None,
        message: str | None = None,
        error_code: int | None = None,
    ) -> None:
        # TensorFlow's constructor takes (node_def, op, message); a lone string is the
        # message, which is how rillet itself raises them.
        if message is None and isinstance(node_def, str):
            node_def, message = None, node_def
        text = message or ""
        super().__init__(text)
        self._node_def, self._op, self._message = node_def, op, text
        if error_code is not None:
            self.error_code = error_code  # type: ignore[misc]

    @property
    def message(self) -> str:
        """What went wrong, in words."""
        return self._message

    @property
    def op(self) -> Any:
        """The operation that failed, where it is known."""
        return self._op

    @property
    def node_def(self) -> Any:
        """The graph node that failed, where there is one."""
        return self._node_def

    @property
    def experimental_payloads(self) -> dict[str, bytes]:
        """More about the error by key; empty here."""
        return {}

    def __str__(self) -> str:
        return self._message

    def __reduce__(self) -> Any:
        return type(self), (None, None, self._message)


class CancelledError(OpError):
    """The operation was cancelled."""

    error_code = 1


class UnknownError(OpError):
    """An error of no other kind."""

    error_code = 2


class InvalidArgumentError(OpError):
    """An operation received an argument it cannot work on."""

    error_code = 3


class OperandTypeError(InvalidArgumentError, TypeError):
    """An operand cannot take the other's type: TensorFlow raises either class."""


class TracedArgumentError(InvalidArgumentError, ValueError, TypeError):
    """An argument that does not fit, found while a function is traced.

    TensorFlow raises ValueError or TypeError then, InvalidArgumentError when it runs.
    """


class InaccessibleTensorError(ValueError, TypeError):
    """A tensor of a function is used where it means nothing.

    TensorFlow raises a ValueError of this name, and in most places TypeError.
    """


class DeadlineExceededError(OpError):
    """Time ran out before the operation was done."""

    error_code = 4


class NotFoundError(OpError):
    """Something that was asked for (a file, a directory, a key) does not exist."""

    error_code = 5


class AlreadyExistsError(OpError):
    """Something that was to be created exists already."""

    error_code = 6


class PermissionDeniedError(OpError):
    """The caller may not do this."""

    error_code = 7


class ResourceExhaustedError(OpError):
    """Memory, disk or another resource ran out."""

    error_code = 8


class FailedPreconditionError(OpError):
    """The system is not in the state that the operation needs."""

    error_code = 9


class AbortedError(OpError):
    """The operation was aborted, as a rule because of another one beside it."""

    error_code = 10


class OutOfRangeError(OpError):
    """Iteration or reading went past the end."""

    error_code = 11


class UnimplementedError(OpError):
    """The operation does not exist for these arguments."""

    error_code = 12


class InternalError(OpError):
    """Something that must hold inside rillet did not."""

    error_code = 13


class UnavailableError(OpError):
    """A service is not available now."""

    error_code = 14


class DataLossError(OpError):
    """Data was lost or is damaged beyond repair."""

    error_code = 15


class UnauthenticatedError(OpError):
    """The caller did not say who it is."""

    error_code = 16


class LateVariableError(ValueError):
    """A function makes variables each time it is traced."""


class OperatorNotAllowedInGraphError(TypeError):
    """A Python construct needs a value that a traced tensor does not have."""


OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16
