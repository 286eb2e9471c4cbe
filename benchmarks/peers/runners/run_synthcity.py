"""TabDDPM, a diffusion model of numbers and categories together, in the implementation of synthcity."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import numpy as np
import pandas as pd
import torch
from protocol import dates_as_numbers, digits_of, measure, numbers_as_dates, text_columns, without_gaps
from sklearn.preprocessing import QuantileTransformer

IMAGES = ("PIL", "monai", "torchvision")
SURVIVAL = ("lifelines", "pycox", "torchtuples", "xgbse")
OTHERS = ("geomloss", "matplotlib", "redis", "shap", "tsai", "xgboost")


class Unused:
    """Stands in for libraries that synthcity imports and this model never asks; they weigh gigabytes."""

    def find_spec(self, name, *_):
        """What the import system asks first."""
        known = name.split(".")[0] in IMAGES + SURVIVAL + OTHERS
        return ModuleSpec(name, self, is_package=True) if known else None

    def create_module(self, spec):
        """A module that has every name."""
        return _Empty(spec.name)

    def exec_module(self, module):
        """Nothing is run."""
        module.__path__ = []


class _Empty(ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


sys.meta_path.insert(0, Unused())

from synthcity.plugins.core.models import tabular_ddpm  # noqa: E402


def fit(table, job):
    # It takes no missing cell and no dates.
    ready = without_gaps(dates_as_numbers(table, job), job)
    labels = {name: sorted(ready[name].unique()) for name in text_columns(job)}
    numbers = ready.drop(columns=list(labels))
    # As in its paper: numbers are spread like a normal distribution. Fractions are drawn for whole numbers,
    # by which alone any classifier would tell its rows.
    normal = QuantileTransformer(
        output_distribution="normal", n_quantiles=max(min(len(ready) // 30, 1000), 10), random_state=0
    )
    codes = pd.DataFrame({name: pd.Categorical(ready[name], known).codes for name, known in labels.items()})
    if len(numbers.columns):
        spread = normal.fit_transform(numbers.to_numpy(dtype=float))
        codes = pd.concat([pd.DataFrame(spread, columns=numbers.columns), codes], axis=1)
    # Left alone it takes every column of more than ten values for a number, countries too.
    tabular_ddpm.discrete_columns = lambda *_, **__: [(name, len(known)) for name, known in labels.items()]
    torch.manual_seed(job["seed"])
    made = tabular_ddpm.TabDDPM(device=torch.device("cpu"), **job["options"])
    made.fit(codes)
    digits = {name: digits_of(numbers[name]) for name in numbers}
    return made, labels, normal, digits, job


def sample(model, n_rows, seed):
    made, labels, normal, digits, job = model
    torch.manual_seed(seed)
    rows = made.generate(n_rows)
    if digits:
        rows[list(digits)] = normal.inverse_transform(rows[list(digits)].to_numpy(dtype=float))
        rows = rows.round(digits)
    for name, known in labels.items():
        rows[name] = np.asarray(known, dtype=object)[rows[name].to_numpy(dtype=int)]
    rows = numbers_as_dates(rows, job)
    return rows.replace({name: {"missing": None} for name in labels})


measure(fit, sample, None, ("synthcity", "torch"))
