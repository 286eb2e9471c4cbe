from __future__ import annotations

import dataclasses
import json
import math

import pytest

from tabgan.privacy.entry import Entry, stability_threshold

GAUSSIAN = {"what": "Sum of column 'x'", "mechanism": "gaussian", "noise_multiplier": 2.0}
LABELS = {
    "what": "Labels of column 'x'",
    "mechanism": "stability_histogram",
    "noise_multiplier": 10.0,
    "delta": 1e-6,
    "threshold": stability_threshold(10.0, delta=1e-6),
}
CHOICE = {"what": "Next pair", "mechanism": "exponential", "epsilon": 0.1}


@pytest.mark.parametrize("values", [GAUSSIAN, LABELS, CHOICE], ids=lambda values: values["mechanism"])
def test_an_entry_survives_json(values):
    entry = Entry(**values)
    assert Entry.from_dict(json.loads(json.dumps(entry.to_dict()))) == entry


def test_an_entry_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Entry(**GAUSSIAN).noise_multiplier = 9.0


@pytest.mark.parametrize(
    "change",
    [
        {"what": " "},
        {"what": 3},
        {"mechanism": "laplace"},
        {"noise_multiplier": 0.0},
        {"noise_multiplier": -1.0},
        {"noise_multiplier": math.nan},
        {"noise_multiplier": math.inf},
        {"noise_multiplier": True},
        {"noise_multiplier": "2"},
        {"noise_multiplier": 10**400},
        {"sensitivity": 0.0},
        {"sample_rate": 0.0},
        {"sample_rate": 1.5},
        {"steps": 0},
        {"steps": 2.0},
        {"epsilon": 0.5},
        {"delta": 1e-6},
        {"threshold": 5},
        {"adaptive": 1},
    ],
    ids=str,
)
def test_an_entry_that_no_mechanism_could_have_is_refused(change):
    with pytest.raises(ValueError, match="Expected"):
        Entry(**{**GAUSSIAN, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": LABELS["threshold"] - 1},
        {"delta": 0.0},
        {"delta": 1e-7},
        {"noise_multiplier": 11.0},
        {"steps": 2},
        {"sensitivity": 2.0},
        {"sample_rate": 0.5},
    ],
    ids=str,
)
def test_labels_without_the_delta_of_their_threshold_are_refused(change):
    with pytest.raises(ValueError, match="Expected"):
        Entry(**{**LABELS, **change})


def test_other_entries_that_cannot_be_are_refused():
    for values in (
        {**CHOICE, "epsilon": 0.0},
        {**CHOICE, "noise_multiplier": 1.0},
        {**CHOICE, "sample_rate": 0.5},
        {**GAUSSIAN, "mechanism": "discrete_gaussian", "sensitivity": 0.5},
    ):
        with pytest.raises(ValueError, match="Expected"):
            Entry(**values)
    for broken in ({**GAUSSIAN}, {**Entry(**GAUSSIAN).to_dict(), "more": 1}, [], None):
        with pytest.raises(ValueError, match="Expected an entry with exactly"):
            Entry.from_dict(broken)


def test_more_noise_moves_the_threshold_and_keeps_delta():
    more = Entry(**LABELS).scaled(3.0)
    assert more.noise_multiplier == 30.0
    assert more.threshold == stability_threshold(30.0, delta=1e-6)
    assert more.delta == 1e-6
    assert Entry(**CHOICE).scaled(2.0).epsilon == 0.05
    assert Entry(**GAUSSIAN).scaled(2.0).noise_multiplier == 4.0


def test_a_threshold_needs_a_delta():
    for delta in (0.0, 0.5, 1.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="Expected 0 < delta"):
            stability_threshold(10.0, delta=delta)
