"""Anonymeter as an oracle: on tables it can read, its rates hold ours within its interval.

python -m benchmarks.oracles.anonymeter_oracle

Anonymeter (BSD-3-Clause-Clear) is installed into a virtual environment under benchmarks/cache/, is
asked as another program is, and is needed by nothing else. Our attacks are asked here in its terms
(its distance, its tolerance, its three columns), which tests the machinery; the rates of our own
terms stand beside.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from benchmarks.archives import CACHE
from benchmarks.measuring import console, write_result
from benchmarks.oracles.anonymeter_tables import ROWS, Triple, odd_tables, tables_of
from tabgan.evaluation.attack_rows import HOLDOUT, SYNTHETIC, TRAIN, AttackRows, attack_rows
from tabgan.evaluation.features import ComparedColumn
from tabgan.evaluation.inference import inference_metrics, nearest_without, right_guesses
from tabgan.evaluation.linkability import linkability_metrics, links
from tabgan.evaluation.neighbours import GRID, Points
from tabgan.evaluation.risk import Risk, Trials
from tabgan.evaluation.singling_out import (
    Predicate,
    attempt,
    random_predicates,
    risk_of,
    singling_out_metrics,
    univariate,
    wide_bounds,
)
from tabgan.evaluation.tables import Tables
from tabgan.schema import Column, Schema

REQUIREMENT = "anonymeter==1.1.0"
ENVIRONMENT = CACHE / "anonymeter-venv"
CHILD = Path(__file__).with_name("anonymeter_child.py")
FEW = 6  # columns of the tables on which all predicates of three columns are tried
TABLES = ("made", "adult", "diamonds")
COLUMNS = 3  # of a predicate of anonymeter
TOLERANCE = 0.05
DIFFERENCES = (
    "Distance: here of quantile ranks, in anonymeter of numbers divided by their range, so that one "
    "outlier makes all other numbers equal.",
    "Ties: here all synthetic rows that are equally near are nearest, in anonymeter one of them.",
    "Singling out by one column: here the lowest and the highest value stand for everything beyond as "
    "well, in anonymeter these are predicates of their own.",
    "Singling out by several columns: here as many columns as it takes to leave one synthetic row, then "
    "as many again; in anonymeter 3.",
    "Tables of different size: here training rows are dealt into samples of the holdout's size; "
    "anonymeter fits a curve to the control's successes.",
    "Numbers: here a guess is right within 5 % of max(|truth - median|, interquartile range), in "
    "anonymeter within 5 % of the guess, so that every negative guess is right.",
    "Rows: here distinct rows are attacked, in anonymeter a row as often as it is there.",
    "Interval of the risk: here Newcombe's of the difference, in anonymeter propagated errors; the "
    "worst of several columns or splits is corrected for their number here.",
    "Rates: anonymeter shows the middle of Wilson's interval, here it is the share that succeeded.",
)


@dataclass(frozen=True)
class Comparison:
    """One attack: what is asked of anonymeter, our answer in its terms, and in ours."""

    table: str
    name: str
    run: dict[str, Any]
    same_terms: Risk
    own_terms: dict[str, float]


def python_of_oracle() -> Path:
    """The Python that has anonymeter; its environment is made on first use."""
    python = ENVIRONMENT / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not (ENVIRONMENT / "ready").exists():
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", REQUIREMENT, "pyarrow"], check=True)
        (ENVIRONMENT / "ready").touch()
    return python


def ask_oracle(tables: Triple, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What anonymeter finds, asked in its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "asked.json").write_text(json.dumps(runs), encoding="utf-8")
        for name, table in zip(("train", "synthetic", "holdout"), tables, strict=True):
            table.to_parquet(Path(folder, f"{name}.parquet"))
        subprocess.run([python_of_oracle(), CHILD, folder], check=True)
        found: dict[str, Any] = json.loads(Path(folder, "found.json").read_text(encoding="utf-8"))
    return found


def rows_of(given: Triple) -> tuple[Tables, AttackRows]:
    """Our side of the tables: a column of text is a category, any other a number."""
    is_number = given[0].dtypes.map(pd.api.types.is_numeric_dtype)
    schema = Schema(tuple(Column(n, "numeric" if is_number[n] else "categorical") for n in given[0]))
    tables = Tables.checked(given[0], given[1], given[2], schema=schema)
    return tables, attack_rows(tables, lambda *_: 1.0)


def singling_out(name: str) -> list[tuple[Triple, Comparison]]:
    """By one column and by three, where both sides try all predicates there are."""
    given = {
        "univariate": tables_of(name),
        "multivariate": tuple(table.iloc[:, :FEW] for table in tables_of(name)),
    }
    compared = []
    for mode, three in given.items():
        tables, rows = rows_of(three)
        rng = np.random.default_rng(0)
        if mode == "univariate":
            tried = [univariate(rows, column, rng) for column in range(len(rows.columns))]
        else:
            found = of_three_columns(rows)
            tried = [attempt(rows, found, random_predicates(rows, found, rng))]
        risk = risk_of(rows, tried)
        n_attacks = sum(one.n_predicates for one in tried)
        run = {"attack": f"singling out, {mode}", "mode": mode, "n_attacks": n_attacks, "n_columns": COLUMNS}
        details = singling_out_metrics(tables).details["singling_out"]
        own = details.drop_duplicates("predicates").set_index("predicates")
        compared.append((three, Comparison(name, run["attack"], run, risk, figures_of(own.loc[mode]))))
    return compared


def of_three_columns(rows: AttackRows) -> list[Predicate]:
    """All predicates of three columns that are true of one synthetic row, as anonymeter has them."""
    places = rows.places[SYNTHETIC]
    low, high = wide_bounds(rows, places)
    found: dict[tuple[int, ...], Predicate] = {}
    for row, three in product(range(places.shape[1]), combinations(range(len(places)), COLUMNS)):
        columns = np.array(three)
        predicate = Predicate(columns, low[columns, row], high[columns, row])
        if len(predicate.rows(places)) == 1:
            found[tuple(np.concatenate(predicate).tolist())] = predicate
    return list(found.values())


def points_by_range(rows: AttackRows, side: int) -> tuple[Points, Points]:
    """A real side and the synthetic rows at anonymeter's distance: numbers over their common range."""
    columns = rows.targets()
    cells = [[place(column, table, (side, SYNTHETIC)) for column in columns] for table in (side, SYNTHETIC)]
    is_code = tuple(not column.is_numeric for column in columns)
    query, synthetic = (Points(np.stack(c).astype(np.int32), is_code, GRID) for c in cells)
    return query, synthetic


def place(column: ComparedColumn, table: int, both: tuple[int, int]) -> Any:
    """Cells of one column on the grid; the range of numbers becomes 1."""
    if not column.is_numeric:
        return column.codes[table]
    numbers = np.concatenate([column.numbers[one] for one in both])
    low, high = numbers.min(), numbers.max()
    return np.rint((column.numbers[table] - low) / ((high - low) or 1.0) * GRID)


def linkability(name: str, given: Triple) -> list[Comparison]:
    """The split of every second column, and of the first columns from the last."""
    tables, rows = rows_of(given)
    own_details = linkability_metrics(tables).details["linkability"]
    n_columns = len(rows.columns)
    everything = list(range(n_columns))
    sides = [points_by_range(rows, side) for side in (TRAIN, HOLDOUT)]
    compared = []
    for first in (everything[::2], everything[: n_columns // 2]):
        split = tuple(first), tuple(c for c in everything if c not in first)
        (on_train, by_chance), (on_control, _) = (links(*side, [split]) for side in sides)
        risk = risk_of_rows(on_train[0], by_chance[0].round(), on_control[0])
        halves = [[str(rows.columns[c].name) for c in half] for half in split]
        run = {"attack": "linkability", "halves": halves}
        own = figures_of(own_details.loc[own_details["risk"].idxmax()])
        compared.append(Comparison(name, "linkability", run, risk, own))
    return compared


def inference(name: str, given: Triple) -> list[Comparison]:
    """Every column as the secret; a number is right within 5 % of the guess."""
    tables, rows = rows_of(given)
    own_details = inference_metrics(tables).details["inference"].set_index("column")
    everything = list(range(len(rows.columns)))
    picked = [nearest_without(*points_by_range(rows, side), everything) for side in (TRAIN, HOLDOUT)]
    drawn = np.random.default_rng(0).integers(rows.places[SYNTHETIC].shape[1], size=rows.n_targets)
    compared = []
    for c, column in enumerate(rows.targets()):
        sides = (TRAIN, picked[0][c]), (TRAIN, drawn), (HOLDOUT, picked[1][c])
        risk = risk_of_rows(*(guessed(column, side, rows_picked) for side, rows_picked in sides))
        run = {"attack": "inference", "secret": str(column.name), "is_number": column.is_numeric}
        if column.name in own_details.index:
            own = figures_of(own_details.loc[column.name])
            compared.append(Comparison(name, f"inference, {column.kind}", run, risk, own))
    return compared


def guessed(column: ComparedColumn, side: int, picked: Any) -> Any:
    """Anonymeter's rule: a number is right within 5 % of the guess, a category where it is the same."""
    if not column.is_numeric:
        return right_guesses(column, side, picked)
    # A column may have been turned to count down; anonymeter's rule is for positive numbers.
    truth, guess = np.abs(column.numbers[side]), np.abs(column.numbers[SYNTHETIC][picked])
    return np.abs(guess - truth) / (guess + 1e-12) <= TOLERANCE


def risk_of_rows(on_train: Any, naive: Any, on_control: Any) -> Risk:
    """The risk of attacks that were tried one by one."""
    return Risk(*(Trials(int(side.sum()), len(side)) for side in (on_train, naive, on_control)))


def figures_of(row: Any) -> dict[str, float]:
    """Rates and risk of a row of details."""
    return {key: float(row[key]) for key in ("attack", "control", "risk")}


def told(comparison: Comparison, theirs: dict[str, Any]) -> dict[str, Any]:
    """Both answers, and whether our rates lie within anonymeter's intervals."""
    ours = comparison.same_terms
    rates = {"attack": ours.attack.rate, "control": ours.control.rate}
    row = {
        "table": comparison.table,
        "attack": comparison.name,
        "asked": {key: value for key, value in comparison.run.items() if key != "attack"},
        "anonymeter": theirs,
        "same_terms": {**rates, "naive": ours.naive.rate, "risk": ours.value},
        "own_terms": comparison.own_terms,
    }
    if "error" in theirs:
        return {**row, "agrees": False}
    within = [abs(rates[side] - theirs[side][0]) <= theirs[side][1] + 1e-9 for side in rates]
    low, high = theirs["risk"][1:]
    # Anonymeter cuts a risk below 0 to 0.
    return {**row, "agrees": all(within) and low - 1e-9 <= max(0.0, ours.value) <= high + 1e-9}


def compare_table(name: str) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """All attacks on one table, and the versions that anonymeter ran with."""
    rows = []
    for given, comparison in singling_out(name):
        found = ask_oracle(given, [comparison.run])
        rows.append(told(comparison, found["runs"][0]))
    given = tables_of(name)
    compared = [*linkability(name, given), *inference(name, given)]
    found = ask_oracle(given, [comparison.run for comparison in compared])
    rows += [told(*pair) for pair in zip(compared, found["runs"], strict=True)]
    return rows, found["versions"]


def compare_odd() -> list[dict[str, Any]]:
    """What both say of tables that anonymeter reads wrongly; nothing is expected to agree."""
    rows = []
    attacks = {"inference": inference_metrics, "singling out": singling_out_metrics}
    for case, (given, run) in odd_tables().items():
        theirs, attacked = ask_oracle(given, [run])["runs"][0], attacks[run["attack"]]
        ours = attacked(Tables.checked(given[0], given[1], given[2])).metrics[-1]
        rows.append({"case": case, "anonymeter": theirs, "value": ours.value, "verdict": ours.verdict})
    return rows


def shown(rows: list[dict[str, Any]], odd: list[dict[str, Any]]) -> list[Table]:
    """Both comparisons as tables for a terminal."""
    keys = ("attack", "control", "risk")
    first = Table("table", "attack", *(f"anonymeter\n{key}" for key in keys))
    for terms in ("same terms", "own terms"):
        for key in keys:
            first.add_column(f"{terms}\n{key}", justify="right")
    for row in rows:
        ours = [f"{row[terms][key]:.3f}" for terms in ("same_terms", "own_terms") for key in keys]
        mark = "" if row["agrees"] else "  DIFFERS"
        first.add_row(row["table"], row["attack"] + mark, *words(row["anonymeter"]), *ours)
    second = Table("odd table", *(f"anonymeter\n{key}" for key in keys), "ours\nrisk", "ours\nverdict")
    for row in odd:
        second.add_row(row["case"], *words(row["anonymeter"]), f"{row['value']:.3f}", row["verdict"])
    return [first, second]


def words(theirs: dict[str, Any]) -> list[str]:
    """Anonymeter's rates and risk with their intervals, or the error it raised."""
    if "error" in theirs:
        return [theirs["error"], "", ""]
    rates = [f"{theirs[side][0]:.3f} ± {theirs[side][1]:.3f}" for side in ("attack", "control")]
    value, low, high = theirs["risk"]
    return [*rates, f"{value:.3f} ({low:.3f}, {high:.3f})"]


def main() -> None:
    """Compare on every table, print and write what was found; status 1 where a rate differs."""
    terminal = console()
    found = [compare_table(name) for name in TABLES]
    rows = [row for part, _ in found for row in part]
    odd = compare_odd()
    terminal.print(
        *shown(rows, odd), "By design different:", *(f"- {line}" for line in DIFFERENCES), sep="\n"
    )
    result = {
        "oracle": REQUIREMENT,
        "oracle_versions": found[0][1],
        "rows": ROWS,
        "agrees": all(row["agrees"] for row in rows),
        "found": rows,
        "odd_tables": odd,
        "different_by_design": list(DIFFERENCES),
    }
    terminal.print(f"written to {write_result('oracle-anonymeter', result)}")
    sys.exit(0 if result["agrees"] else 1)


if __name__ == "__main__":
    main()
