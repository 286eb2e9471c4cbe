"""What an attack's interval allows to say; never that a table is anonymous."""

from __future__ import annotations

from tabgan.evaluation.metric import Interval, Verdict

LEAK = 0.05  # an excess that is surely above this lets an attacker learn about many rows
VISIBLE = 0.10  # an attack that could not have seen this much is too small to calm anyone
POWER = 1.43  # (1.96 + .84) / 1.96: what is found in 4 of 5 tries, in half-widths of the interval
SEVERITY: tuple[Verdict, ...] = ("leak", "weak evidence", "underpowered", "no evidence")


def verdict_of(excess: Interval) -> Verdict:
    """The word for an attack whose success over its control has this interval.

    The excess is 0 where training rows are no easier to attack than rows held out, 1 where every
    one falls. With several tests of one question, give an interval corrected for their number.

    >>> verdict_of((0.3, 0.4)), verdict_of((0.01, 0.07)), verdict_of((-0.02, 0.03))
    ('leak', 'weak evidence', 'no evidence')
    >>> verdict_of((-0.3, 0.4))
    'underpowered'
    """
    low, _ = excess
    if low > LEAK:
        return "leak"
    if low > 0:
        return "weak evidence"
    return "underpowered" if smallest_detectable(excess) > VISIBLE else "no evidence"


def smallest_detectable(excess: Interval) -> float:
    """The excess that an attack of this precision would have found with a probability of 80 %."""
    return POWER * (excess[1] - excess[0]) / 2
