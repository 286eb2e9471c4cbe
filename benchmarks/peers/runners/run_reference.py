"""What needs no model: columns drawn independently, a copy of the rows, real rows nobody learned from."""

import numpy as np
from protocol import measure


def fit(table, job):
    return table, job["options"]["what"]


def sample(model, n_rows, seed):
    """`independent`: every column by itself; `copy`: the rows over and over, in another order."""
    table, what = model
    rng = np.random.default_rng(seed)
    if what == "independent":
        made = {name: table[name].to_numpy()[rng.integers(len(table), size=n_rows)] for name in table}
        return table.iloc[:0].reindex(range(n_rows)).assign(**made)[list(table.columns)]
    order = np.concatenate([rng.permutation(len(table)) for _ in range(-(-n_rows // len(table)))])
    return table.iloc[order[:n_rows]].reset_index(drop=True)


measure(fit, sample, None, ("numpy", "pandas"))
