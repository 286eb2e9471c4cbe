"""A judge keeps drawn rows as often as they are likelier in the table than among the drawn ones."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tabgan.gan.blocks import Blocks
from tabgan.gan.discriminator import Discriminator
from tabgan.gan.drawing import Drawer
from tabgan.gan.generator import Generator
from tabgan.gan.order import one_way_marginals
from tabgan.gan.phase import Clock
from tabgan.gan.rejection import PART_ROWS, Judge, Lesson, _set_right, drawn, taught_judge
from tabgan.gan.settings import Settings

SIZES = (2, 3)
SHORT = Settings(discriminator_dim=(32, 32), batch_size=512, judge_lr=5e-3, ema=0.98)


def of_cells(counts: list[list[int]]) -> Tensor:
    """A table of two blocks with so many rows of every pair of codes. Shape: -> int16 [rows, 2]."""
    rows = [[one, two] for one, line in enumerate(counts) for two, n in enumerate(line) for _ in range(n)]
    return torch.tensor(rows, dtype=torch.int16)


def independent(table: Tensor, blocks: Blocks) -> Lesson:
    """A generator that knows the shares of single codes and nothing else."""
    generator = Generator(blocks, embedding_dim=4, generator_dim=(8, 8), final_norm=False)
    with torch.no_grad():
        for weight in generator.parameters():
            weight.zero_()
        generator.head.bias.copy_(one_way_marginals(table, blocks).clamp(min=1e-6).log())
    return Lesson(Drawer(generator), [(0,), (1,)], n_steps=600)


def shares_of(codes: Tensor, weights: Tensor | None = None) -> Tensor:
    """Share of rows of each pair of codes. Shape: -> [6]."""
    counts = torch.bincount(codes[:, 0].long() * 3 + codes[:, 1].long(), weights, 6)
    return counts / counts.sum()


def taught(table: Tensor, settings: Settings = SHORT) -> tuple[Judge | None, Tensor]:
    """The judge of independent draws, and draws that it has not seen."""
    torch.manual_seed(0)
    lesson = independent(table, Blocks(SIZES))
    return taught_judge(table, lesson, settings, []), drawn(lesson, 40_000)


def test_kept_rows_hang_together_as_those_of_the_table():
    table = of_cells([[3000, 600, 100], [300, 900, 1500]])
    judge, made = taught(table)
    assert judge is not None
    wanted = shares_of(table)
    assert (shares_of(made) - wanted).abs().max() > 0.1
    kept = made[torch.rand(len(made)) < judge.chances(made)]
    assert (shares_of(kept) - wanted).abs().max() < 0.02
    assert len(kept) > 0.4 * len(made)


def test_scores_are_the_logarithms_of_the_ratio_of_both_densities():
    table = of_cells([[3000, 600, 100], [300, 900, 1500]])
    judge, made = taught(table)
    assert judge is not None
    cells = torch.tensor([[one, two] for one in range(2) for two in range(3)])
    ratio = (shares_of(table) / shares_of(made)).log()
    # Of rows that are always kept nothing more is told, and a constant says nothing.
    found, wanted = judge.chances(cells).log(), ratio - judge.bound
    assert ((found - found[0]) - (wanted - wanted[0]).clamp(max=-wanted[0])).abs().max() < 0.35


def test_draws_that_nobody_can_tell_are_hardly_ever_rejected():
    judge, made = taught(of_cells([[1000, 500, 100], [2000, 1000, 200]]))
    assert judge is None or judge.chances(made).mean() > 0.9


def test_with_little_time_few_rows_are_drawn_to_learn_from():
    lesson = independent(of_cells([[30, 20, 10], [20, 10, 30]]), Blocks(SIZES))
    late = Clock(n_steps=1, start=time.monotonic() - 10, seconds=1.0)
    assert len(drawn(lesson, 40_000, late)) == PART_ROWS
    assert len(drawn(lesson, 100, late)) == 100
    assert len(drawn(lesson, 20_000, Clock(1, time.monotonic(), math.inf))) == 20_000


def test_with_too_few_rows_to_judge_by_there_is_no_judge():
    judge, _ = taught(of_cells([[3, 0, 0], [0, 0, 3]]))
    assert judge is None


@pytest.mark.parametrize("seed", range(3))
def test_kept_rows_have_the_shares_of_the_table_whoever_judges(seed):
    torch.manual_seed(seed)
    table, blocks = of_cells([[3000, 600, 100], [300, 900, 1500]]), Blocks(SIZES)
    judge = Judge(Discriminator(blocks, discriminator_dim=(16, 16), dropout=0.0).eval())
    for weight in judge.parameters():
        torch.nn.init.normal_(weight.data, std=0.7)
    made, wanted = drawn(independent(table, blocks), 40_000), one_way_marginals(table, blocks)
    before = one_way_marginals(made[torch.rand(len(made)) < judge.chances(made)], blocks)
    _set_right(judge, made, wanted)
    chances = judge.chances(made)
    after = torch.zeros(blocks.n_flat).index_add(
        0, blocks.flat_index(made).flatten(), chances.repeat_interleave(2)
    )
    after /= chances.sum()
    assert (after - wanted).abs().max() < 0.005 < (before - wanted).abs().max()
    assert 0 < float(chances.min()) <= 0.9 <= float(chances.max()) <= 1


def test_the_lesson_is_told_of_and_can_be_ended():
    table = of_cells([[3000, 600, 100], [300, 900, 1500]])
    records, history = [], []

    def second(record):
        records.append(record)
        return len(records) == 2

    lesson = replace(independent(table, Blocks(SIZES)), callbacks=[second])
    taught_judge(table, lesson, SHORT, history)
    assert history == records
    assert [record["step"] for record in records] == [50, 100]
    assert {record["phase"] for record in records} == {"rejection"}
    assert records[1]["validation"] < records[0]["validation"] < 1.4
    none = replace(lesson, is_stopped=lambda: True)
    assert taught_judge(table, none, SHORT, []) is None
    assert taught_judge(table, replace(lesson, seconds=1e-9), SHORT, []) is None
