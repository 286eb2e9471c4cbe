"""Draw the comparison into benchmarks/README.md: tables, three pictures, where we lose and to whom.

python -m benchmarks.comparison_page

It reads results/compare/ (and, for our own curve over epsilon, results/private-adult-eps*.json), writes
pictures/ and what stands between the two markers of README.md. Everything else there is left as it is.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.comparison_figures import FIGURES, by_method, by_table, cell, read_results, title_of
from benchmarks.comparison_losses import beside, losses
from benchmarks.comparison_pictures import ELSEWHERE, draw_pictures
from benchmarks.measuring import RESULTS
from benchmarks.peers.environments import REQUIREMENTS
from benchmarks.peers.methods import ABSENT, METHODS
from tabgan.evaluation.questions import QUESTIONS

README = Path(__file__).resolve().parent / "README.md"
BEGIN = "<!-- drawn by python -m benchmarks.comparison_page: what stands here is replaced -->"
END = "<!-- end of what is drawn -->"
PRIVACY = [question.key for question in QUESTIONS if question.group == "privacy"]
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
    return "\n".join([*lines, *losses(results), "", *beside(results), "", *peers()])


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
