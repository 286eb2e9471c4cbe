"""Every error tabgan raises on purpose, and the warning it gives.

    TabganError
      SchemaError            (also ValueError) table and schema disagree
      ConditionError         a condition that cannot be met
      ConstraintError        rows that satisfy the constraints could not be made
      BudgetExceededError    the next mechanism would cost more than is left; nothing was run
      NotFittedError         sample or save before fit
      ModelFileError         unreadable, newer, damaged or unsafe model file
    TabganWarning            (also UserWarning) what should be known before a model is trusted

A message is one line: which column, how many rows, what to do. It never holds a cell value.

>>> issubclass(SchemaError, ValueError)
True
"""

from __future__ import annotations


class TabganError(Exception):
    """Parent of every error this package raises on purpose."""


class SchemaError(TabganError, ValueError):
    """The table and its schema disagree, or the table is of a shape that cannot be learned."""


class ConditionError(TabganError):
    """A condition names an unknown column or value, or no row can meet it."""


class ConstraintError(TabganError):
    """Rows that satisfy every constraint could not be made."""


class BudgetExceededError(TabganError):
    """The next mechanism would cost more than is left of the budget; nothing was run."""


class NotFittedError(TabganError):
    """Sampling or saving was asked for before fitting."""


class ModelFileError(TabganError):
    """The model file is unreadable, from a newer version, damaged or unsafe."""


class TabganWarning(UserWarning):
    """What a user should know before trusting a model: each line of its `warnings_`."""
