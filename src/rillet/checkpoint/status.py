"""What `Checkpoint.restore` returns: whether everything was found, asked in words.

Each class answers for one kind of restoring; all have the same methods.
"""

from __future__ import annotations

from typing import Any, Self

from rillet.checkpoint.children import attributes_of
from rillet.checkpoint.restoration import Restoration

_SHOWN = 10


class CheckpointLoadStatus:
    """What came of restoring a checkpoint that holds an object graph.

    Args:
        restoration: the restoring.
        objects: what it was for; the status holds on to it.
        exempt: an object that need not be in the file.
    """

    def __init__(
        self, restoration: Restoration, objects: Any, exempt: Any = None
    ) -> None:
        self._restoration = restoration
        self._objects = objects
        self._exempt = exempt

    def assert_consumed(self) -> Self:
        """Check that every value in the file found its object, and the reverse.

        Returns:
            This object.

        Raises:
            AssertionError: where one did not.
        """
        self._restoration.advance()
        left = self._restoration.left()
        if left:
            shown = "\n".join(f"  {path} ({name})" for path, name in left[:_SHOWN])
            raise AssertionError(
                f"Unresolved object in checkpoint: {len(left)} values were not used."
                f" Showing {min(len(left), _SHOWN)} of them:\n{shown}\nRestore into an"
                " object of the same parts, or say .expect_partial() instead."
            )
        return self.assert_existing_objects_matched()

    def assert_existing_objects_matched(self) -> Self:
        """Check that every object with values got them from the file.

        Returns:
            This object.

        Raises:
            AssertionError: where one did not.
        """
        restoration = self._restoration
        restoration.advance()
        bound = {id(holder()) for holder in restoration.found.values()}
        lacking = [
            item
            for item in restoration.objects_now()
            if id(item) not in bound
            and item is not self._exempt
            and attributes_of(item)
        ]
        if lacking:
            shown = [repr(item) for item in lacking[:_SHOWN]]
            raise AssertionError(
                f"Found {len(lacking)} Python objects that were not bound to"
                " checkpointed values, likely due to changes in the Python program."
                f" Showing {len(shown)} of {len(lacking)} unmatched objects:"
                f" [{', '.join(shown)}]"
            )
        return self

    def assert_nontrivial_match(self) -> Self:
        """Check that something besides the root was found.

        Returns:
            This object.

        Raises:
            AssertionError: where nothing was.
        """
        restoration = self._restoration
        restoration.advance()
        if len(restoration.found) <= 1 and len(restoration.graph.nodes) > 1:
            names = sorted(c.local_name for c in restoration.graph.nodes[0].children)
            raise AssertionError(
                "Nothing to load. No dependencies have been added to the restored"
                f" object yet; the checkpoint's root holds {names}."
            )
        return self

    def expect_partial(self) -> Self:
        """Say that values may be left over: no warning will tell of them.

        Returns:
            This object.
        """
        self._restoration.quiet = True
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Nothing is left to do: values are put in place at once."""

    def initialize_or_restore(self, session: Any = None) -> None:
        """Nothing is left to do: variables are made with their values."""


class InitializationOnlyStatus:
    """What `restore(None)` returns: nothing was restored."""

    def assert_consumed(self) -> Self:
        """Raise: there was no checkpoint.

        Raises:
            AssertionError: always.
        """
        raise AssertionError(
            "No checkpoint specified (save_path=None); nothing is being restored."
        )

    def assert_existing_objects_matched(self) -> Self:
        """Raise: there was no checkpoint; see `assert_consumed`."""
        return self.assert_consumed()

    def assert_nontrivial_match(self) -> Self:
        """Raise: there was no checkpoint; see `assert_consumed`."""
        return self.assert_consumed()

    def expect_partial(self) -> Self:
        """Nothing to silence; returns this object."""
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Raise: there was no checkpoint; see `assert_consumed`."""
        self.assert_consumed()

    def initialize_or_restore(self, session: Any = None) -> None:
        """Nothing is left to do: variables are made with their values."""


class NameBasedSaverStatus:
    """What came of restoring a checkpoint of TensorFlow 1, which goes by names."""

    def __init__(self, used: set[str], held: set[str], lacking: list[Any]) -> None:
        self._left = sorted(held - used)
        self._lacking = lacking

    def assert_consumed(self) -> Self:
        """Check that every value was used and every variable got one.

        Raises:
            AssertionError: where not.
        """
        if self._left:
            raise AssertionError(
                "Some checkpoint values are not used by this object graph:"
                f" {self._left[:_SHOWN]}"
            )
        return self.assert_existing_objects_matched()

    def assert_existing_objects_matched(self) -> Self:
        """Check that every variable got a value.

        Raises:
            AssertionError: where one did not.
        """
        if self._lacking:
            raise AssertionError(
                "Some objects had attributes which were not restored:"
                f" {[v.name for v in self._lacking[:_SHOWN]]}"
            )
        return self

    def assert_nontrivial_match(self) -> Self:
        """The same as `assert_existing_objects_matched`."""
        return self.assert_existing_objects_matched()

    def expect_partial(self) -> Self:
        """Nothing to silence; returns this object."""
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Nothing is left to do: values are put in place at once."""

    def initialize_or_restore(self, session: Any = None) -> None:
        """Nothing is left to do: variables are made with their values."""
