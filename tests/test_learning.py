from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from tabgan import TabGAN
from tabgan.gan.blocks import Blocks
from tabgan.gan.generator import Generator
from tabgan.learning import (
    chosen_device,
    parameters_from_json,
    parameters_to_json,
    settings_of,
)
from tabgan.weights import arrays_of, generators_of


def parameters(**changes):
    return TabGAN(**changes).get_params(deep=False)


def test_a_recipe_sets_teachers_and_weights_override_it():
    gan = settings_of(parameters(recipe="gan"))
    assert (gan.teachers.adversary, gan.teachers.likelihood, gan.rounds) == (1.0, 0.0, 1)
    assert settings_of(parameters(recipe="likelihood")).teachers.adversary == 0.0
    default = settings_of(parameters())
    assert default.teachers.adversary == 0.0
    assert default.teachers.likelihood > 0
    few_rounds = settings_of(parameters(rounds=3))
    assert few_rounds.teachers.adversary > 0
    assert few_rounds.teachers.likelihood > 0
    assert few_rounds.rounds == 3
    asked = settings_of(parameters(adversary_weight=1.0))
    assert (asked.teachers.adversary, asked.rounds, default.rounds) == (1.0, 4, None)
    mixed = settings_of(parameters(recipe="gan", marginals_weight=2, likelihood_weight=0.5, rounds=3))
    assert (mixed.teachers.marginals, mixed.teachers.likelihood, mixed.rounds) == (2.0, 0.5, 3)


def test_every_setting_reaches_the_training():
    changes = {
        "embedding_dim": 3,
        "pac": 2,
        "loss": "hinge",
        "label_smoothing": 0.1,
        "spectral_norm": True,
        "discriminator_views": False,
        "discriminator_steps": 2,
        "epochs": 7,
        "max_seconds": 9.0,
        "batch_size": 11,
        "likelihood_lr": 0.5,
        "gradient_clip": 0.25,
        "generator_lr": 0.1,
        "discriminator_lr": 0.2,
        "generator_dim": (5, 6),
        "discriminator_dim": (7,),
    }
    settings = settings_of(parameters(**changes, feature_matching_weight=3, auxiliary_weight=4))
    assert {name: getattr(settings, name) for name in changes} == changes
    assert (settings.feature_matching, settings.auxiliary) == (3.0, 4.0)


@pytest.mark.parametrize("target", [None, "a", 3, ("a", 1), pd.Timestamp("2024-01-01"), np.int64(4)])
def test_parameters_survive_json(target):
    told = parameters_to_json(
        parameters(target=target, generator_dim=np.array([4, 5]), epochs=np.int64(3), schema="s.json")
    )
    found = parameters_from_json(json.loads(json.dumps(told, allow_nan=False)))
    assert found["target"] == target
    assert (found["generator_dim"], found["epochs"]) == ([4, 5], 3)
    assert "schema" not in found
    assert settings_of(TabGAN(**found).get_params(deep=False)).epochs == 3


def test_both_generators_go_through_arrays():
    blocks = Blocks([3, 4])
    # Of any widths: those of the defaults may change, and a model must load for ever.
    exact, quick = (Generator(blocks, embedding_dim=4, generator_dim=dims) for dims in ((8, 8), (6, 5, 3)))
    for pair in ((exact, quick), (exact, exact)):
        found = generators_of(arrays_of(*pair), blocks, embedding_dim=4)
        assert (found[0] is found[1]) == (pair[0] is pair[1])
        for mine, given in zip(found, pair, strict=True):
            for name, weight in given.state_dict().items():
                assert torch.equal(mine.state_dict()[name], weight)
    assert arrays_of(None, None) == {}


def test_a_device_is_chosen_or_refused():
    assert chosen_device("cpu") == torch.device("cpu")
    assert chosen_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(ValueError, match="abacus"):
        chosen_device("abacus")
