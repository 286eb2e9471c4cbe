"""Ours, through the same protocol as everyone."""

import json
from pathlib import Path

import torch  # noqa: F401  # its import is no part of the fit
from protocol import measure

from tabgan import Schema, TabGAN


def fit(table, job):
    options = job["options"]
    schema = None
    if job["public"] is not None and "epsilon" in options:
        Path("public.json").write_text(json.dumps(job["public"]), encoding="utf-8")
        schema = Schema.load("public.json")
    return TabGAN(random_state=job["seed"], **options).fit(table, schema=schema)


def sample(model, n_rows, seed):
    return model.sample(n_rows, seed=seed)


def save(model, path):
    model.save(path)


measure(fit, sample, save, ("torch",))
