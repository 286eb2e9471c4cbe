from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from tabgan.privacy.config import PrivacyConfig


def test_the_plain_config_is_that_of_epsilon_one() -> None:
    assert PrivacyConfig.default(1.0) == PrivacyConfig()


def test_a_larger_epsilon_never_gets_fewer_steps() -> None:
    steps = [PrivacyConfig.default(epsilon).steps for epsilon in (0.01, 0.5, 1, 2, 3, 5, 8, 100, 1e6)]
    assert steps == sorted(steps)


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            {"lr": 0.0},
            {"lr": math.nan},
            {"masks": 0},
            {"steps": 0},
            {"sample_rate": 1.1},
            {"pairs_share": 1},
        ),
        *({"masks": 1.5}, {"steps": 8.0}, {"n_rows": 1000.5}, {"n_rows": True}, {"n_rows": "1000"}),
        *({"sample_rate": True}, {"count_share": math.nan}),
    ],
)
def test_a_config_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        PrivacyConfig(**wrong)  # type: ignore[arg-type]


def test_numbers_of_numpy_become_such_as_a_model_file_holds() -> None:
    config = PrivacyConfig(n_rows=np.int64(1000), steps=np.int32(8), lr=np.float32(0.5))  # type: ignore[arg-type]
    assert json.loads(json.dumps(dataclasses.asdict(config)))["n_rows"] == 1000
    assert config == PrivacyConfig(n_rows=1000, steps=8, lr=0.5)


def test_shares_are_the_squared_ratios_of_signal_to_noise() -> None:
    config = PrivacyConfig()
    plan = config.entries(["a", "b"], ["c", "d", "e"], adaptive=False)
    told = [1 / entry.noise_multiplier**2 for entry in plan[:-1]]
    training = plan[-1]
    assert training.sample_rate is not None
    told.append(training.steps * (training.sample_rate / training.noise_multiplier) ** 2)
    assert sum(told) == pytest.approx(1.0)
    assert sum(told[3:6]) == pytest.approx(config.columns_share)
