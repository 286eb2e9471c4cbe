from __future__ import annotations

import pytest
import torch

from tabgan.gan.batches import (
    Rows,
    learning_masks,
    mixed_masks,
    prefix_masks,
    random_masks,
    rank_of,
    split_validation,
)
from tabgan.gan.settings import Settings


def numbered(n_rows, n_blocks=1):
    return torch.arange(n_rows, dtype=torch.int16)[:, None].expand(-1, n_blocks)


@pytest.mark.parametrize(("n_rows", "batch_size"), [(12, 4), (14, 4), (3, 1), (5, 5)])
def test_every_row_comes_at_most_once_an_epoch(n_rows, batch_size):
    torch.manual_seed(0)
    rows = Rows(numbered(n_rows), batch_size)
    orders = set()
    for _ in range(5):
        epoch = torch.cat([rows.batch() for _ in range(rows.steps_per_epoch)])[:, 0].tolist()
        assert len(set(epoch)) == len(epoch) == n_rows // batch_size * batch_size
        orders.add(tuple(epoch))
    assert n_rows < 5 or len(orders) > 1


def test_a_table_smaller_than_a_batch_is_one_batch():
    rows = Rows(numbered(3), 100)
    assert (rows.batch_size, rows.steps_per_epoch) == (3, 1)
    assert sorted(rows.batch()[:, 0].tolist()) == [0, 1, 2]
    assert rows.batch().dtype == torch.int64


def test_random_masks_show_shares_between_the_bounds():
    torch.manual_seed(0)
    shares = random_masks(numbered(4000, 50), 0.3, 0.9).float().mean(1)
    assert shares.mean() == pytest.approx(0.6, abs=0.01)
    assert shares.min() < 0.35
    assert shares.max() > 0.85
    assert random_masks(numbered(100, 5), 1.0, 1.0).all()
    assert not random_masks(numbered(100, 5), 0.0, 0.0).any()


def test_prefix_masks_show_the_first_blocks_of_the_order_and_never_all():
    torch.manual_seed(0)
    order = (2, 0, 3, 1)
    masks = prefix_masks(numbered(2000, 4), rank_of(order, torch.device("cpu")))
    in_order = masks[:, list(order)].int()
    assert (in_order.diff(dim=1) <= 0).all()
    counts = torch.bincount(in_order.sum(1), minlength=5)
    assert counts[4] == 0
    assert counts[:4].min() > 400


def test_layers_see_a_part_of_what_is_visible_of_a_share_of_the_rows():
    torch.manual_seed(0)
    like, rank = torch.zeros(4000, 6), torch.arange(6)
    for share in (0.0, 0.5, 1.0):
        settings = Settings(late_share=share)
        visible, early = learning_masks(like, rank, settings)
        assert not (early & ~visible).any()
        is_late = (early != visible).any(1)
        # A part may be all there is: of the rows that see anything most lack something.
        assert share / 2 <= is_late[visible.any(1)].float().mean() <= share
        is_prefix = (early.int().diff(dim=1) <= 0).all(1)
        assert is_prefix.float().mean() > 0.5


def test_mixed_masks_are_prefixes_for_a_share_of_the_rows():
    torch.manual_seed(0)
    like, rank = numbered(4000, 12), torch.arange(12)
    for share in (0.0, 0.7, 1.0):
        is_prefix = (mixed_masks(like, rank, share).int().diff(dim=1) <= 0).all(1)
        # A random subset of 12 blocks is a prefix in about one row of six.
        assert share <= is_prefix.float().mean() <= share + (1 - share) * 0.3


def test_rank_is_the_place_of_a_block_in_the_order():
    assert rank_of((2, 0, 1), torch.device("cpu")).tolist() == [1, 2, 0]


def test_validation_rows_are_held_out_and_no_row_is_lost():
    torch.manual_seed(0)
    training, validation = split_validation(numbered(1000), 0.05, 4096)
    assert (len(training), len(validation)) == (950, 50)
    assert sorted(torch.cat([training, validation]).tolist()) == list(range(1000))
    assert len(split_validation(numbered(1000), 0.5, 30)[1]) == 30


def test_a_tiny_table_is_watched_by_itself():
    training, validation = split_validation(numbered(60), 0.05, 40)
    assert (training.tolist(), validation.tolist()) == (list(range(60)), list(range(40)))


def test_rows_dealt_by_their_places_are_those_of_a_copy_of_them():
    codes, places = numbered(100), torch.randperm(100)[:70]
    told, copied = Rows(codes, 16, places), Rows(codes[places], 16)
    assert told.codes.data_ptr() == codes.data_ptr()
    assert (told.batch_size, told.steps_per_epoch) == (copied.batch_size, copied.steps_per_epoch)
    dealt = []
    for rows in (told, copied):
        torch.manual_seed(0)
        dealt.append(torch.cat([rows.batch() for _ in range(9)]))
    assert torch.equal(*dealt)
