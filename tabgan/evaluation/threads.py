"""How many processor threads the models of the evaluation use."""

from __future__ import annotations

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def one_thread() -> AbstractContextManager[object]:
    """Let scikit-learn's trees grow in one thread inside of a `with`; what it was comes back after it.

    Each step of a tree is short, and its threads wait for each other in a loop: on an idle machine more of
    them gain next to nothing, on a busy one, or in a container with less processor time than threads, the
    wait takes many times as long as the work. Nor do figures depend on how many cores there are.
    """
    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="openmp")
    return limits
