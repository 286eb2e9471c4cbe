"""dpmm: MST, AIM and PrivBayes on top of private-PGM.

It takes gaps and dates as they are. A tenth of epsilon cuts the numbers (its PrivTree, whose budget it adds
to that of the model: here both are epsilon together). Bounds and categories that are declared cost nothing;
others are bought from that tenth (bounds) or read off the rows, uncounted (categories).
"""

from dpmm.pipelines import AIMPipeline, MSTPipeline, PrivBayesPipeline
from protocol import digits_of, measure, text_columns

MODELS = {"mst": MSTPipeline, "aim": AIMPipeline, "privbayes": PrivBayesPipeline}
CUTS_SHARE = 0.1  # of 1.1 in its defaults


def fit(table, job):
    options = dict(job["options"])
    make, epsilon, delta = MODELS[options.pop("model")], options.pop("epsilon"), options.pop("delta")
    cuts = CUTS_SHARE * epsilon
    made = make(epsilon=epsilon - cuts, delta=delta, proc_epsilon=cuts, n_jobs=1, **options)
    ready = table.astype(dict.fromkeys(text_columns(job), "category"))
    numbers = table.select_dtypes("number")
    digits = {name: digits_of(numbers[name].dropna()) for name in numbers}
    made.fit(ready, domain_of(table, job), random_state=job["seed"])
    return made, digits, job


def domain_of(table, job):
    """What is declared of each column, in its words."""
    domain = {}
    for column in (job["public"] or {"columns": []})["columns"]:
        name = column["name"]
        if name in text_columns(job) and column.get("categories"):
            domain[name] = {"categories": [str(label) for label in column["categories"]]}
        elif name in table.select_dtypes("number") and column.get("maximum") is not None:
            domain[name] = {"lower": float(column["minimum"]), "upper": float(column["maximum"])}
    return domain


def sample(model, n_rows, seed):
    made, digits, job = model
    rows = made.generate(n_records=n_rows, random_state=seed)
    return rows.round(digits).astype(dict.fromkeys(text_columns(job), object))


measure(fit, sample, None, ("dpmm", "opendp"))
