"""A table that keeps every kind of rule, in dtypes of every family, some cells missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from tabgan import FixedCombinations, Increments, Inequality, NotNull, OneHot, Range, Sum, Unique

PARIS = "Europe/Paris"


def deals(n_rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Deals with amounts that add up, dates in order, and codes that belong together."""
    rng = np.random.default_rng(seed)
    city = rng.choice(["Oslo", "Rome", "Bari", "Moss"], n_rows)
    country = pd.Series(city).map({"Oslo": "NO", "Moss": "NO", "Rome": "IT", "Bari": "IT"})
    net, tax, fee = (rng.integers(1, most, n_rows) for most in (90_000, 9_000, 400))
    opened = pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 300 * 24, n_rows), unit="h")
    closed = opened + pd.to_timedelta(rng.integers(1, 60 * 24, n_rows), unit="h")
    low = np.round(rng.normal(size=n_rows), 3)
    is_gap = rng.random(n_rows) < 0.1
    kind = rng.integers(0, 3, n_rows)
    table = pd.DataFrame(
        {
            "city": city,
            "country": pd.Categorical(country, categories=["NO", "IT", "SE"]),
            "net": net / 100,
            "tax": pd.array(tax / 100, dtype="Float64"),
            "fee": [pa.scalar(f"{value / 100:.2f}").as_py() for value in fee],
            "gross": (net + tax + fee) / 100,
            "opened": opened.tz_localize("UTC").tz_convert(PARIS).as_unit("s"),
            "closed": closed.tz_localize("UTC").tz_convert(PARIS).as_unit("s"),
            "least": low,
            "likely": np.round(low + rng.gamma(2, 1, n_rows), 3),
            "boxes": pd.array(rng.integers(0, 30, n_rows) * 12, dtype="Int64"),
            "number": rng.permutation(np.repeat(np.arange(n_rows // 4), 4)),
            "line": rng.integers(0, 5, n_rows),
        }
    )
    table["fee"] = table["fee"].astype(pd.ArrowDtype(pa.string())).astype(pd.ArrowDtype(pa.decimal128(9, 2)))
    table["most"] = np.round(table["likely"] + rng.gamma(2, 1, n_rows), 3)
    for place, name in enumerate(("is_new", "is_used", "is_lost")):
        table[name] = (kind == place).astype("int8")
    table["line"] = table.groupby("number").cumcount()
    table["closed"] = table["closed"].mask(is_gap)
    table["boxes"] = table["boxes"].mask(rng.random(n_rows) < 0.1)
    table["tax"] = table["tax"].mask(rng.random(n_rows) < 0.1)
    table.loc[rng.random(n_rows) < 0.2, "city"] = "Oslo"
    table["country"] = pd.Categorical(
        table["city"].map({"Oslo": "NO", "Moss": "NO", "Rome": "IT", "Bari": "IT"}),
        categories=["NO", "IT", "SE"],
    )
    return table


RULES = (
    FixedCombinations(("city", "country")),
    Sum(("net", "tax", "fee"), "gross"),
    Inequality("opened", "closed", strict=True),
    Range("least", "likely", "most"),
    Increments("boxes", 12),
    OneHot(("is_new", "is_used", "is_lost")),
    Unique(("number", "line")),
    NotNull(("net", "opened")),
)
