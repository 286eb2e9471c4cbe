"""Releases over a table at hand: the exact counts, which claim to have noise or do have it."""

from __future__ import annotations

from collections import Counter

import numpy as np

from tabgan.encoding.row_wise import row_wise_table


class Counting:
    """Answers with true counts plus seeded noise of `noise` rows; says that its noise is `claimed`."""

    def __init__(self, df, schema=None, *, noise=0.0, claimed=None, threshold=5):
        self.table = df if schema is None else row_wise_table(df, schema)
        self.noise, self.claimed = noise, noise if claimed is None else claimed
        self.threshold = threshold
        self.asked = []
        self.rng = np.random.default_rng(0)

    def deviation(self, what):
        return self.claimed

    def histogram(self, cells, *, what, n_cells):
        self.asked.append(what)
        places = np.asarray(cells(self.table))
        assert places.shape == (len(self.table),)
        assert places.dtype.kind == "i"
        assert places.max(initial=-1) < n_cells
        counts = np.bincount(places[places >= 0], minlength=n_cells)
        return counts + np.rint(self.rng.normal(0, 1, n_cells) * self.noise).astype(np.int64)

    def labels(self, texts, *, what):
        self.asked.append(what)
        counts = Counter(text for text in texts(self.table) if text is not None)
        return {text: count for text, count in counts.most_common() if count > self.threshold}
