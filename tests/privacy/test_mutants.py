"""Invariant 15: private mode with one part broken, each caught by the check of an invariant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.privacy import checks, mutants
from tests.privacy.fits import N_ROWS, SCHEMA, recorded_fit, records, replayed_fit


def replay(tmp_path: Any, is_more: bool = True) -> None:
    """Record and replay with the last row twice, or without the first."""
    first = recorded_fit(tmp_path, SCHEMA)
    rows = records()
    more, place = ([*rows, rows[0]], N_ROWS) if is_more else (rows[1:], 0)
    checks.check_replay(first, replayed_fit(tmp_path, more, place, first, SCHEMA))


def replay_some(tmp_path: Any) -> None:
    """What only shows when the row that is added is drawn into a batch, which its dice decide."""
    for number in range(4):
        folder = tmp_path / str(number)
        folder.mkdir()
        replay(folder)


def booked(tmp_path: Any) -> None:
    checks.check_every_look_is_booked(recorded_fit(tmp_path, SCHEMA))


def without_folder(check: Callable[[], None]) -> Callable[[Any], None]:
    return lambda tmp_path: check()


MUTANTS: list[tuple[Callable[[pytest.MonkeyPatch], None], Callable[[Any], None]]] = [
    (mutants.no_clipping, without_folder(checks.check_no_gradient_is_longer_than_the_bound)),
    (mutants.tenth_of_training_noise, without_folder(checks.check_training_noise)),
    (mutants.tenth_of_release_noise, without_folder(checks.check_release_noise)),
    (mutants.a_tenth_of_the_rate_is_booked, without_folder(checks.check_inclusion)),
    (mutants.raw_category_list, without_folder(checks.check_lone_labels_are_not_told)),
    (mutants.raw_category_list, lambda tmp_path: checks.check_file_holds_no_canary(None, tmp_path)),
    (
        mutants.rows_that_are_no_numbers_pass,
        without_folder(checks.check_rows_that_are_no_numbers_count_nothing),
    ),
    (mutants.no_clipping, replay),
    (mutants.seeded_noise, without_folder(checks.check_noise_is_fresh)),
    (mutants.seeded_noise, without_folder(checks.check_training_noise_is_fresh)),
    (mutants.one_noise_for_all_steps, without_folder(checks.check_training_noise)),
    (mutants.true_number_of_rows, replay),
    (mutants.masks_of_the_users_seed, replay),
    (mutants.mean_instead_of_sum, replay_some),
    (mutants.exact_pairs, replay),
    (mutants.batch_norm, without_folder(checks.check_a_loss_follows_from_its_row_alone)),
    (mutants.a_look_is_not_booked, booked),
]


@pytest.mark.parametrize(
    ("mutate", "check"),
    MUTANTS,
    ids=[f"{place}-{mutant[0].__name__}" for place, mutant in enumerate(MUTANTS)],
)
def test_invariant_15_a_mutant_is_caught(mutate, check, tmp_path, monkeypatch):
    """The same checks hold as things are: see the tests of the invariants, and below."""
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        check(tmp_path)


@pytest.mark.parametrize("is_more", [True, False])
def test_invariant_15_replay_holds_as_things_are(is_more, tmp_path):
    replay(tmp_path, is_more)
    booked(tmp_path)
