"""A fitted model as plain values for its file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tabgan.arguments import checked_seed
from tabgan.encoding.table import TableEncoder
from tabgan.learning import (
    blocks_of,
    chosen_device,
    parameters_from_json,
    parameters_to_json,
    settings_of,
)
from tabgan.model_file import ModelFile
from tabgan.privacy.ledger import Ledger
from tabgan.rule import Custom, Predicate, with_predicates
from tabgan.rules.checks import broken_rows
from tabgan.rules.reduction import Reduction
from tabgan.schema import Schema
from tabgan.weights import generators_of, judge_of

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
    return summary_but_privacy(model) | {
        "history": [
            {str(key): value for key, value in record.items() if value == value}
            for record in history.to_dict("records")
        ],
        "privacy": NO_GUARANTEE if ledger is None else f"Differentially private: {ledger.spent}.",
        "ledger": None if ledger is None else ledger.to_dict(),
    }


def summary_but_privacy(model: TabGAN) -> dict[str, Any]:
    """What the file says of how the model was made, and must say exactly so when it is read."""
    return {
        "parameters": parameters_to_json(model.get_params(deep=False)),
        "seed": model.seed_,
        "rows": model.n_rows_,
        "order": list(model.order_),
        "runs": list(model.runs_),
        "groups": [list(group) for group in model.groups_],
        "warnings": list(model.warnings_),
    }


def encoding_of(model: TabGAN) -> dict[str, Any]:
    """The state of the encoder and, where there are rules, of the reduction."""
    told = model.encoder_.to_dict()
    return told | ({"rules": model.reduction_.to_dict()} if model.schema_.rules else {})


def restored(
    kind: type[TabGAN], content: ModelFile, device: str, predicates: Mapping[str, Predicate]
) -> TabGAN:
    """The model of a file: what it says is what this model would write, and every code can be decoded.

    Raises: ConstraintError for a rule without its predicate; anything for a file that is not whole.
    """
    model = _as_told(kind, content, device, predicates)
    told = {**summary_but_privacy(model), "schema": model.schema_.to_dict(), "encoding": encoding_of(model)}
    file = {key: content.manifest[key] for key in told if key in content.manifest}
    if not _repeats({**file, "schema": content.schema, "encoding": content.encoding}, told):
        raise ValueError("The file says what no model of it would say.")
    if (model.epsilon is None) != (model.ledger_ is None):
        raise ValueError("A ledger and epsilon belong together.")
    _try_out(model)
    return model


def _repeats(file: Any, told: Any) -> bool:
    """Whether the model tells again all that the file does; a later tabgan may tell more."""
    if isinstance(file, dict):
        return isinstance(told, dict) and all(
            key in told and _repeats(value, told[key]) for key, value in file.items()
        )
    if isinstance(file, list):
        is_long = isinstance(told, list) and len(file) == len(told)
        return is_long and all(_repeats(value, other) for value, other in zip(file, told, strict=True))
    return type(file) is type(told) and bool(file == told)


def _try_out(model: TabGAN) -> None:
    """Decode every code and restore a row by the rules, so that a bad file fails now."""
    encoder, rng = model.encoder_, np.random.default_rng(0)
    for own in encoder.encoders:
        if own.column.locale is None:  # made up by a package that may not be there
            n_codes = max(own.sizes, default=1)
            codes = np.arange(n_codes)[:, None] % np.array(own.sizes, dtype=np.int64)
            own.decode(codes.astype(np.int16), rng)
    if model.schema_.rules:
        first = np.zeros((1, len(encoder.layout.blocks)), dtype=np.int16)
        model.schema_.check_rules()
        table = model.reduction_.restore(encoder.decode(first, rng=rng))
        model.reduction_.reduce(table)
        model.reduction_.out_of_bounds(table)
        for rule in model.schema_.rules:
            if not isinstance(rule, Custom):
                broken_rows(rule, table, model.schema_)


def _as_told(
    kind: type[TabGAN], content: ModelFile, device: str, predicates: Mapping[str, Predicate]
) -> TabGAN:
    manifest = content.manifest
    model = kind(**parameters_from_json(manifest["parameters"]), device=device)
    settings = settings_of(model.get_params(deep=False))
    model.encoder_ = TableEncoder.from_dict(content.encoding)
    schema = Schema.from_dict(content.schema)
    model.schema_ = Schema(schema.columns, with_predicates(schema.rules, predicates))
    reduction = Reduction.from_dict(content.encoding.get("rules", NO_RULES), model.schema_)
    model.reduction_ = reduction.with_encoder(model.encoder_)
    if model.reduction_.inner != model.encoder_.schema:
        raise ValueError("The rules and the encoding speak of different columns.")
    model.seed_, model.n_rows_ = checked_seed(manifest["seed"]), int(manifest["rows"])
    model.order_ = tuple(manifest["order"])
    # A file of an earlier version tells neither runs nor groups.
    model.runs_ = tuple(manifest.get("runs", [1] * len(model.order_)))
    model.groups_ = tuple(map(tuple, manifest.get("groups", [])))
    if sorted(model.order_) != list(range(len(model.encoder_.layout.blocks))):
        raise ValueError("The drawing order does not name every block once.")
    if sum(model.runs_) != len(model.order_) or min(model.runs_, default=1) < 1:
        raise ValueError("The runs are not those of the drawing order.")
    if model.groups_ and sorted(block for group in model.groups_ for block in group) != sorted(model.order_):
        raise ValueError("The groups do not name every block once.")
    model.loss_history_ = _history(manifest["history"])
    model.warnings_ = [str(line) for line in manifest["warnings"]]
    model.ledger_ = None if manifest["ledger"] is None else Ledger.from_dict(manifest["ledger"])
    model.generator_, model.quick_generator_, model.judge_, model._sampler = None, None, None, None
    if model.order_:
        blocks = blocks_of(model.encoder_, chosen_device(device))
        model.generator_, model.quick_generator_ = generators_of(
            content.tensors, blocks, settings.embedding_dim
        )
        model.judge_ = judge_of(content.tensors, blocks)
    return model


def _history(records: Any) -> pd.DataFrame:
    """Losses and the like, a record an epoch."""
    if not all(isinstance(value, str | int | float) for record in records for value in record.values()):
        raise ValueError("Expected numbers and text in the history.")
    history: pd.DataFrame = pd.DataFrame(records)
    return history


def loss_figure(history: pd.DataFrame) -> Any:
    """Losses and validation against epochs as a Plotly figure."""
    import plotly.graph_objects as go

    figure = go.Figure(layout={"xaxis_title": "epoch of the phase", "yaxis_type": "log"})
    for phase, part in history.groupby("phase", sort=False):
        for name in DRAWN:
            if name in part and part[name].notna().any():
                figure.add_scatter(x=part["epoch"], y=part[name], mode="lines", name=f"{phase}: {name}")
    return figure
