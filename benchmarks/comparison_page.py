"""Draw the comparison: tables, three pictures, where we lose and to whom.

python -m benchmarks.comparison_page                                what is published: benchmarks/README.md
python -m benchmarks.comparison_page --results benchmarks/mine      one's own, after `make bench`

It reads compare/ of a folder of results (and, for our own curve over epsilon, private-adult-eps*.json). Of
the published page it writes the pictures and what stands between the two markers; everything else there is
left as it is. The page of other folders, README.md and pictures/ within them, is drawn whole.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.comparison_figures import (
    FIGURES,
    by_method,
    by_table,
    cell,
    made_rows,
    read_results,
    title_of,
)
from benchmarks.comparison_losses import beside, losses
from benchmarks.comparison_pictures import ELSEWHERE, draw_pictures
from benchmarks.measuring import RESULTS
from benchmarks.peers.environments import REQUIREMENTS
from benchmarks.peers.methods import CHECKOUTS, METHODS, Method
from tabgan.evaluation.questions import QUESTIONS

README = Path(__file__).resolve().parent / "README.md"
BEGIN = "<!-- drawn by python -m benchmarks.comparison_page: what stands here is replaced -->"
END = "<!-- end of what is drawn -->"
PEERS = {name: method for name, method in METHODS.items() if method.environment is not None}
PRIVACY = [question.key for question in QUESTIONS if question.group == "privacy"]
OWN_PAGE = """# Everyone side by side, measured here

Drawn by `python -m benchmarks.comparison_page`. All methods learn the same 80 % of the rows, on one thread,
and the rest judges. C2ST: how well boosted trees tell held-out rows from synthetic ones (.5 not at all).
TSTR: their score on held-out rows when they learned from synthetic ones. Quality and SDMetrics: marginals
and pairs, 1 is best. Privacy: the gravest words of our evaluation. ±: the furthest seed from the mean; one
seed has none. More is said in tabgan's benchmarks/README.md.
"""
SHORT = ("C2ST", "TSTR", "quality", "fit, CPU s", "peak GB", "rows / CPU s")
TOLD = ("leak", "overfitting suspected", "weak evidence", "underpowered", "not measured")


def findings_of(runs: list[dict[str, Any]]) -> str:
    """The words about privacy other than `no evidence` in any seed, and the questions they answer."""
    worst: dict[str, set[str]] = defaultdict(set)
    for run in runs:
        for question in PRIVACY:
            worst[run.get("standings", {}).get(question, "not measured")].add(question)
    told = [f"{word}: {', '.join(sorted(worst[word])).replace('_', ' ')}" for word in TOLD if word in worst]
    return "; ".join(told) or "no evidence"


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


def source_of(method: Method) -> str:
    """The package and its version, or the repository and its commit, that speak for a peer."""
    name = str(method.environment)
    if name in CHECKOUTS:
        address, commit = CHECKOUTS[name]
        return f"[{address.partition('.com/')[2]}]({address}) {commit[:8]}"
    pinned = (REQUIREMENTS / f"{name}.txt").read_text(encoding="ascii").splitlines()
    package = next(line for line in pinned if line.lower().startswith(f"{method.package.lower()}=="))
    return package.replace("==", " ")


def peers(states: dict[str, str]) -> list[str]:
    """Who is compared, with version and licence. `states`: by method, what came of its installation."""
    lines = ["### Who is compared", "", "| method | package | licence | |", "|---|---|---|---|"]
    for name, state in states.items():
        method = METHODS[name]
        lines.append(f"| {method.title} | {source_of(method)} | {method.licence} | {state} |")
    return lines if states else []


def published_states() -> dict[str, str]:
    """What came of the installation of every peer where the published results were measured."""
    found = json.loads((RESULTS / "peers.json").read_text(encoding="utf-8"))["environments"]
    return {name: found.get(method.environment, "not tried yet") for name, method in PEERS.items()}


def states_of(results: list[dict[str, Any]]) -> dict[str, str]:
    """The same of the peers that were asked here."""
    failures = {one["method"]: one["failure"] or "" for one in results if one["method"] in PEERS}
    is_missing = {name: failure.startswith("not installed") for name, failure in failures.items()}
    return {name: failures[name] if is_missing[name] else "installed" for name in METHODS if name in failures}


def machine_of(result: dict[str, Any]) -> str:
    """The machine of a run as the page names it; older results do not tell of bfloat16."""
    machine = result["machine"]
    products = {True: ", bfloat16", False: ", no bfloat16", None: ""}[machine.get("bfloat16")]
    cores = f"{machine['cores']} core{'' if machine['cores'] == 1 else 's'}"
    return f"{cores} ({machine['processor']}{products})"


def section(results: list[dict[str, Any]], pictures: dict[str, str], states: dict[str, str]) -> str:
    """All that is drawn but the pictures. `pictures`: titles by file; `states`: see `peers`."""
    dates = sorted({one["measured"] for one in results})
    machines = sorted({machine_of(one) for one in results})
    lines = [f"Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))} on {', '.join(machines)}."]
    if not all(one.get("is_priced", True) for one in results):
        lines.append(f"{ELSEWHERE}: measured on another kind of processor than ours.")
    for name, title in pictures.items():
        lines += ["", f"![{title}](pictures/{name})"]
    for runs in by_table(results).values():
        lines += ["", *table_of(runs)]
    parts = (lines, losses(results), beside(results), peers(states))
    return "\n\n".join("\n".join(part) for part in parts if part)


def with_section(page: str, drawn: str) -> str:
    """The page with what is between the markers replaced. Raises: ValueError without both markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{README.name} must hold the lines {BEGIN!r} and {END!r}.")
    return f"{before}{BEGIN}\n\n{drawn}\n\n{END}{after}"


def shown(results: list[dict[str, Any]]) -> list[Table]:
    """For the terminal: means without their spread, a row a method."""
    figures = [figure for figure in FIGURES if figure.heading in SHORT]
    tables = []
    for name, runs in by_table(results).items():
        table = Table(title=name, title_justify="left")
        table.add_column("method")
        for heading in ("seeds", *(figure.heading for figure in figures)):
            table.add_column(heading, justify="right")
        for key, made in made_rows(runs).items():
            means = [cell(made, figure).partition(" ±")[0] for figure in figures]
            table.add_row(title_of(key), str(len(made)), *means)
        tables.append(table)
    return tables


def draw_page(results: list[dict[str, Any]], folder: Path) -> str:
    """Draw pictures and page of a folder of results; the path of the page from here."""
    own = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("private-adult-eps*"))]
    is_published = folder.resolve() == RESULTS
    page = README if is_published else folder / "README.md"
    pictures = draw_pictures(results, page.parent / "pictures", own)
    if is_published:
        text = with_section(page.read_text(encoding="utf-8"), section(results, pictures, published_states()))
    else:
        text = f"{OWN_PAGE}\n{section(results, pictures, states_of(results))}\n"
    page.write_text(text, encoding="utf-8")
    return os.path.relpath(page)


def main() -> None:
    """Draw the pictures and the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results")
    folder = parser.parse_args().results
    results = read_results(folder)
    if not results:
        raise SystemExit(f"There is no result in {folder}/compare: run python -m benchmarks.compare first.")
    print(f"{len(results)} results drawn into {draw_page(results, folder)}")


if __name__ == "__main__":
    main()
