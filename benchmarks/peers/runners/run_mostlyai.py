"""mostlyai-engine: TabularARGN, with differential privacy where epsilon is given."""

import shutil
from pathlib import Path

from mostlyai.engine import TabularARGN, set_random_state
from mostlyai.engine.domain import DifferentialPrivacyConfig
from protocol import measure

ENCODINGS = {"numeric": "TABULAR_NUMERIC_AUTO", "datetime": "TABULAR_DATETIME"}
VALUES_SHARE = 0.1  # of epsilon, for ranges and categories; its default of 1 leaves nothing at epsilon 1


def fit(table, job):
    options = dict(job["options"])
    epsilon, delta = options.pop("epsilon", None), options.pop("delta", None)
    if epsilon is not None:
        options["differential_privacy"] = DifferentialPrivacyConfig(
            max_epsilon=epsilon, delta=delta, value_protection_epsilon=VALUES_SHARE * epsilon
        )
    encodings = {name: ENCODINGS.get(kind, "TABULAR_CATEGORICAL") for name, kind in job["kinds"].items()}
    return TabularARGN(
        tgt_encoding_types=encodings,
        device="cpu",
        random_state=job["seed"],
        workspace_dir="workspace",
        **options,
    ).fit(table)


def sample(model, n_rows, seed):
    set_random_state(seed)
    return model.sample(n_rows)


def save(_model, path):
    shutil.copytree(Path("workspace") / "ModelStore", path)


measure(fit, sample, save, ("mostlyai-engine", "torch"))
