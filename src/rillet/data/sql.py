"""`SqlDataset`: the rows of a query to a SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.dtypes import as_dtype, string
from rillet.core.errors import InvalidArgumentError, UnknownError, house_message
from rillet.core.spec import TensorSpec
from rillet.data.dataset import Dataset
from rillet.data.paths import text_of
from rillet.data.plan import Plan, Run
from rillet.data.structure import Element, flatten, map_nest


class SqlPlan(Plan):
    """The rows of a query, a scalar for each column."""

    kind = "_SqlDataset"

    def __init__(self, path: str, query: str, types: Any) -> None:
        super().__init__(map_nest(lambda t: TensorSpec((), as_dtype(t)), types))
        self._path = path
        self._query = query

    def elements(self, run: Run) -> Iterator[Element]:
        """See `Plan`."""
        import sqlite3  # some builds of Python lack it

        kinds = [s.dtype for s in flatten(self.spec)]
        connection = sqlite3.connect(self._path, check_same_thread=False)
        try:
            for row in connection.execute(self._query):
                if len(row) != len(kinds):
                    raise InvalidArgumentError(
                        house_message(
                            "SqlDataset",
                            "the query must give a column for each of `output_types`",
                            f"there are {len(row)} columns and {len(kinds)} types",
                        )
                    )
                pairs = zip(row, kinds, strict=True)
                yield tuple([_value(value, kind) for value, kind in pairs])
        except sqlite3.Error as error:
            raise UnknownError(house_message("SqlDataset", str(error))) from error
        finally:
            connection.close()


def _value(value: Any, kind: Any) -> Any:
    """A column's value as an array; NULL is 0, or no text."""
    if kind is string:
        if isinstance(value, bytes):
            return np.array(value, object)
        text = "" if value is None else str(value)
        return np.array(text.encode(), object)
    return np.array(0 if value is None else value).astype(kind.numpy_dtype)


class SqlDataset(Dataset):
    """The rows of a query.

    Args:
        driver_name: ``"sqlite"``.
        data_source_name: the database's file.
        query: in SQL.
        output_types: a nest of types, one for each column.

    Raises:
        InvalidArgumentError: where the driver is another, or columns do not fit.
    """

    def __init__(
        self, driver_name: Any, data_source_name: Any, query: Any, output_types: Any
    ) -> None:
        if text_of(driver_name) != "sqlite":
            raise InvalidArgumentError(
                house_message(
                    "SqlDataset",
                    "The set of supported databases is: {'sqlite'}",
                    f"got {driver_name!r}",
                )
            )
        path, text = text_of(data_source_name), text_of(query)
        super().__init__(SqlPlan(path, text, output_types))
