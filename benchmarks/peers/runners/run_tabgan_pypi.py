"""The package called tabgan on the index: another project, whose GANGenerator adds rows to a table.

One call learns and samples, so its rows a second cannot be told from its fit. It is asked for generated rows
only; its filters compare with test rows, which are the training rows here.
"""

import pandas as pd
from protocol import dates_as_numbers, measure, numbers_as_dates, text_columns, without_gaps
from tabgan.sampler import GANGenerator


def fit(table, job):
    ready = without_gaps(dates_as_numbers(table, job), job)
    ready = ready.astype(dict.fromkeys(text_columns(job), object))
    options = {"gen_params": {"batch_size": 45, "patience": 25, "epochs": 50} | job["options"]}
    made = GANGenerator(gen_x_times=1.1, cat_cols=text_columns(job), **options)
    rows, _ = made.generate_data_pipe(ready, None, None, only_generated_data=True, use_adversarial=False)
    return pd.DataFrame(rows), job


def sample(model, n_rows, seed):
    rows, job = model
    drawn = rows.sample(n_rows, replace=n_rows > len(rows), random_state=seed).reset_index(drop=True)
    drawn = drawn.replace({name: {"missing": None} for name in text_columns(job)})
    return numbers_as_dates(drawn, job)


measure(fit, sample, None, ("tabgan", "torch"), is_one_call=True)
