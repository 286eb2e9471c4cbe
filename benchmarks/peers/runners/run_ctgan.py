"""ctgan: CTGAN and TVAE."""

import numpy as np
import torch
from ctgan import CTGAN, TVAE
from protocol import dates_as_numbers, measure, numbers_as_dates, text_columns, without_gaps

MODELS = {"ctgan": CTGAN, "tvae": TVAE}


def fit(table, job):
    options = dict(job["options"])
    made = MODELS[options.pop("model")](enable_gpu=False, **options)
    np.random.seed(job["seed"])  # noqa: NPY002  # the peer draws from the global generators
    torch.manual_seed(job["seed"])
    # It takes no missing number and no dates: numbers get their median, dates become numbers.
    ready = without_gaps(dates_as_numbers(table, job), job)
    made.fit(ready, text_columns(job))
    return made, job


def sample(model, n_rows, seed):
    made, job = model
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)
    rows = numbers_as_dates(made.sample(n_rows), job)
    return rows.replace({name: {"missing": None} for name in text_columns(job)})


def save(model, path):
    model[0].save(str(path))


measure(fit, sample, save, ("ctgan", "torch"))
