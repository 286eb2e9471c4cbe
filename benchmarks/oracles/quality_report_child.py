"""SDMetrics' own QualityReport; runs in SDMetrics' environment and knows nothing of tabgan.

quality_report_child.py FOLDER    reads asked.json, real.csv and synthetic.csv, writes found.json
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

from sdmetrics.reports.single_table import QualityReport
from sdmetrics_child import asked_in

SDTYPES = {"numeric": "numerical", "datetime": "datetime"}


def main() -> None:
    folder = Path(sys.argv[1])
    kinds, real, synthetic = asked_in(folder)
    columns = {name: {"sdtype": SDTYPES.get(kind, "categorical")} for name, kind in kinds.items()}
    report = QualityReport()
    report.generate(real, synthetic, {"columns": columns}, verbose=False)
    scores = report.get_properties().set_index("Property")["Score"]
    found = {
        "overall": float(report.get_score()),
        "column_shapes": float(scores["Column Shapes"]),
        "column_pair_trends": float(scores["Column Pair Trends"]),
    }
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
