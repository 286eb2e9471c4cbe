"""TabDiff: one diffusion of numbers and categories together, with a learned course of noise a column.

It is a repository of scripts (README.md says which commit goes where). Its networks, its loss, its sampler
and its settings are used. Its training loop (tabdiff/trainer.py) cannot be called, as it writes by its
own code, reports to a service and judges its rows on the way; it is followed here, without the judging. What
differs:

- all rows given are learned: its scripts keep a tenth, but only to judge by;
- a table without categories gets one of a single value, as its tokenizer takes no table without;
- cells come and go as cells.py says.
"""

import copy
import sys
from pathlib import Path

import numpy as np
import tomllib
import torch
from cells import Cells
from protocol import measure
from torch.optim.lr_scheduler import ReduceLROnPlateau

CODE = Path(__file__).resolve().parents[2] / ".peers" / "sources" / "tabdiff"
sys.path.insert(0, str(CODE))

from tabdiff.models.unified_ctime_diffusion import UnifiedCtimeDiffusion  # noqa: E402
from tabdiff.modules.main_modules import Model, UniModMLP  # noqa: E402

LEARNED_NOISE = {"scheduler": "power_mean_per_column", "cat_scheduler": "log_linear_per_column"}
FIRST = 4000  # epochs before the average of the weights is worth keeping


def fit(table, job):
    torch.manual_seed(job["seed"])
    asked = tomllib.loads((CODE / "tabdiff" / "configs" / "tabdiff_configs.toml").read_text(encoding="utf-8"))
    cells = Cells(table, job)
    numbers = cells.spread(np.arange(len(table)))
    codes = cells.codes if cells.labels else np.zeros((len(table), 1), dtype=int)
    sizes = codes.max(axis=0) + 1
    columns = {"d_numerical": numbers.shape[1], "categories": (sizes + 1).tolist()}  # one is the mask
    ways = asked["diffusion_params"] | LEARNED_NOISE
    network = Model(UniModMLP(**asked["unimodmlp_params"], **columns), **ways["edm_params"])
    diffusion = UnifiedCtimeDiffusion(sizes, numbers.shape[1], network, None, **ways)
    rows = torch.cat([numbers, torch.tensor(codes).float()], dim=1)
    model = train(diffusion, rows, asked["train"]["main"] | job["options"])
    return model, cells, asked["sample"]["batch_size"]


def train(diffusion, rows, asked):
    """The moving average of the weights at its lowest loss."""
    average = copy.deepcopy(diffusion).requires_grad_(False).eval()
    optimizer = torch.optim.AdamW(diffusion.parameters(), asked["lr"], weight_decay=asked["weight_decay"])
    scheduler = ReduceLROnPlateau(optimizer, factor=asked["factor"], patience=asked["reduce_lr_patience"])
    best, kept = np.inf, None
    for epoch in range(asked["steps"]):
        weights = asked["d_lambda"], asked["c_lambda"] * (1 - epoch / asked["steps"])
        diffusion.train()
        loss = epoch_of(diffusion, rows, asked["batch_size"], weights, optimizer)
        if np.isnan(loss):
            break
        scheduler.step(loss)
        for mean, now in zip(average.parameters(), diffusion.parameters(), strict=True):
            mean.lerp_(now.detach(), 1 - asked["ema_decay"])
        with torch.no_grad():
            loss = epoch_of(average, rows, asked["batch_size"])
        if loss < best and epoch >= FIRST:
            best, kept = loss, copy.deepcopy(average.state_dict())
    if kept is not None:
        average.load_state_dict(kept)
    return average


def epoch_of(diffusion, rows, batch_size, weights=(1.0, 1.0), optimizer=None):
    """One pass over the rows, learned from if there is an optimizer: the loss of categories and numbers."""
    totals = np.zeros(2)
    for batch in rows[torch.randperm(len(rows))].split(batch_size):
        losses = diffusion.mixed_loss(batch)
        totals += [loss.item() * len(batch) for loss in losses]
        if optimizer is not None:
            optimizer.zero_grad()
            sum(weight * loss for weight, loss in zip(weights, losses, strict=True)).backward()
            optimizer.step()
    return np.around(totals / len(rows), 4).sum()


def sample(model, n_rows, seed):
    diffusion, cells, most = model
    torch.manual_seed(seed)
    rows = diffusion.sample_all(n_rows, min(n_rows, most), keep_nan_samples=True)
    middle = diffusion.num_numerical_features
    return cells.table_of(rows[:, :middle], rows[:, middle : middle + len(cells.labels)].long())


def save(model, path):
    torch.save(model[0].state_dict(), path)


measure(fit, sample, save, ("torch", "scikit-learn"))
