"""tabgan: learn a private table, make a synthetic one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tabgan.auditing import audit
    from tabgan.checkpoint import Checkpoint
    from tabgan.errors import (
        BudgetExceededError,
        ConditionError,
        ConstraintError,
        ModelFileError,
        NotFittedError,
        SchemaError,
        TabganError,
        TabganWarning,
    )
    from tabgan.evaluation import evaluate
    from tabgan.privacy.config import PrivacyConfig
    from tabgan.private_plan import PrivatePlan, plan_private
    from tabgan.rule import (
        Custom,
        FixedCombinations,
        Increments,
        Inequality,
        NotNull,
        OneHot,
        Range,
        Sum,
        Unique,
    )
    from tabgan.rules.finding import find_rules
    from tabgan.schema import Column, Schema, infer_schema
    from tabgan.synthesizer import TabGAN

__version__ = "0.1.0"

__all__ = [
    "BudgetExceededError",
    "Checkpoint",
    "Column",
    "ConditionError",
    "ConstraintError",
    "Custom",
    "FixedCombinations",
    "Increments",
    "Inequality",
    "ModelFileError",
    "NotFittedError",
    "NotNull",
    "OneHot",
    "PrivacyConfig",
    "PrivatePlan",
    "Range",
    "Schema",
    "SchemaError",
    "Sum",
    "TabGAN",
    "TabganError",
    "TabganWarning",
    "Unique",
    "__version__",
    "audit",
    "evaluate",
    "find_rules",
    "infer_schema",
    "plan_private",
]

_HOMES = {
    "Checkpoint": "tabgan.checkpoint",
    "Column": "tabgan.schema",
    "PrivacyConfig": "tabgan.privacy.config",
    "PrivatePlan": "tabgan.private_plan",
    "Schema": "tabgan.schema",
    "TabGAN": "tabgan.synthesizer",
    "audit": "tabgan.auditing",
    "evaluate": "tabgan.evaluation",
    "infer_schema": "tabgan.schema",
    "plan_private": "tabgan.private_plan",
    **dict.fromkeys(
        "Custom FixedCombinations Increments Inequality NotNull OneHot Range Sum Unique".split(),
        "tabgan.rule",
    ),
    "find_rules": "tabgan.rules.finding",
}


def __getattr__(name: str) -> Any:
    """Load the public names when they are first used: `import tabgan` itself is instant."""
    if name not in __all__:
        raise AttributeError(f"module 'tabgan' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "tabgan.errors")), name)


def __dir__() -> list[str]:
    """The public names among the others, so that they are completed; nothing is loaded."""
    return sorted({*globals(), *__all__})
