"""A fitted model as plain values for its file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from tabgan.encoding.table import TableEncoder
from tabgan.learning import (
    blocks_of,
    chosen_device,
    generators_of,
    parameters_from_json,
    parameters_to_json,
    settings_of,
)
from tabgan.model_file import ModelFile
from tabgan.privacy.ledger import Ledger
from tabgan.rule import Predicate, with_predicates
from tabgan.rules.reduction import Reduction
from tabgan.schema import Schema

if TYPE_CHECKING:
    from tabgan.synthesizer import TabGAN

NO_GUARANTEE = "No formal guarantee: trained without differential privacy."
NO_RULES: dict[str, Any] = {"steps": [], "bounds": []}
TIMINGS = ["seconds", "rows_per_second", "seconds_left", "progress"]
DRAWN = ("likelihood", "discriminator", "generator", "validation")


def summary_of(model: TabGAN) -> dict[str, Any]:
    """Settings, history, warnings and ledger of a fitted model, strict JSON."""
    history = model.loss_history_.drop(columns=TIMINGS, errors="ignore")
    ledger = model.ledger_
    return {
        "parameters": parameters_to_json(model.get_params(deep=False)),
        "seed": model.seed_,
        "rows": model.n_rows_,
        "order": list(model.order_),
        "history": [
            {str(key): value for key, value in record.items() if value == value}
            for record in history.to_dict("records")
        ],
        "warnings": list(model.warnings_),
        "privacy": NO_GUARANTEE if ledger is None else f"Differentially private: {ledger.spent}.",
        "ledger": None if ledger is None else ledger.to_dict(),
    }


def encoding_of(model: TabGAN) -> dict[str, Any]:
    """The state of the encoder and, where there are rules, of the reduction."""
    told = model.encoder_.to_dict()
    return told | ({"rules": model.reduction_.to_dict()} if model.schema_.rules else {})


def restored(
    kind: type[TabGAN], content: ModelFile, device: str, predicates: Mapping[str, Predicate]
) -> TabGAN:
    """The model of a file.

    Raises: KeyError, TypeError, ValueError or RuntimeError for one that is not whole; ConstraintError
        for a rule without its predicate.
    """
    manifest = content.manifest
    model = kind(**parameters_from_json(manifest["parameters"]), device=device)
    model.encoder_ = TableEncoder.from_dict(content.encoding)
    schema = Schema.from_dict(content.schema)
    model.schema_ = Schema(schema.columns, with_predicates(schema.rules, predicates))
    reduction = Reduction.from_dict(content.encoding.get("rules", NO_RULES), model.schema_)
    model.reduction_ = reduction.with_encoder(model.encoder_)
    if model.reduction_.inner.names != model.encoder_.schema.names:
        raise ValueError("The rules and the encoding speak of different columns.")
    model.seed_, model.n_rows_ = int(manifest["seed"]), int(manifest["rows"])
    model.order_ = tuple(int(block) for block in manifest["order"])
    if sorted(model.order_) != list(range(len(model.encoder_.layout.blocks))):
        raise ValueError("The drawing order does not name every block once.")
    model.loss_history_ = pd.DataFrame(manifest["history"])
    model.warnings_ = [str(line) for line in manifest["warnings"]]
    model.ledger_ = None if manifest["ledger"] is None else Ledger.from_dict(manifest["ledger"])
    model.generator_, model.quick_generator_, model._sampler = None, None, None
    if model.order_:
        blocks = blocks_of(model.encoder_, chosen_device(device))
        settings = settings_of(model.get_params(deep=False))
        model.generator_, model.quick_generator_ = generators_of(content.tensors, blocks, settings)
    return model


def loss_figure(history: pd.DataFrame) -> Any:
    """Losses and validation against epochs as a Plotly figure."""
    import plotly.graph_objects as go

    figure = go.Figure(layout={"xaxis_title": "epoch of the phase", "yaxis_type": "log"})
    for phase, part in history.groupby("phase", sort=False):
        for name in DRAWN:
            if name in part and part[name].notna().any():
                figure.add_scatter(x=part["epoch"], y=part[name], mode="lines", name=f"{phase}: {name}")
    return figure
