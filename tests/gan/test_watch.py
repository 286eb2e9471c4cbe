from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from tabgan.gan.blocks import Blocks
from tabgan.gan.watch import Average, Watch
from tests.gan.toys import mixture, small_generator, toy_blocks


def record(validation: float, **more: float) -> dict[str, float | int | str]:
    return {"validation": validation, "step": 0, **more}


def network(value: float) -> nn.Module:
    net = nn.Linear(2, 1)
    for weight in net.parameters():
        nn.init.constant_(weight, value)
    return net


def test_the_average_follows_its_source_slowly_and_starts_fast():
    source = network(0.0)
    average = Average(source, decay=0.9)
    for weight in source.parameters():
        nn.init.constant_(weight, 1.0)
    values = []
    for _ in range(200):
        average.update()
        values.append(float(average.network.weight[0, 0]))
    wanted, value = [], 0.0
    for step in range(1, 201):
        decay = min(0.9, step / (step + 9))
        value = decay * value + (1 - decay)
        wanted.append(value)
    assert values == pytest.approx(wanted, abs=1e-5)
    assert values[0] == pytest.approx(0.9)
    assert float(source.weight[0, 0].detach()) == 1.0
    assert not any(weight.requires_grad for weight in average.network.parameters())


def test_the_best_weights_are_kept_and_patience_ends_the_phase_after_smaller_and_smaller_steps():
    generator, watch = small_generator(toy_blocks()), Watch(patience=1)
    watch.start_phase(generator)
    stops, shares = [], []
    for number, validation in enumerate([3.0, 1.0, 2.0, 2.5, 2.6, 2.7, 2.8, 2.9, 3.0]):
        nn.init.constant_(generator.head.bias, float(number))
        stops.append(watch.report(record(validation, step=100 * number), generator))
        shares.append(watch.lr_share(100 * number))
    assert watch.cooling == (300, 150)
    assert stops == [False] * 5 + [True] * 4
    assert shares[:3] == [1.0] * 3
    assert 1 > shares[3] > shares[4] > shares[5] > 0
    assert (watch.best_generator(generator).head.bias == 1.0).all()
    assert (generator.head.bias == 8.0).all()
    assert len(watch.history) == 9
    assert not watch.is_interrupted


def test_smaller_steps_that_find_better_weights_still_end_the_phase():
    generator, watch = small_generator(toy_blocks()), Watch(patience=0)
    watch.start_phase(generator)
    told = [
        watch.report(record(value, step=step), generator)
        for step, value in [(25, 2.0), (50, 3.0), (75, 1.0), (100, 0.5), (150, 0.4), (175, 9.0)]
    ]
    assert told == [False] * 4 + [True] * 2
    assert watch.best == 0.4


def test_a_phase_starts_anew_from_the_weights_it_finds():
    generator, watch = small_generator(toy_blocks()), Watch(patience=2)
    watch.start_phase(generator)
    watch.report(record(0.1), generator)
    nn.init.constant_(generator.head.bias, 7.0)
    watch.start_phase(generator)
    nn.init.constant_(generator.head.bias, 8.0)
    assert (watch.best_generator(generator).head.bias == 7.0).all()
    watch.report(record(5.0), generator)
    assert (watch.best_generator(generator).head.bias == 8.0).all()


@pytest.mark.parametrize("answer", [None, False, 1, "yes"])
def test_only_true_from_a_callback_stops(answer):
    told = []

    def callback(record):
        told.append(record)
        return answer

    watch = Watch(patience=9, callbacks=(callback,))
    assert watch.report(record(1.0, step=3), network(0.0)) is False
    assert told == [{"validation": 1.0, "step": 3}]
    assert not watch.is_interrupted


def test_true_from_a_callback_stops_and_the_others_still_hear():
    told = []
    watch = Watch(patience=9, callbacks=(lambda record: True, told.append))
    assert watch.report(record(1.0), network(0.0)) is True
    assert watch.is_interrupted
    assert len(told) == 1


def test_a_callback_cannot_change_the_history():
    watch = Watch(patience=9, callbacks=(lambda record: record.clear(),))
    watch.report(record(1.0), network(0.0))
    assert watch.history == [record(1.0)]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_divergence_and_told_once(value):
    watch = Watch(patience=1)
    assert not watch.has_diverged({"likelihood": 1e30})
    assert watch.has_diverged({"likelihood": 1.0, "generator": value})
    assert watch.has_diverged({"likelihood": value})
    assert len(watch.warnings) == 1
    assert "diverged" in watch.warnings[0]


@pytest.mark.parametrize(("validation", "weight"), [(math.nan, 1.0), (-math.inf, 1.0), (0.1, math.nan)])
def test_weights_or_a_validation_that_are_not_finite_are_never_kept(validation, weight):
    watch = Watch(patience=5)
    watch.start_phase(network(2.0))
    assert watch.report(record(validation), network(weight)) is True
    assert watch.best_weights is not None
    assert all((kept == 2.0).all() for kept in watch.best_weights.values())
    assert watch.history == []
    assert len(watch.warnings) == 1


def test_rows_that_are_all_alike_raise_the_alarm():
    watch = Watch(patience=1)
    real = mixture(200).long()
    notes = watch.check_collapse(real[:1].expand(200, -1), real, toy_blocks())
    assert notes["distinct"] < 0.05
    assert len(watch.warnings) == 1
    assert watch.warnings[0].startswith("Mode collapse")


def test_lost_categories_raise_the_alarm_even_if_rows_differ():
    torch.manual_seed(0)
    real = torch.stack([torch.arange(400), torch.randint(20, (400,))], 1) % 250
    made = torch.stack([torch.arange(400), torch.randint(2, (400,))], 1) % 250
    blocks, watch = Blocks([250, 20]), Watch(patience=1)
    notes = watch.check_collapse(made, real, blocks)
    assert notes["distinct"] >= 0.6
    assert notes["coverage"] < 0.5
    assert watch.warnings


@pytest.mark.parametrize("n_rows", [20, 30, 500])
def test_fresh_rows_raise_no_alarm(n_rows):
    watch = Watch(patience=1)
    notes = watch.check_collapse(mixture(n_rows, seed=1).long(), mixture(n_rows).long(), toy_blocks())
    assert notes["coverage"] > 0.9
    assert watch.warnings == []


def test_few_fresh_rows_of_many_categories_raise_no_alarm():
    # Two honest samples of 30 rows share few of 90 codes: that is no collapse.
    torch.manual_seed(0)
    blocks, watch = Blocks([90, 90, 90]), Watch(patience=1)
    for _ in range(20):
        made, real = torch.randint(90, (2, 30, 3))
        assert watch.check_collapse(made, real, blocks)["distinct"] > 0.9
    assert watch.warnings == []


def test_a_new_phase_starts_at_full_speed():
    generator, watch = small_generator(toy_blocks()), Watch(patience=0)
    watch.start_phase(generator)
    for step, validation in enumerate([1.0, 2.0]):
        watch.report(record(validation, step=step), generator)
    assert watch.lr_share(2) < 1
    watch.start_phase(generator)
    assert watch.lr_share(2) == 1.0
