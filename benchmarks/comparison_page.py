"""Draw the comparison into benchmarks/README.md: tables, three pictures, where we lose and to whom.

python -m benchmarks.comparison_page

It reads results/compare/ (and, for our own curve over epsilon, results/private-adult-eps*.json), writes
pictures/ and what stands between the two markers of README.md. Everything else there is left as it is.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.comparison_pictures import ELSEWHERE, OURS, draw_pictures
from benchmarks.datasets import SOURCES
from benchmarks.measuring import RESULTS
from benchmarks.peers.environments import REQUIREMENTS
from benchmarks.peers.methods import ABSENT, METHODS
from tabgan.evaluation.questions import QUESTIONS

README = Path(__file__).resolve().parent / "README.md"
BEGIN = "<!-- drawn by python -m benchmarks.comparison_page: what stands here is replaced -->"
END = "<!-- end of what is drawn -->"
PRIVACY = [question.key for question in QUESTIONS if question.group == "privacy"]
NOBODY = "to nobody in the rows, and in costs to nobody as faithful"
AS_FAITHFUL = 0.02  # of C2ST
TOLD = ("leak", "overfitting suspected", "weak evidence", "underpowered", "not measured")
Key = tuple[str, float | None]


@dataclass(frozen=True)
class Figure:
    """A column of the tables: its heading, where it lies in a result, how it is written, what is better."""

    heading: str
    path: tuple[str, ...]
    digits: int
    factor: float = 1.0
    better: str | None = None  # "low" or "high"

    @property
    def is_cost(self) -> bool:
        """Whether it is about time or memory, not about the rows."""
        return self.path[0] == "costs"

    def read(self, result: dict[str, Any]) -> float | None:
        """The figure of one run; None where it was not measured."""
        found: Any = result
        for name in self.path:
            found = (found or {}).get(name)
        return None if found is None else found * self.factor


FIGURES = (
    Figure("C2ST", ("metrics", "c2st_auc", "value"), 3, better="low"),
    Figure("TSTR", ("metrics", "tstr_auc", "value"), 3, better="high"),
    Figure("quality", ("metrics", "quality", "value"), 3),
    Figure("SDMetrics", ("sdmetrics", "overall"), 3, better="high"),
    Figure("fit, CPU s", ("costs", "fit_cpu_seconds"), 0, better="low"),
    Figure("wall s", ("costs", "fit_wall_seconds"), 0),
    Figure("peak GB", ("costs", "peak_bytes"), 2, 1e-9, "low"),
    Figure("rows / CPU s", ("costs", "rows_per_cpu_second"), 0, better="high"),
    Figure("model MB", ("costs", "model_bytes"), 2, 1e-6),
)


def read_results(folder: Path = RESULTS) -> list[dict[str, Any]]:
    """Every run, in the order of tables, methods, epsilon and seeds."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in (folder / "compare").glob("*.json")]
    mark_prices(found)
    places = {name: place for place, name in enumerate((*SOURCES, *METHODS))}
    return sorted(
        found,
        key=lambda one: (
            places.get(one["table"], -1),
            one["table"],
            places.get(one["method"], -1),
            one["epsilon"] or 0.0,
            one["seed"],
        ),
    )


def mark_prices(results: list[dict[str, Any]]) -> None:
    """Say of which runs time and memory compare, in place: those of one kind of processor a table.

    Without products in bfloat16 ours take twice as long and most of the others' do not. A table's costs
    are those on the kind that ours ran on; with bfloat16 where they ran on both.
    """
    for runs in by_table(results).values():
        is_fast = [run["machine"].get("bfloat16") is not False for run in runs]
        ours = [fast for run, fast in zip(runs, is_fast, strict=True) if run["method"] == OURS]
        for run, fast in zip(runs, is_fast, strict=True):
            run["is_priced"] = fast == any(ours or is_fast)


def by_method(results: list[dict[str, Any]]) -> dict[Key, list[dict[str, Any]]]:
    """The runs of one table, those that differ by their seed together."""
    groups: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for one in results:
        groups[one["method"], one["epsilon"]].append(one)
    return groups


def measured(runs: list[dict[str, Any]], figure: Figure, *, is_priced: bool = True) -> list[float]:
    """The figure of every run that has it; of a cost, of those on our kind of processor, or of the others."""
    fit = [run for run in runs if not figure.is_cost or run.get("is_priced", True) == is_priced]
    return [value for value in map(figure.read, fit) if value is not None]


def average(runs: list[dict[str, Any]], figure: Figure) -> tuple[float, float] | None:
    """Mean over the seeds, and the furthest seed from it; None where nothing was measured."""
    values, _ = _best_measured(runs, figure)
    return (mean(values), max(abs(value - mean(values)) for value in values)) if values else None


def _best_measured(runs: list[dict[str, Any]], figure: Figure) -> tuple[list[float], str]:
    """The figure on our kind of processor, where there it was measured, else on another, which is marked."""
    values = measured(runs, figure)
    return (
        (values, "") if values or not figure.is_cost else (measured(runs, figure, is_priced=False), ELSEWHERE)
    )


def title_of(key: Key) -> str:
    method, epsilon = key
    title = METHODS[method].title if method in METHODS else method
    return title if epsilon is None else f"{title}, ε = {epsilon:g}"


def findings_of(runs: list[dict[str, Any]]) -> str:
    """The words about privacy other than `no evidence` in any seed, and the questions they answer."""
    worst: dict[str, set[str]] = defaultdict(set)
    for run in runs:
        for question in PRIVACY:
            worst[run.get("standings", {}).get(question, "not measured")].add(question)
    told = [f"{word}: {', '.join(sorted(worst[word])).replace('_', ' ')}" for word in TOLD if word in worst]
    return "; ".join(told) or "no evidence"


def cell(runs: list[dict[str, Any]], figure: Figure) -> str:
    found, (values, mark) = average(runs, figure), _best_measured(runs, figure)
    if found is None:
        return "–"
    texts = [f"{value:,.{figure.digits}f}" for value in found[: 2 if len(values) > 1 else 1]]
    return " ± ".join(text.removeprefix("0") if figure.digits == 3 else text for text in texts) + mark


def table_of(results: list[dict[str, Any]]) -> list[str]:
    """One table of the page: a row a method."""
    first = results[0]
    rows, score = first["rows"], first["score"]
    real = next(
        (r["metrics"]["tstr_auc"].get("real") for r in results if "tstr_auc" in r.get("metrics", {})), None
    )
    is_ceiling = "" if real is None else f" Real rows get {real:.3f}."
    aim = f"; the target is `{first['target']}` ({score.replace('R2', 'R²')}).{is_ceiling}" if score else "."
    headings = ["method", "seeds", *(figure.heading for figure in FIGURES), "privacy"]
    lines = [
        f"### {first['table'].replace('_', ' ')}",
        "",
        f"{max(r['rows']['train'] for r in results):,} rows learned, {rows['holdout']:,} held out, "
        f"{first['columns']} columns{aim}",
        "",
        f"| {' | '.join(headings)} |",
        f"|{'---|' * len(headings)}",
    ]
    for key, runs in by_method(results).items():
        made = [run for run in runs if not run["failure"]]
        if not made:
            lines.append(f"| {title_of(key)} | {len(runs)} | {runs[0]['failure']} |{' |' * len(FIGURES)}")
            continue
        cells = [title_of(key), str(len(made)), *(cell(made, figure) for figure in FIGURES)]
        lines.append(f"| {' | '.join(cells)} | {findings_of(made)} |")
    return lines


@dataclass(frozen=True)
class Loss:
    """A figure in which a peer is ahead of us, as both are written."""

    figure: Figure
    peer: Key
    theirs: str
    own: str

    def __str__(self) -> str:
        return f"{self.figure.heading}: {self.theirs} for {title_of(self.peer)}, {self.own} for us"


def losses_of(groups: dict[Key, list[dict[str, Any]]], ours: Key) -> list[Loss]:
    """Every figure in which a peer of the same kind is ahead of us. `groups`: runs that made rows."""
    peers = [
        key for key in groups if key[0] in METHODS and METHODS[key[0]].kind == "peer" and key[1] == ours[1]
    ]
    told = []
    for figure in FIGURES:
        own = average(groups[ours], figure)
        if figure.better is None or own is None:
            continue
        for peer in peers:
            other = average(groups[peer], figure)
            if other is not None and (other[0] < own[0] if figure.better == "low" else other[0] > own[0]):
                told.append(Loss(figure, peer, cell(groups[peer], figure), cell(groups[ours], figure)))
    return told


def made_rows(results: list[dict[str, Any]]) -> dict[Key, list[dict[str, Any]]]:
    """Runs that did not fail, by method."""
    return by_method([run for run in results if not run["failure"]])


def losses(results: list[dict[str, Any]]) -> list[str]:
    """Where we lose, table by table: in the rows, in costs to the as faithful, in costs to others."""
    lines = ["### Where we lose", ""]
    for table, runs in by_table(results).items():
        groups = made_rows(runs)
        for key in (key for key in groups if key[0] in ("tabgan", "tabgan_private")):
            told = losses_of(groups, key)
            worse = {peer for peer in groups if not _is_as_faithful(groups, peer, key)}
            against = [str(loss) for loss in told if not loss.figure.is_cost or loss.peer not in worse]
            lines.append(f"- **{table.replace('_', ' ')}**, {title_of(key)}: {'; '.join(against) or NOBODY}.")
            if cheap := _cheap_at_a_price(
                groups, [one for one in told if one.figure.is_cost and one.peer in worse]
            ):
                lines.append(f"  Less faithful, and ahead in costs: {cheap}.")
    return lines


def _is_as_faithful(groups: dict[Key, list[dict[str, Any]]], peer: Key, ours: Key) -> bool:
    """Whether the classifier test tells a peer's rows hardly better than ours; so where nobody knows."""
    theirs, own = (average(groups[key], FIGURES[0]) for key in (peer, ours))
    return theirs is None or own is None or theirs[0] <= own[0] + AS_FAITHFUL


def _cheap_at_a_price(groups: dict[Key, list[dict[str, Any]]], told: list[Loss]) -> str:
    """Each method with its C2ST and what it does with less."""
    by_peer: dict[Key, list[str]] = defaultdict(list)
    for loss in told:
        by_peer[loss.peer].append(f"{loss.figure.heading} {loss.theirs}")
    return "; ".join(
        f"{title_of(peer)} (C2ST {cell(groups[peer], FIGURES[0])}: {', '.join(texts)})"
        for peer, texts in by_peer.items()
    )


def by_table(results: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in results:
        tables[one["table"]].append(one)
    return tables


def peers() -> list[str]:
    """Who is compared, with version and licence, and who cannot be."""
    path = RESULTS / "peers.json"
    states = json.loads(path.read_text(encoding="utf-8"))["environments"] if path.exists() else {}
    lines = ["### Who is compared", "", "| method | package | licence | |", "|---|---|---|---|"]
    for method in METHODS.values():
        if method.kind == "peer" and method.environment is not None:
            pinned = (REQUIREMENTS / f"{method.environment}.txt").read_text(encoding="ascii").splitlines()
            package = next(line for line in pinned if line.lower().startswith(f"{method.package.lower()}=="))
            state = states.get(method.environment, "not tried yet")
            lines.append(f"| {method.title} | {package.replace('==', ' ')} | {method.licence} | {state} |")
    return [*lines, "", *(f"- {name}, not measured: {reason}." for name, reason in ABSENT.items())]


def machine_of(result: dict[str, Any]) -> str:
    """The machine of a run as the page names it; older results do not tell of bfloat16."""
    machine = result["machine"]
    products = {True: ", bfloat16", False: ", no bfloat16", None: ""}[machine.get("bfloat16")]
    cores = f"{machine['cores']} core{'' if machine['cores'] == 1 else 's'}"
    return f"{cores} ({machine['processor']}{products})"


def section(results: list[dict[str, Any]]) -> str:
    """Everything between the markers."""
    dates = sorted({one["measured"] for one in results})
    machines = sorted({machine_of(one) for one in results})
    lines = [
        f"Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))} on {', '.join(machines)}.",
        f"{ELSEWHERE}: measured on another kind of processor than ours.",
        "",
    ]
    for name, text in (
        ("quality_time", "C2ST against the CPU time of the fit, Adult"),
        ("quality_epsilon", "TSTR against epsilon, Adult"),
        ("speed", "Rows drawn in a CPU second and how well they are told, Adult"),
    ):
        lines += [f"![{text}](pictures/{name}.png)", ""]
    for runs in by_table(results).values():
        lines += [*table_of(runs), ""]
    return "\n".join([*lines, *losses(results), "", *peers()])


def with_section(page: str, drawn: str) -> str:
    """The page with what is between the markers replaced. Raises: ValueError without both markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{README.name} must hold the lines {BEGIN!r} and {END!r}.")
    return f"{before}{BEGIN}\n\n{drawn}\n\n{END}{after}"


def main() -> None:
    """Draw the pictures and the page."""
    results = read_results()
    if not results:
        raise SystemExit("There is no result in results/compare/: run python -m benchmarks.compare first.")
    draw_pictures(results)
    README.write_text(with_section(README.read_text(encoding="utf-8"), section(results)), encoding="utf-8")
    print(f"{len(results)} results drawn into {README.name}")


if __name__ == "__main__":
    main()
