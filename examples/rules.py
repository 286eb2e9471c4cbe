"""Rules between columns: every synthetic row keeps them, also under conditions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tabgan import FixedCombinations, Inequality, Sum, TabGAN, find_rules


def invoices(n_rows: int = 1_000) -> pd.DataFrame:
    """Made-up invoices whose amounts add up and which are paid after they are sent."""
    rng = np.random.default_rng(0)
    net, vat = rng.integers(500, 90_000, n_rows), rng.integers(100, 9_000, n_rows)
    sent = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 300, n_rows), unit="D")
    city = rng.choice(["Oslo", "Rome", "Bari"], n_rows)
    return pd.DataFrame(
        {
            "city": city,
            "country": np.where(city == "Oslo", "NO", "IT"),
            "net": net / 100,
            "vat": vat / 100,
            "gross": (net + vat) / 100,
            "sent": sent,
            "paid": sent + pd.to_timedelta(rng.integers(0, 60, n_rows), unit="D"),
        }
    )


def main(max_seconds: float = 10) -> None:
    """Find rules, declare some, and make rows that keep them."""
    real = invoices()
    for found in find_rules(real):
        print(found.rule)
    rules = [
        Sum(("net", "vat"), "gross"),
        Inequality("sent", "paid"),
        FixedCombinations(("city", "country")),
    ]
    model = TabGAN(rules=rules, max_seconds=max_seconds).fit(real)
    synthetic = model.sample(1_000, conditions={"gross": (100, 200)}, seed=1)
    assert ((synthetic.net + synthetic.vat).round(2) == synthetic.gross).all()
    assert (synthetic.sent <= synthetic.paid).all()
    assert synthetic.gross.between(100, 200).all()
    print(synthetic.head())


if __name__ == "__main__":
    main()
