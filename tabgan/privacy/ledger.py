"""The ledger: what was spent, written before it is spent; a hard stop at the budget.

`Ledger.book` adds up what all mechanisms would cost together, refuses or writes, and only then
returns, so that a mechanism called after it is on the disk before it runs. Entries cannot be changed
or taken back. Whoever holds the plain values of a ledger can add them up again: `verdict`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tabgan.errors import BudgetExceededError, ModelFileError
from tabgan.privacy.accounting import Spent, epsilon_of, fits, rounded_up
from tabgan.privacy.entry import NEIGHBOURS, UNIT, Entry, Neighbours, Unit
from tabgan.privacy.ledger_file import LedgerFile

FORMAT = 1
_KEYS: Final = frozenset({"format", "unit", "neighbours", "epsilon", "delta", "entries", "spent"})
_SPENT_KEYS: Final = frozenset({"epsilon", "delta", "accountant"})
_SAME = 1e-6  # versions of the numerical libraries may differ by so much, relatively


class Ledger:
    """Budget and entries of one fit.

    With a `path` each booking is one line of that file, synced to the disk before `book` returns; a
    file that is there already is continued: its entries stay spent, its settled delta holds.

    Unit: one row. Neighbours: add or remove one row.
    Raises: ValueError for a budget out of range; BudgetExceededError where the file holds another
        budget; ModelFileError where it is damaged.

    >>> ledger = Ledger(1.0, 1e-5)
    >>> ledger.book(Entry(what="Rows of the table", mechanism="discrete_gaussian", noise_multiplier=20.0))
    >>> str(ledger.spent)
    'epsilon 0.1601 at delta 1e-05 (Gaussian)'
    """

    unit: Final[Unit] = UNIT
    neighbours: Final[Neighbours] = NEIGHBOURS

    def __init__(self, epsilon: float, delta: float, *, path: str | os.PathLike[str] | None = None) -> None:
        _check_budget(epsilon, delta)
        self._budget = float(epsilon), float(delta)
        self._entries: tuple[Entry, ...] = ()
        self._file: LedgerFile | None = None
        if path is not None:
            header = {"format": FORMAT, "unit": UNIT, "neighbours": NEIGHBOURS, "epsilon": self.epsilon}
            self._file, settled, lines = LedgerFile.open(path, header={**header, "delta": self.delta})
            _check_budget(epsilon, settled["delta"])
            self._budget = self.epsilon, float(settled["delta"])
            self._entries = _read_entries(path, lines)

    def __repr__(self) -> str:
        budget = f"Ledger of epsilon {self.epsilon:g} at delta {self.delta:g}; spent: {self.spent}"
        return "\n".join([budget, *(f"  {entry.what} ({entry.mechanism})" for entry in self._entries)])

    @property
    def epsilon(self) -> float:
        """Epsilon of the budget."""
        return self._budget[0]

    @property
    def delta(self) -> float:
        """Delta of the budget, at which the spend is told."""
        return self._budget[1]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything booked, in its order."""
        return self._entries

    @property
    def spent(self) -> Spent:
        """The guarantee that all entries keep together: (epsilon, delta, accountant)."""
        return epsilon_of(self._entries, self.delta) if self._entries else Spent(0.0, 0.0, "none")

    def book(self, *entries: Entry) -> None:
        """Charge mechanisms that are about to run: all of them, or none.

        The file is written and synced before this returns. An error leaves them unbooked; where it
        came from the disk, the file may hold them: spent, to whoever continues it.

        Raises: BudgetExceededError where the total would pass the budget; nothing is written then.
        """
        if not entries:
            raise ValueError("Expected at least one entry to book.")
        after = (*self._entries, *entries)
        if not fits(after, self.epsilon, self.delta):
            raise BudgetExceededError(self._refusal(entries, after))
        if self._file is not None:
            self._file.append([entry.to_dict() for entry in entries])
        self._entries = after

    def settle(self, delta: float) -> None:
        """Set the delta of the budget anew, as a default that follows from a released number of rows.

        Privacy: what was booked before is adaptive, since what follows depends on that number.
        Raises: ValueError for a smaller one, or where an entry is not adaptive.
        """
        _check_budget(self.epsilon, delta)
        if not all(entry.adaptive for entry in self._entries):
            raise ValueError("Expected adaptive entries only, as delta follows from a released number.")
        if delta < self.delta:
            raise ValueError(f"Expected delta >= {self.delta:g}, got delta={delta!r}.")
        if self._file is not None:
            self._file.append({"delta": float(delta)})
        self._budget = self.epsilon, float(delta)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON: budget, entries and the spend that they are claimed to sum to."""
        return {
            "format": FORMAT,
            "unit": UNIT,
            "neighbours": NEIGHBOURS,
            "epsilon": self.epsilon,
            "delta": self.delta,
            "entries": [entry.to_dict() for entry in self._entries],
            "spent": self.spent._asdict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Ledger:
        """The ledger of these plain values, without a file; its spend is worked out anew.

        Raises: ValueError unless they are exactly those of a ledger.
        """
        _check_keys(values)
        ledger = cls(values["epsilon"], values["delta"])
        ledger._entries = tuple(Entry.from_dict(entry) for entry in values["entries"])
        return ledger

    def _refusal(self, entries: tuple[Entry, ...], after: tuple[Entry, ...]) -> str:
        before, total = self.spent, epsilon_of(after, self.delta)
        what = entries[0].what + (f" (and {len(entries) - 1} more)" if len(entries) > 1 else "")
        delta = math.fsum(entry.delta for entry in entries)
        left_delta = self.delta - math.fsum(entry.delta for entry in self._entries)
        if delta >= left_delta:
            cost, left = f"delta={delta:g}", f"less than delta={left_delta:g}"
        else:
            cost = f"epsilon={rounded_up(total.epsilon - before.epsilon)}"
            left = f"{max(self.epsilon - before.epsilon, 0.0):.4f} of {self.epsilon:g}"
        return f"{what}: would cost {cost}, and {left} is left; nothing was run."


@dataclass(frozen=True)
class Verdict:
    """Whether a ledger's claim holds, by arithmetic on its plain values alone.

    reasons: why not; empty where it holds. recomputed: None where the values are not a ledger.
    """

    holds: bool
    claimed: float | None
    recomputed: Spent | None
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        if self.holds:
            return f"The claim holds: recomputed {self.recomputed}."
        return "The claim does not hold: " + " ".join(self.reasons)


def verdict(values: Mapping[str, Any]) -> Verdict:
    """Add up a ledger again from its plain values, believing none of its sums.

    >>> claim = Ledger(1.0, 1e-5).to_dict()
    >>> verdict(claim).holds, verdict({**claim, "unit": "one cell"}).holds
    (True, False)
    """
    try:
        ledger = Ledger.from_dict(values)
        claimed = _claimed(values["spent"], ledger)
        recomputed = ledger.spent
    except (ArithmeticError, TypeError, ValueError) as error:
        return Verdict(holds=False, claimed=None, recomputed=None, reasons=(str(error),))
    reasons, cost = [], f"The entries cost epsilon {rounded_up(recomputed.epsilon)}"
    if recomputed.epsilon > claimed * (1.0 + _SAME):
        reasons.append(f"{cost}, but {rounded_up(claimed)} is claimed.")
    if recomputed.epsilon > ledger.epsilon * (1.0 + _SAME):
        reasons.append(f"{cost}, but the budget is {ledger.epsilon:g}.")
    return Verdict(holds=not reasons, claimed=claimed, recomputed=recomputed, reasons=tuple(reasons))


def _read_entries(path: str | os.PathLike[str], lines: list[list[Any]]) -> tuple[Entry, ...]:
    try:
        return tuple(Entry.from_dict(values) for line in lines for values in line)
    except ValueError:
        raise ModelFileError(f"{path} is damaged: a line is not a booking. Start a new ledger.") from None


def _check_budget(epsilon: object, delta: object) -> None:
    for name, value in (("epsilon", epsilon), ("delta", delta)):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"Expected {name} to be a number, got {name}={value!r}.")
        if not 0.0 < value < (math.inf if name == "epsilon" else 1.0):
            limit = "epsilon > 0 and finite" if name == "epsilon" else "0 < delta < 1"
            raise ValueError(f"Expected {limit}, got {name}={value!r}.")


def _check_keys(values: object) -> None:
    if not isinstance(values, Mapping) or set(values) != _KEYS:
        raise ValueError(f"Expected a ledger with exactly {', '.join(sorted(_KEYS))}.")
    if values["format"] != FORMAT:
        raise ValueError(f"Expected a ledger of format {FORMAT}, got {values['format']!r}.")
    if (values["unit"], values["neighbours"]) != (UNIT, NEIGHBOURS):
        raise ValueError(f"Expected the unit to be {UNIT} and neighbours to {NEIGHBOURS}.")
    if not isinstance(values["entries"], (list, tuple)):
        raise ValueError("Expected a list of entries.")


def _claimed(spent: object, ledger: Ledger) -> float:
    if not isinstance(spent, Mapping) or set(spent) != _SPENT_KEYS:
        raise ValueError(f"Expected a spend with exactly {', '.join(sorted(_SPENT_KEYS))}.")
    claimed, delta = spent["epsilon"], spent["delta"]
    for value in (claimed, delta):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError("Expected the claimed epsilon and delta to be finite numbers.")
    if delta != (ledger.delta if ledger.entries else 0.0):
        raise ValueError("Expected the claim to be made at the delta of the budget.")
    return float(claimed)
