"""Does a classifier find a rare class better once synthetic rows of it stand beside the real ones?

python examples/rare_class.py        from the repository's root; takes some minutes

Of Adult's rich only every twentieth is kept. Held-out rows judge boosted trees that learned from these
rows alone, with the rich repeated, and with as many synthetic rich as make both classes equal.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score

from tabgan import TabGAN

ROOT = Path(__file__).resolve().parents[1]
ADULT = ROOT / "examples" / "data" / "adult.csv.gz"
TARGET, RARE = "income", ">50K"


def tables(n_rows: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to learn from, of which few are rare, and held-out rows as they come."""
    rows = pd.read_csv(ADULT).sample(frac=1, random_state=seed).reset_index(drop=True)
    holdout, rest = rows.iloc[:10_000], rows.iloc[10_000:]
    is_rare = rest[TARGET] == RARE
    few = rest[is_rare].iloc[::20]
    return pd.concat([rest[~is_rare], few]).sample(frac=1, random_state=seed).head(n_rows), holdout


def scores(train: pd.DataFrame, holdout: pd.DataFrame) -> dict[str, float]:
    """What trees that learned from `train` are worth on the holdout."""
    both = pd.concat([train, holdout], ignore_index=True).drop(columns=TARGET)
    text = both.select_dtypes(exclude="number").columns
    cells = both.astype(dict.fromkeys(text, "category"))
    trees = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
    trees.fit(cells.iloc[: len(train)], (train[TARGET] == RARE).to_numpy())
    chance = trees.predict_proba(cells.iloc[len(train) :])[:, 1]
    truth = (holdout[TARGET] == RARE).to_numpy()
    return {
        "average precision": average_precision_score(truth, chance),
        "AUC": roc_auc_score(truth, chance),
        "balanced accuracy": balanced_accuracy_score(truth, chance > 0.5),
    }


def measured(n_rows: int, max_seconds: float, seed: int) -> dict[str, dict[str, float]]:
    """The scores of every way to learn."""
    train, holdout = tables(n_rows, seed)
    rare = train[train[TARGET] == RARE]
    n_added = len(train) - 2 * len(rare)
    model = TabGAN(target=TARGET, max_seconds=max_seconds, random_state=seed).fit(train)
    synthetic = model.sample(counts={TARGET: {RARE: n_added}}, seed=seed)
    repeated = rare.sample(n_added, replace=True, random_state=seed)
    ways = {"real rows": train}
    for name, added in (("rare rows repeated", repeated), ("synthetic rare rows", synthetic)):
        ways[name] = pd.concat([train, added], ignore_index=True)
    return {name: scores(rows, holdout) for name, rows in ways.items()}


def main(n_rows: int = 30_000, max_seconds: float = 120, seeds: int = 2, output: Path | None = None) -> None:
    """Measure with some seeds, print the means, write them to `output`."""
    warnings.simplefilter("ignore", FutureWarning)
    runs = [measured(n_rows, max_seconds, seed) for seed in range(seeds)]
    means = {
        name: {score: float(np.mean([run[name][score] for run in runs])) for score in runs[0][name]}
        for name in runs[0]
    }
    print(pd.DataFrame(means).T.round(3).to_string())
    if output is not None:
        told = {"rows": n_rows, "fit_seconds": max_seconds, "means": means, "runs": runs}
        output.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(output=ROOT / "benchmarks" / "results" / "rare-class.json")
