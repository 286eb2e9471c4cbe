"""`--fail-if`: rules such as c2st_auc>0.6 that stop a release."""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tabgan_cli.failures import CommandError, Exit

if TYPE_CHECKING:
    from tabgan.evaluation import Evaluation

_RULE = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*")
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True)
class Rule:
    """The gate fails if the metric compares to the limit like this, or has no value or no control at all."""

    text: str
    key: str
    sign: str
    limit: float

    def failure(self, evaluation: Evaluation) -> str | None:
        """Why the gate fails, on one line; None if it does not."""
        from tabgan.evaluation.control import NO_CONTROL

        metric = evaluation[self.key]
        if metric.value is None:
            return f"{self.text}: cannot be decided, {metric.note or 'it has no value'}."
        if _COMPARE[self.sign](metric.value, self.limit):
            return f"{self.text}: it is {metric.value:.6g}."
        if not metric.has_control:
            return f"{self.text}: cannot be decided, {NO_CONTROL}."
        return None


def read_rules(texts: Sequence[str] | None) -> tuple[Rule, ...]:
    """The rules, checked against the metrics there are. Raises: CommandError, before any work."""
    if not texts:
        return ()
    rules = tuple(_rule(text) for text in texts)
    from tabgan.evaluation.questions import METRIC_KEYS

    for rule in rules:
        if rule.key not in METRIC_KEYS:
            known = [key for key in METRIC_KEYS if rule.key in key]
            known = known or difflib.get_close_matches(rule.key, METRIC_KEYS, n=3) or list(METRIC_KEYS)
            raise CommandError(
                Exit.USAGE,
                f"--fail-if {rule.text!r}: there is no metric {rule.key!r}. Use one of {', '.join(known)}.",
            )
    return rules


def check(rules: Sequence[Rule], evaluation: Evaluation) -> None:
    """Raise CommandError naming every rule that fails."""
    failures = [failure for rule in rules if (failure := rule.failure(evaluation)) is not None]
    if failures:
        raise CommandError(Exit.GATE, f"--fail-if {' '.join(failures)}")


def _rule(text: str) -> Rule:
    found = _RULE.fullmatch(text)
    if found is None:
        raise CommandError(
            Exit.USAGE,
            f"--fail-if {text!r} is not a rule. Write a metric, one of < <= > >= and a number: c2st_auc>0.6",
        )
    key, sign, limit = found.groups()
    return Rule(text.strip(), key, sign, float(limit))
