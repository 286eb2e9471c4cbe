"""How much memory training takes, told from the sizes of the blocks before anything is allocated."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tabgan.free_memory import free_memory
from tabgan.gan.blocks import WIDTHS
from tabgan.gan.merging import MAX_FLAT
from tabgan.gan.settings import Settings

FLOAT = 4  # bytes
# How often each is held at the same time, found by measuring the peak (benchmarks/memory.py).
WEIGHT_COPIES = 9
BATCH_COPIES = 7
PAIR_COPIES = 6
GAME_COPIES, SUM_COPIES = 8, 2  # of the codes of made rows; of their sums of vectors, one for each block
PROGRAM = 700 * 2**20  # Python, torch and pandas, before any table
CODE, PLACE = 2, 8  # bytes
ORDERS = 2  # of the rows: which are trained on, and how an epoch deals them
COLUMN_COPIES = 6  # of one column of numbers while it is looked at, before there are codes


def training_bytes(sizes: Sequence[int], n_rows: int, settings: Settings) -> int:
    """Peak memory of training. `sizes`: codes of each block. Unit: bytes."""
    n_flat = sum(next((width for width in WIDTHS if width >= size), size) for size in sizes)
    n_blocks, width = len(sizes), settings.generator_dim[0]
    teachers = settings.teachers
    weights = 2 * n_flat * width * WEIGHT_COPIES
    if teachers.draw_rows:
        weights += n_flat * settings.discriminator_dim[0] * WEIGHT_COPIES
    batch_rows = min(settings.batch_size, max(n_rows, 1))
    batch = batch_rows * n_flat * BATCH_COPIES
    if teachers.draw_rows:
        batch += batch_rows // 2 * (n_flat * GAME_COPIES + n_blocks * width * SUM_COPIES)
    pairs = min(n_flat, MAX_FLAT) ** 2 * PAIR_COPIES + 2 * n_blocks**2
    if teachers.marginals:
        pairs += n_flat**2 * PAIR_COPIES
    training = FLOAT * (weights + batch + pairs) + n_rows * (CODE * n_blocks + PLACE * ORDERS)
    return PROGRAM + max(training, n_rows * PLACE * COLUMN_COPIES)


def free_bytes(device: torch.device) -> int | None:
    """Memory that is free now on the device; None where the system does not say."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return free_memory()
