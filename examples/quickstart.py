"""Learn 4,000 rows of Adult, make new rows, rows under conditions, and fill gaps.

python examples/quickstart.py        from the repository's root; takes half a minute
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tabgan import TabGAN

ADULT = Path(__file__).parent / "data" / "adult.csv.gz"


def main(max_seconds: float = 20) -> None:
    """Run the example and print what it makes."""
    real = pd.read_csv(ADULT).head(4_000)
    model = TabGAN(target="income", max_seconds=max_seconds).fit(real)
    print(model.sample(5, seed=1))
    print(model.sample(5, conditions={"income": ">50K", "age": (30, 40)}, seed=1))
    rows = real.head(5).copy()
    rows["occupation"] = None
    print(model.complete(rows, seed=1)[["age", "education", "occupation", "income"]])


if __name__ == "__main__":
    main()
