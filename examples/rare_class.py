"""Does a classifier find a rare class better once synthetic rows of it stand beside the real ones?

python examples/rare_class.py        from the repository's root; takes some minutes

Of Adult's rich only every twentieth is kept. Held-out rows judge classifiers that learned from these rows
alone, with some of the rich repeated, and with as many synthetic rich: four times those that are there, or
as many as make both classes equal.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer
from sklearn.tree import DecisionTreeClassifier

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


def classifiers(cells: pd.DataFrame) -> dict[str, Any]:
    """Three families; each with the columns made ready in the way that it needs."""
    numbers = list(cells.select_dtypes("number").columns)
    text = [column for column in cells.columns if column not in numbers]
    one_hot = OneHotEncoder(handle_unknown="ignore", min_frequency=5, sparse_output=False)
    scaled = make_column_transformer((one_hot, text), (QuantileTransformer(), numbers))
    return {
        "boosted trees": make_pipeline(scaled, HistGradientBoostingClassifier(random_state=0)),
        "one tree": make_pipeline(scaled, DecisionTreeClassifier(max_depth=8, random_state=0)),
        "25 nearest neighbours": make_pipeline(scaled, KNeighborsClassifier(25)),
    }


def scores(train: pd.DataFrame, holdout: pd.DataFrame) -> dict[str, dict[str, float]]:
    """What each classifier that learned from `train` is worth on the holdout."""
    truth = (holdout[TARGET] == RARE).to_numpy()
    told = {}
    for name, classifier in classifiers(train.drop(columns=TARGET)).items():
        classifier.fit(train.drop(columns=TARGET), (train[TARGET] == RARE).to_numpy())
        chance = classifier.predict_proba(holdout.drop(columns=TARGET))[:, 1]
        told[name] = {
            "average precision": float(average_precision_score(truth, chance)),
            "AUC": float(roc_auc_score(truth, chance)),
            "balanced accuracy": float(balanced_accuracy_score(truth, chance > 0.5)),
        }
    return told


def measured(n_rows: int, epochs: int | None, seed: int) -> pd.DataFrame:
    """The scores of every way to learn: one row a way and classifier."""
    train, holdout = tables(n_rows, seed)
    rare = train[train[TARGET] == RARE]
    model = TabGAN(target=TARGET, epochs=epochs, random_state=seed).fit(train)
    ways = {"real rows": train}
    for amount, n_added in (("4 times", 4 * len(rare)), ("balance", len(train) - 2 * len(rare))):
        repeated = rare.sample(n_added, replace=True, random_state=seed)
        synthetic = model.sample(counts={TARGET: {RARE: n_added}}, seed=seed)
        ways[f"repeated, {amount}"] = pd.concat([train, repeated], ignore_index=True)
        ways[f"synthetic, {amount}"] = pd.concat([train, synthetic], ignore_index=True)
    told = {
        (classifier, way): found
        for way, rows in ways.items()
        for classifier, found in scores(rows, holdout).items()
    }
    return pd.DataFrame(told).T


def main(n_rows: int = 30_000, epochs: int | None = None, seeds: int = 2, output: Path | None = None) -> None:
    """Measure with some seeds, print the means, write all to `output`."""
    warnings.simplefilter("ignore", FutureWarning)
    runs = [measured(n_rows, epochs, seed) for seed in range(seeds)]
    means = sum(runs[1:], runs[0]) / len(runs)
    print(means.sort_index(level=0, sort_remaining=False).round(3).to_string())
    if output is not None:
        listed = [
            [{"classifier": place[0], "way": place[1], **row} for place, row in run.to_dict("index").items()]
            for run in [means, *runs]
        ]
        told = {"rows": n_rows, "epochs": epochs, "means": listed[0], "runs": listed[1:]}
        output.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(output=ROOT / "benchmarks" / "results" / "rare-class.json")
