"""What TabSyn and TabDiff learn from: numbers spread like a normal distribution, and codes of categories."""

import numpy as np
import pandas as pd
import torch
from protocol import dates_as_numbers, digits_of, numbers_as_dates, text_columns
from sklearn.preprocessing import QuantileTransformer


class Cells:
    """The cells of a table as these peers prepare them, and the way back.

    A gap in text is a category of its own, a gap in numbers their mean, so that none is drawn. Numbers stay
    doubles until they are spread, as single precision would cut dates to minutes, and come back rounded to
    the digits of the table.
    """

    def __init__(self, table, job):
        self.job = job
        ready = dates_as_numbers(table, job)
        texts = ready[text_columns(job)].fillna("missing")
        self.labels = {name: sorted(texts[name].unique()) for name in texts}
        self.numbers = ready.drop(columns=list(self.labels)).astype(float)
        self.digits = {name: digits_of(self.numbers[name].dropna()) for name in self.numbers}
        self.codes = np.empty(texts.shape, dtype=int)
        for place, (name, known) in enumerate(self.labels.items()):
            self.codes[:, place] = pd.Categorical(texts[name], known).codes

    def spread(self, learned):
        """The numbers of all rows, spread as those at the places `learned` are; (rows, numbers)."""
        full = self.numbers.fillna(self.numbers.iloc[learned].mean()).to_numpy()
        self.normal = QuantileTransformer(
            output_distribution="normal",
            n_quantiles=max(min(len(learned) // 30, 1000), 10),
            subsample=10**9,
            random_state=0,
        )
        if not full.shape[1]:
            return torch.tensor(full).float()
        return torch.tensor(self.normal.fit(full[learned]).transform(full)).float()

    def table_of(self, numbers, codes):
        """The table with these spread numbers and these codes, a tensor each."""
        rows = pd.DataFrame(index=range(len(numbers)))
        if self.digits:
            rows[list(self.digits)] = self.normal.inverse_transform(numbers.numpy().astype(float))
            rows = rows.round(self.digits)
        for (name, known), drawn in zip(self.labels.items(), codes.numpy().T, strict=True):
            rows[name] = np.asarray(known, dtype=object)[drawn]
        rows = numbers_as_dates(rows, self.job)
        return rows.replace({name: {"missing": None} for name in self.labels})
