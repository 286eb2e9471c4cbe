"""SDV: GaussianCopulaSynthesizer, its metadata from the same kinds of columns as everyone's."""

from protocol import measure
from sdv.metadata import Metadata
from sdv.single_table import GaussianCopulaSynthesizer

KINDS = {
    "numeric": "numerical",
    "datetime": "datetime",
    "boolean": "categorical",
    "identifier": "categorical",
}


def fit(table, job):
    columns = {name: {"sdtype": KINDS.get(kind, "categorical")} for name, kind in job["kinds"].items()}
    metadata = Metadata.load_from_dict({"tables": {"table": {"columns": columns}}})
    made = GaussianCopulaSynthesizer(metadata, **job["options"])
    made.fit({"table": table})
    return made


def sample(model, n_rows, seed):  # noqa: ARG001  # the peer has its own fixed seed
    made = model.sample(n_rows)
    return made["table"] if isinstance(made, dict) else made


def save(model, path):
    model.save(str(path))


measure(fit, sample, save, ("sdv", "copulas", "rdt"))
