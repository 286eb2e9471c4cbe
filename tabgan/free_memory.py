"""How much memory this process may still take."""

from __future__ import annotations

import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup/memory.max")


def free_memory() -> int | None:
    """Bytes that are free now; None where the system does not say."""
    found = [_available(), _limit_of_the_container(), _limit_of_the_process()]
    told = [n_bytes for n_bytes in found if n_bytes is not None]
    return min(told) if told else None


def _available() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _limit_of_the_container() -> int | None:
    try:
        return int(_CGROUP.read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max": none
        return None


def _limit_of_the_process() -> int | None:
    """Addresses that `ulimit -v` leaves, where it is set."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit == resource.RLIM_INFINITY:
            return None
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        return max(limit - pages * resource.getpagesize(), 0)
    except (ImportError, OSError, ValueError):
        return None
