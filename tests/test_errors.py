from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from tabgan import errors

TREE = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, Exception) and not issubclass(kind, Warning)
}


def test_every_error_has_one_parent_and_stands_in_the_tree_at_the_top() -> None:
    assert set(TREE) == {
        "TabganError",
        "SchemaError",
        "ConditionError",
        "ConstraintError",
        "BudgetExceededError",
        "NotFittedError",
        "ModelFileError",
    }
    for name, kind in TREE.items():
        assert issubclass(kind, errors.TabganError)
        assert name in (errors.__doc__ or "")
        assert kind.__doc__
    assert "TabganWarning" in (errors.__doc__ or "")


def test_a_schema_error_is_a_value_error_and_the_others_are_not() -> None:
    assert [name for name, kind in TREE.items() if issubclass(kind, ValueError)] == ["SchemaError"]


def test_the_package_raises_no_bare_exception() -> None:
    for path in Path(errors.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                raised = ast.unparse(node.exc.func)
                assert raised not in ("Exception", "BaseException"), f"{path.name}:{node.lineno}"


def test_an_error_can_be_caught_as_its_parent() -> None:
    with pytest.raises(errors.TabganError):
        raise errors.ModelFileError("damaged")
