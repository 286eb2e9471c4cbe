"""The handle of the private rows: every way out of it is a mechanism that is booked before it looks.

The handle holds the rows where no attribute leads to them. What goes in is a function of all rows
(a query); what comes out has noise on it. A query is code of this library, never of the data, and is
trusted in two things that no handle can check: it keeps no copy of the rows, and it reads every row by
itself, so that one row more changes nothing but its own share of the answer.

Unit: one row. Neighbours: add or remove one row. How many rows there are is private, so no query may
raise for some tables only; where one does, the message tells its name and nothing of the rows.
"""

from __future__ import annotations

import contextlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, SupportsIndex, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from tabgan.privacy.discrete_gaussian import IntArray
from tabgan.privacy.entropy import words
from tabgan.privacy.entry import Entry, stability_threshold
from tabgan.privacy.ledger import Ledger
from tabgan.privacy.mechanisms import (
    discrete_gaussian_counts,
    exponential_choice,
    noisy_row_count,
    stability_histogram,
)

Answer = TypeVar("Answer")

_CLOSED = "Private rows are read only by accounted mechanisms, such as counts, labels and row_count."


class PrivateRows:
    """Private rows and the ledger that every look at them is booked in.

    `rows`: a DataFrame, an array or a tensor; its first axis are the rows. Nothing but the methods here
    leads to them: length, iteration, indexing, other attributes, conversion, copying and pickling raise
    TypeError.

    >>> import pandas as pd
    >>> rows = PrivateRows(pd.DataFrame({"age": [31, 45]}), Ledger(1.0, 1e-5))
    >>> rows, rows.row_count(noise_multiplier=20.0) >= 1, len(rows.ledger.entries)
    (<PrivateRows>, True, 1)
    >>> len(rows)
    Traceback (most recent call last):
    TypeError: Private rows are read only by accounted mechanisms, such as counts, labels and row_count.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, rows: Any, ledger: Ledger) -> None:
        _HELD[self] = _Held(rows, ledger)

    @property
    def ledger(self) -> Ledger:
        """What was spent; nothing of it is private."""
        return _HELD[self].ledger

    def row_count(
        self, *, noise_multiplier: float, what: str = "Number of rows", adaptive: bool = False
    ) -> int:
        """Rows of the table, with noise; at least 1.

        Privacy: books one discrete Gaussian of sensitivity 1.
        """
        self._book(
            what=what, mechanism="discrete_gaussian", noise_multiplier=noise_multiplier, adaptive=adaptive
        )
        return noisy_row_count(_length(_HELD[self].rows), noise_multiplier=noise_multiplier)

    def counts(
        self,
        query: Callable[[Any], npt.ArrayLike],
        *,
        what: str,
        shape: int | tuple[int, ...],
        noise_multiplier: float,
        sensitivity: float = 1.0,
        adaptive: bool = False,
    ) -> IntArray:
        """Whole counts of all rows, with noise of deviation `noise_multiplier` times `sensitivity`.

        Shape: -> `shape`, which is public and must not be read off the rows.
        Privacy: the caller promises that one row moves the answer by whole numbers and, in L2, by at
            most `sensitivity`: 1 for one count a row, the root of k where a row counts once in each
            of k tables. Books one discrete Gaussian. `histogram` needs no promise.
        Raises: BudgetExceededError, before the query runs.
        """
        self._book(
            what=what,
            mechanism="discrete_gaussian",
            sensitivity=float(sensitivity),
            noise_multiplier=noise_multiplier,
            adaptive=adaptive,
        )
        exact = np.asarray(self._ask(query, what))
        wanted = (shape,) if isinstance(shape, int) else tuple(shape)
        if exact.shape != wanted or exact.dtype.kind not in "iu":
            raise ValueError(f"{what}: expected whole counts of shape {wanted}.")
        return discrete_gaussian_counts(exact, sensitivity=sensitivity, noise_multiplier=noise_multiplier)

    def histogram(
        self,
        cells: Callable[[Any], npt.ArrayLike],
        *,
        what: str,
        n_cells: int,
        noise_multiplier: float,
        adaptive: bool = False,
    ) -> IntArray:
        """Rows in each cell, with noise.

        `cells` gives the cell of every row, -1 for a row that is in none.

        Shape: -> [n_cells].
        Privacy: a row is in one cell, so sensitivity 1 whatever `cells` gives, as long as it reads rows
            one by one. Books one discrete Gaussian.
        """

        def counted(rows: Any) -> IntArray:
            places = np.asarray(cells(rows))
            if places.shape != (_length(rows),) or places.dtype.kind not in "iu":
                raise ValueError("Expected one cell a row.")
            inside = places[(places >= 0) & (places < n_cells)]
            return np.bincount(inside.astype(np.int64), minlength=n_cells)

        return self.counts(
            counted, what=what, shape=n_cells, noise_multiplier=noise_multiplier, adaptive=adaptive
        )

    def labels(
        self,
        texts: Callable[[Any], Sequence[str | None]],
        *,
        what: str,
        noise_multiplier: float,
        delta: float,
        adaptive: bool = False,
    ) -> dict[str, int]:
        """Labels that enough rows hold, with noisy counts above the threshold, by falling count.

        `texts` gives the label of every row as text, None for a row that has none.

        Privacy: a row has one label, so sensitivity 1. A label that one row alone holds passes with
            probability at most `delta`, which is charged. Books one stability histogram.
        """
        threshold = stability_threshold(noise_multiplier, delta=delta)
        self._book(
            what=what,
            mechanism="stability_histogram",
            noise_multiplier=noise_multiplier,
            delta=delta,
            threshold=threshold,
            adaptive=adaptive,
        )
        held = self._ask(lambda rows: _label_counts(texts(rows), _length(rows)), what)
        return stability_histogram(held, noise_multiplier=noise_multiplier, threshold=threshold)

    def choices(
        self,
        scores: Callable[[Any], npt.ArrayLike],
        *,
        what: str,
        sensitivity: float,
        epsilon: float,
        n_choices: int = 1,
        adaptive: bool = False,
    ) -> list[int]:
        """Places of so many high scores, each drawn from those not drawn before.

        Privacy: the caller promises that one row moves every score by at most `sensitivity` and none
            of their number. Books one exponential mechanism of `n_choices` steps.
        Source: Durfee & Rogers 2019, section 4 (peeling).
        """
        self._book(
            what=what,
            mechanism="exponential",
            sensitivity=float(sensitivity),
            epsilon=epsilon,
            steps=n_choices,
            adaptive=adaptive,
        )
        left = np.asarray(self._ask(scores, what))
        places, chosen = list(range(len(left))), []
        for _ in range(n_choices):
            place = exponential_choice(left, sensitivity=sensitivity, epsilon=epsilon)
            chosen.append(places.pop(place))
            left = np.delete(left, place)
        return chosen

    def map(self, row_wise: Callable[[Any], Any]) -> PrivateRows:
        """A handle of the rows made into others one by one (read, encoded, moved to a device).

        Privacy: free. The caller promises that the function makes of each row what it would make of it
            in any other table; it gives one row for each.
        """
        rows, ledger = _HELD[self].rows, _HELD[self].ledger
        made = self._ask(row_wise, "Making other rows of the private rows")
        if _length(made) != _length(rows):
            raise ValueError("Expected a function that makes one row of each row.")
        return PrivateRows(made, ledger)

    def poisson_batches(
        self,
        *,
        what: str,
        sample_rate: float,
        steps: int,
        noise_multiplier: float,
        sensitivity: float = 1.0,
        adaptive: bool = False,
    ) -> Iterator[Any]:
        """`steps` batches of rows, each row in each batch by a coin of its own; batches may be empty.

        The only way out on which the caller adds the noise. For every batch, an empty one as well, he
        promises to clip what each row gives to an L2 norm of `sensitivity`, to add up, to add fresh
        Gaussian noise of deviation `noise_multiplier` times `sensitivity` to the sum, to use nothing
        else of the batch (neither its size nor a loss) and to let none of its rows go on living.

        Shape: -> [rows of the batch, ...] of the type the handle was made of.
        Privacy: books one Gaussian entry of all steps when called, before the first batch is drawn.
            Coins come from the operating system; a row is in with probability at most `sample_rate`,
            and less than 2**-64 below it.
        """
        self._book(
            what=what,
            mechanism="gaussian",
            sensitivity=float(sensitivity),
            noise_multiplier=noise_multiplier,
            sample_rate=sample_rate,
            steps=steps,
            adaptive=adaptive,
        )
        return _batches(_HELD[self].rows, sample_rate, steps)

    def _book(self, **facts: Any) -> None:
        _HELD[self].ledger.book(Entry(**facts))

    def _ask(self, query: Callable[[Any], Answer], what: str) -> Answer:
        with contextlib.suppress(Exception), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # a warning would tell that there is such a row
            return query(_HELD[self].rows)
        # Outside of the handler: neither message nor chained error may show a cell, nor of which kind it is.
        raise RuntimeError(f"{what}: the query failed. What was booked for it stays spent.")

    def __repr__(self) -> str:
        return "<PrivateRows>"

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(_CLOSED)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        self._refuse(protocol)

    def __getattr__(self, name: str) -> NoReturn:
        # TypeError, not AttributeError: numpy and pandas would take the latter for "try another way".
        self._refuse(name)

    __setattr__ = __delattr__ = _refuse
    __len__ = __bool__ = __iter__ = __getitem__ = __contains__ = __call__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __matmul__ = __rmatmul__ = _refuse
    __int__ = __float__ = __index__ = __abs__ = __neg__ = __invert__ = _refuse
    __array__ = __array_ufunc__ = __array_function__ = _refuse
    __copy__ = __deepcopy__ = _refuse


@dataclass(frozen=True, eq=False)
class _Held:
    rows: Any
    ledger: Ledger


_HELD: WeakKeyDictionary[PrivateRows, _Held] = WeakKeyDictionary()


@dataclass(frozen=True)
class BoundRelease:
    """Private rows with the noise chosen for each release: what an encoder is given to ask.

    `noise`: the noise multiplier of all releases, or of each by its text. `delta`: of each release of
    labels. `adaptive`: the noise was chosen after an earlier release was seen.
    """

    rows: PrivateRows
    noise: float | Mapping[str, float]
    delta: float = 0.0
    adaptive: bool = False

    def deviation(self, what: str) -> float:
        """Deviation of the noise on each count, in rows."""
        return self.noise if isinstance(self.noise, (int, float)) else self.noise[what]

    def histogram(self, cells: Callable[[Any], npt.ArrayLike], *, what: str, n_cells: int) -> IntArray:
        """Rows in each cell, with noise. Privacy: as `PrivateRows.histogram`."""
        noise = self.deviation(what)
        return self.rows.histogram(
            cells, what=what, n_cells=n_cells, noise_multiplier=noise, adaptive=self.adaptive
        )

    def labels(self, texts: Callable[[Any], Sequence[str | None]], *, what: str) -> dict[str, int]:
        """Labels that enough rows hold. Privacy: as `PrivateRows.labels`."""
        noise = self.deviation(what)
        return self.rows.labels(
            texts, what=what, noise_multiplier=noise, delta=self.delta, adaptive=self.adaptive
        )


def _length(rows: Any) -> int:
    return int(rows.shape[0])


def _label_counts(texts: Sequence[str | None], n_rows: int) -> dict[str, int]:
    if len(texts) != n_rows or not all(text is None or isinstance(text, str) for text in texts):
        raise ValueError("Expected one text a row.")
    return dict(Counter(text for text in texts if text is not None))


def _batches(rows: Any, sample_rate: float, steps: int) -> Iterator[Any]:
    take = rows.iloc if hasattr(rows, "iloc") else rows
    for _ in range(steps):
        yield take[_included(_length(rows), sample_rate)]


def _included(n_rows: int, sample_rate: float) -> IntArray:
    """Places of the rows whose coin fell; coins of 64 bits from the operating system."""
    if sample_rate >= 1.0:
        return np.arange(n_rows, dtype=np.int64)
    return np.flatnonzero(words(n_rows) < np.uint64(int(sample_rate * 2.0**64))).astype(np.int64)
