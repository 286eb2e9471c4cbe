"""Whether the rows held out are a fair control: none of them learned from, and like those that were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tabgan.evaluation.distances import row_groups
from tabgan.evaluation.features import compare
from tabgan.evaluation.intervals import difference
from tabgan.evaluation.metric import Family, Metric
from tabgan.evaluation.risk import SURE
from tabgan.evaluation.tables import Tables
from tabgan.evaluation.verdict import LEAK

UNLIKE_AUC = 0.6  # of training rows against rows held out, and surely above chance
DEVIATIONS = 4.0
NO_CONTROL = "rows held out stand in the training table, so that finding nothing says nothing"


def repeated_rows(tables: Tables) -> str:
    """The warning that rows held out were learned from; empty where they were not.

    Equal rows are no proof: people may be alike. But then as many training rows are equal to another
    training row. An excess that is surely above a twentieth of the rows held out is told.
    """
    if tables.holdout is None:
        return ""
    columns = compare(tables.train, tables.holdout, schema=tables.schema)
    if not columns:
        return ""
    train, holdout = row_groups(columns)
    found = int(np.isin(holdout, train).sum())
    counts = np.bincount(train)
    twins = int(counts[counts > 1].sum())
    if difference((found, len(holdout)), (twins, len(train)), SURE)[0] <= LEAK:
        return ""
    return (
        f"{found:,} of {len(holdout):,} rows held out stand in the training table, where only {twins:,} of "
        f"{len(train):,} rows are equal to another one. Rows that were learned from are no control: attacks "
        "look weaker than they are, and synthetic rows look worse. Hold rows out before the fit."
    )


def unlike_rows(classifier_test: Metric) -> str:
    """The warning that rows held out differ from training rows; empty where they are alike.

    The metric is the classifier test, whose reference holds training rows against rows held out.
    """
    auc, n_rows = classifier_test.reference, classifier_test.rows
    if auc is None or auc <= max(UNLIKE_AUC, 0.5 + DEVIATIONS * (3 * n_rows) ** -0.5):
        return ""
    return (
        "Rows held out differ from the training rows: a classifier tells them apart with an AUC of "
        f"{auc:.2f}. Attacks may take this difference for membership, and synthetic rows that follow the "
        "training rows for too good. Hold out rows at random."
    )


def without_calm(families: Mapping[str, Family]) -> dict[str, Family]:
    """The families with "underpowered" in place of "no evidence", which no such control can show."""
    return {key: _without_calm(family) for key, family in families.items()}


def _without_calm(family: Family) -> Family:
    metrics = tuple(
        _without_control(metric)
        if metric.verdict in ("no evidence", "underpowered") and metric.value is not None
        else metric
        for metric in family.metrics
    )
    details = {
        name: table.replace({"verdict": {"no evidence": "underpowered"}}) if "verdict" in table else table
        for name, table in family.details.items()
    }
    return Family(metrics, details)


def _without_control(metric: Metric) -> Metric:
    note = "; ".join(filter(None, (metric.note, NO_CONTROL)))
    return replace(metric, verdict="underpowered", note=note, has_control=False)
