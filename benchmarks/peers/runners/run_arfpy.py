"""arfpy: adversarial random forests."""

import numpy as np
from arfpy.arf import arf
from protocol import dates_as_numbers, digits_of, measure, numbers_as_dates, text_columns, without_gaps


def fit(table, job):
    np.random.seed(job["seed"])  # noqa: NPY002  # the peer draws from the global generator
    # It takes no missing cell; text must be of dtype object for it to be seen as categories.
    ready = without_gaps(dates_as_numbers(table, job), job)
    ready = ready.astype(dict.fromkeys(text_columns(job), object))
    # It draws fractions where the table has none, by which alone any classifier would tell its rows.
    numbers = ready.select_dtypes("number")
    digits = {name: digits_of(numbers[name]) for name in numbers}
    made = arf(ready, verbose=False, random_state=job["seed"], n_jobs=1, **job["options"])
    made.forde()
    return made, digits, job


def sample(model, n_rows, seed):
    made, digits, job = model
    np.random.seed(seed)  # noqa: NPY002
    rows = numbers_as_dates(made.forge(n_rows).round(digits), job)
    return rows.replace({name: {"missing": None} for name in text_columns(job)})


measure(fit, sample, None, ("arfpy", "scikit-learn"))
