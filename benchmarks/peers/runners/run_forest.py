"""ForestDiffusion: flow matching with gradient-boosted trees, a set of trees a column and noise level."""

import numpy as np
import pandas as pd
from ForestDiffusion import ForestDiffusionModel
from protocol import dates_as_numbers, measure, numbers_as_dates, text_columns


def fit(table, job):
    np.random.seed(job["seed"])  # noqa: NPY002  # the peer draws from the global generator
    codes = dates_as_numbers(table, job)
    levels = {}
    for name in text_columns(job):
        codes[name], levels[name] = pd.factorize(codes[name].fillna("missing"))
    binary = [codes.columns.get_loc(name) for name, known in levels.items() if len(known) <= 2]
    many = [codes.columns.get_loc(name) for name, known in levels.items() if len(known) > 2]
    whole = [
        codes.columns.get_loc(name)
        for name in codes
        if name not in levels and (codes[name].dropna() % 1 == 0).all()
    ]
    made = ForestDiffusionModel(
        codes.to_numpy(dtype=float, copy=True),
        diffusion_type="flow",
        bin_indexes=binary,
        cat_indexes=many,
        int_indexes=whole,
        n_jobs=1,
        seed=job["seed"],
        **job["options"],
    )
    return made, list(codes.columns), levels, job


def sample(model, n_rows, seed):
    made, columns, levels, job = model
    np.random.seed(seed)  # noqa: NPY002
    rows = pd.DataFrame(made.generate(batch_size=n_rows), columns=columns)
    for name, known in levels.items():
        places = rows[name].astype(float).round().clip(0, len(known) - 1).astype(int)
        rows[name] = np.asarray(known, dtype=object)[places]
    rows = rows.replace({name: {"missing": None} for name in levels})
    return numbers_as_dates(rows, job)


measure(fit, sample, None, ("ForestDiffusion", "xgboost"))
