"""smartnoise-synth: MST, AIM, DP-CTGAN and PATE-CTGAN.

Numbers are cut into its own ten bins (MST, AIM) or scaled (the others) between declared bounds; bounds that
nobody declared cost a tenth of epsilon. Categories are read off the rows, which its budget does not count.
"""

import numpy as np
import torch
from protocol import dates_as_numbers, measure, numbers_as_dates, text_columns
from snsynth import Synthesizer
from snsynth.transform import BinTransformer, MinMaxTransformer

GANS = {"dpctgan", "patectgan"}
BOUNDS_SHARE = 0.1


def fit(table, job):
    options = dict(job["options"])
    name, epsilon = options.pop("model"), options.pop("epsilon")
    is_gan = name in GANS
    np.random.seed(job["seed"])  # noqa: NPY002  # the peer draws from the global generators
    torch.manual_seed(job["seed"])
    options |= {"cuda": False} if is_gan else {}
    made = Synthesizer.create(name, epsilon=epsilon, verbose=False, **options)
    text = text_columns(job)
    ready = dates_as_numbers(table, job)
    ready[text] = ready[text].fillna("missing")
    numbers = {
        column: (MinMaxTransformer if is_gan else BinTransformer)(
            **bounds_of(column, job), nullable=bool(ready[column].isna().any())
        )
        for column in table
        if column not in text
    }
    is_open = any(scale.lower is None for scale in numbers.values())
    share = BOUNDS_SHARE * epsilon if is_open else 0.0
    made.fit(ready, transformer=numbers, categorical_columns=text, preprocessor_eps=share)
    return made, list(table.columns), job


def bounds_of(column, job):
    """Declared bounds of a number, or none."""
    declared = {one["name"]: one for one in (job["public"] or {"columns": []})["columns"]}.get(column, {})
    if declared.get("minimum") is None or declared.get("maximum") is None:
        return {"lower": None, "upper": None}
    return {"lower": float(declared["minimum"]), "upper": float(declared["maximum"])}


def sample(model, n_rows, seed):
    made, columns, job = model
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)
    rows = made.sample(n_rows)
    rows = rows.set_axis(columns, axis=1)
    rows = rows.replace({name: {"missing": None} for name in text_columns(job)})
    return numbers_as_dates(rows, job)


measure(fit, sample, None, ("smartnoise-synth", "torch"))
