"""The commands from end to end, with real models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tabgan_cli.table_file import read_table

from tabgan import Schema, TabGAN
from tabgan.model_file import read_model
from tests.cli.calling import Call


def ok(call: Call, *arguments: object) -> str:
    told = call(*arguments)
    assert told.code == 0, told.err
    return told.out


def refused(call: Call, code: int, *arguments: object) -> str:
    told = call(*arguments)
    assert told.code == code, told.err
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    return told.err


def test_fit_and_sample_from_a_table_to_a_table(call: Call, census_csv: Path, census: pd.DataFrame) -> None:
    model, output = census_csv.with_name("m.tabgan"), census_csv.with_name("out.parquet")
    ok(call, "fit", census_csv, "-m", model, "--target", "income", "--max-seconds", "1", "--seed", "3")
    told = call("sample", model, "-n", "50", "-o", output)
    assert (told.code, told.out) == (0, "")
    assert "Wrote 50 rows" in told.err
    rows = read_table(output).rows
    assert (list(rows), len(rows)) == (list(census), 50)
    assert rows.dtypes.equals(census.dtypes)
    parameters = read_model(model).manifest["parameters"]
    assert (parameters["target"], parameters["random_state"]) == ("income", 3)


def test_the_same_seed_gives_the_same_rows(call: Call, census_model: Path, tmp_path: Path) -> None:
    for name, seed in (("a.csv", 1), ("b.csv", 1), ("c.csv", 2)):
        ok(call, "sample", census_model, "-n", "100", "-o", tmp_path / name, "--seed", seed, "-q")
    texts = [(tmp_path / name).read_text() for name in ("a.csv", "b.csv", "c.csv")]
    assert texts[0] == texts[1] != texts[2]
    assert len(texts[0].splitlines()) == 101


def test_the_command_line_gives_the_rows_of_the_library(
    call: Call, census_model: Path, tmp_path: Path
) -> None:
    ok(
        call,
        "sample",
        census_model,
        "-n",
        "200",
        "-o",
        tmp_path / "a.csv",
        "--seed",
        "5",
        "--where",
        "age=30:40",
    )
    expected = TabGAN.load(census_model).sample(200, conditions={"age": (30, 40)}, seed=5)
    pd.testing.assert_frame_equal(read_table(tmp_path / "a.csv").rows, expected, check_dtype=False)


def test_synthetic_tables_are_written_in_the_style_of_the_real_one(
    call: Call, shop_model: Path, shop_csv: Path, tmp_path: Path
) -> None:
    ok(call, "sample", shop_model, "-n", "300", "-o", tmp_path / "a.csv")
    real = pd.read_csv(shop_csv, dtype=str, keep_default_na=False)
    made = pd.read_csv(tmp_path / "a.csv", dtype=str, keep_default_na=False)
    assert list(made) == list(real)
    assert set(made["zip"]) <= set(real["zip"])
    assert set(made["gift"]) == {"true", "false"}
    assert set(made["note"]) <= set(real["note"])
    assert made["day"].str.fullmatch(r"2024-\d\d-\d\d").all()
    assert made["sold at"].str.fullmatch(r"2024-\d\d-\d\dT\d\d:\d\dZ").all()
    assert made["items"].str.fullmatch(r"\d?").all()
    assert (made["items"] == "").any()
    assert made["price"].str.fullmatch(r"\d+\.\d\d").all()


def test_every_row_keeps_every_condition(call: Call, shop_model: Path, tmp_path: Path) -> None:
    wheres = ["items=2:4", "day=2024-02-01..2024-03-31", "gift=true", "zip=00123", "zip=80331", "note=NA"]
    options = [option for where in wheres for option in ("--where", where)]
    ok(call, "sample", shop_model, "-n", "200", "-o", tmp_path / "a.csv", *options)
    rows = read_table(tmp_path / "a.csv").rows
    assert rows["items"].between(2, 4).all()
    assert rows["day"].between("2024-02-01", "2024-03-31").all()
    assert rows["gift"].all()
    assert set(rows["zip"]) <= {"00123", "80331"}
    assert set(rows["note"]) == {"NA"}


def test_a_day_is_all_of_its_hours(call: Call, shop_model: Path, tmp_path: Path) -> None:
    real = "sold at=2024-02-05:2024-02-09"
    ok(call, "sample", shop_model, "-n", "200", "-o", tmp_path / "a.csv", "--where", real)
    sold = read_table(tmp_path / "a.csv").rows["sold at"]
    assert sold.dt.strftime("%Y-%m-%d").between("2024-02-05", "2024-02-09").all()
    assert (sold.dt.hour > 0).all()


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("items=900", "items"),
        ("zip=99999", "'zip': the condition names an unknown value"),
        ("size=3", "there is no column 'size'"),
        ("items=2", None),
    ],
)
def test_conditions_are_checked_before_anything_is_written(
    call: Call, shop_model: Path, tmp_path: Path, where: str, told: str | None
) -> None:
    arguments = ("sample", shop_model, "-n", "5", "-o", tmp_path / "a.csv", "--where", where)
    if told is None:  # control
        ok(call, *arguments)
        return
    assert told in refused(call, 2, *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
def test_no_rows_make_an_empty_table(call: Call, shop_model: Path, tmp_path: Path, name: str) -> None:
    ok(call, "sample", shop_model, "-n", "0", "-o", tmp_path / name)
    rows = read_table(tmp_path / name).rows
    assert (len(rows), rows.shape[1]) == (0, 7)


def test_complete_fills_what_is_empty_and_keeps_the_rest(
    call: Call, shop_model: Path, shop_csv: Path, tmp_path: Path
) -> None:
    real = pd.read_csv(shop_csv, dtype=str, keep_default_na=False).head(40)
    given = real.copy()
    is_hidden = np.random.default_rng(0).random(given.shape) < 0.5
    given[is_hidden] = ""
    given["price"] = ""
    columns = ["price", "note", "zip", "day", "items", "sold at"]  # another order, and gift is lacking
    given[columns].to_csv(tmp_path / "rows.csv", index=False)
    ok(call, "complete", shop_model, tmp_path / "rows.csv", "-o", tmp_path / "done.csv", "--seed", "1")
    done = pd.read_csv(tmp_path / "done.csv", dtype=str, keep_default_na=False)
    assert list(done) == [*columns, "gift"]
    assert (done != "").all(axis=None)
    for name in columns:
        is_given = given[name] != ""
        assert (done[name][is_given] == given[name][is_given]).all()
    assert done["price"].str.fullmatch(r"\d+\.\d\d").all()
    assert done["sold at"].str.fullmatch(r"2024-\d\d-\d\dT\d\d:\d\dZ").all()
    assert set(done["gift"]) <= {"true", "false"}


def test_complete_refuses_columns_the_model_does_not_know(
    call: Call, census_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("age,shoe size\n30,\n,42\n")
    told = refused(call, 3, "complete", census_model, tmp_path / "rows.csv", "-o", tmp_path / "a.csv")
    assert "shoe size" in told
    assert not (tmp_path / "a.csv").exists()


def test_complete_names_the_column_whose_cells_do_not_fit(
    call: Call, census_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("age,sex\nsecret,Male\n30,\n")
    told = refused(call, 3, "complete", census_model, tmp_path / "rows.csv", "-o", tmp_path / "a.csv")
    assert "Column 'age': 1 of 2 rows are not numbers" in told


def test_complete_tells_of_values_that_were_not_learned_in_a_line(
    call: Call, census_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("age,sex\n30,Neither\n30,Male\n")
    found = call("complete", census_model, tmp_path / "rows.csv", "-o", tmp_path / "a.csv")
    (warning,) = [line for line in found.err.splitlines() if line.startswith("Warning")]
    assert "Column 'sex': 1 of 2 rows hold a value that was not learned" in warning
    assert "Neither" not in found.err
    assert pd.read_csv(tmp_path / "a.csv")["sex"].tolist() == ["Neither", "Male"]


def test_schema_shows_and_writes_what_fit_takes(call: Call, shop_csv: Path, tmp_path: Path) -> None:
    output = tmp_path / "s.json"
    told = ok(call, "schema", shop_csv, "-o", output)
    lines = {line.split()[0]: line for line in told.splitlines() if line}
    assert "categorical" in lines["zip"]
    assert "datetime" in lines["day"]
    assert "boolean" in lines["gift"]
    schema = Schema.load(output)
    assert schema["items"].kind == "numeric"
    facts = json.loads(output.read_text())
    for column in facts["columns"]:
        if column["name"] == "items":
            column["kind"] = "categorical"
            del column["decimals"]
    output.write_text(json.dumps(facts))
    model = tmp_path / "m.tabgan"
    ok(call, "fit", shop_csv, "-m", model, "--schema", output, "--max-seconds", "1", "-q")
    assert TabGAN.load(model).schema_["items"].kind == "categorical"


def test_inspect_tells_what_the_file_holds(call: Call, census_model: Path) -> None:
    told = ok(call, "inspect", census_model)
    manifest = read_model(census_model).manifest
    for text in (
        f"tabgan {manifest['tabgan_version']}",
        f"{census_model.stat().st_size:,} bytes",
        "about 400",
        "No formal guarantee",
        "education  categorical",
        "likelihood",
        *manifest["sha256"].values(),
    ):
        assert text in told


def test_run_writes_table_model_and_report_and_prints_a_summary(call: Call, census_csv: Path) -> None:
    names = ("synthetic.csv", "m.tabgan", "r.html")
    output, model, report = (census_csv.with_name(name) for name in names)
    options = [
        "--rows",
        "150",
        "--max-seconds",
        "1",
        "--target",
        "income",
        "--seed",
        "1",
        "--time-budget",
        "2",
    ]
    told = ok(call, "run", census_csv, "-o", output, "--model", model, "--report", report, *options)
    for question in ("told from real ones?", "go together", "singled out?", "training rows repeated?"):
        assert question in told
    assert len(read_table(output).rows) == 150
    assert read_model(model).manifest["rows"] == 320
    assert report.read_text().startswith("<!doctype html>") or "<html" in report.read_text()[:200].lower()
    expected = TabGAN.load(model).sample(150, seed=1)
    pd.testing.assert_frame_equal(read_table(output).rows, expected, check_dtype=False)


@pytest.mark.parametrize(
    "command",
    [
        "run {t} -o {o}",
        "fit {t} -m {o}",
        "sample {m} -n 1 -o {o}",
        "complete {m} {t} -o {o}",
        "schema {t} -o {o}",
    ],
)
def test_nothing_is_overwritten_unless_forced_and_nothing_is_done_before(
    call: Call, census_model: Path, tmp_path: Path, command: str
) -> None:
    output = tmp_path / ("out.tabgan" if command.startswith("fit") else "out.csv")
    table = tmp_path / "t.csv"
    output.write_text("precious")
    # A table that cannot be read: the refusal comes first.
    table.write_text("a,a\n1\n")
    arguments = command.format(t=table, m=census_model, o=output).split()
    assert "--force" in refused(call, 5, *arguments)
    assert output.read_text() == "precious"
    if "sample" in command:
        ok(call, *arguments, "--force")
        assert output.read_text() != "precious"


@pytest.mark.parametrize(
    ("text", "options", "code", "told"),
    [
        ("a,b\n1,2\n3\n", [], 3, "line 3 has 1 cell, but the header names 2 columns"),
        ("a,a\n1,2\n", [], 3, "'a' (2 times)"),
        ("a,b\n", [], 3, "no rows"),
        ("", [], 3, "empty"),
        ("a,b\n1,2\n", ["--sep", ",,"], 2, "--sep"),
        ("a,b\n1,2\n", ["--encoding", "klingon"], 2, "klingon"),
        ("a,b\n1,2\n", ["--encoding", "hex"], 2, "hex"),
        ("a,b\n1,2\n", ["--decimal", "!"], 2, "--decimal"),
        ("a,b\n1,2\n", ["--max-seconds", "0"], 2, "--max-seconds"),
        ("a,b\n1,2\n", ["--target", "c"], 3, "'c'"),
        ("a,b\n1,2\n", ["--schema", "missing.json"], 5, "no such file"),
    ],
)
def test_bad_tables_and_options_are_one_line(
    call: Call, tmp_path: Path, text: str, options: list[str], code: int, told: str
) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert told in refused(call, code, "fit", tmp_path / "t.csv", "-m", tmp_path / "m", "-q", *options)
    assert not (tmp_path / "m").exists()


def test_a_schema_that_is_no_schema_is_one_line(call: Call, census_csv: Path, tmp_path: Path) -> None:
    for data in (b"{", b"[]", b"{}", b"\xff\xfe", b'{"tabgan_schema": 1, "columns": [{"name": "x"}]}'):
        (tmp_path / "s.json").write_bytes(data)
        refused(call, 3, "fit", census_csv, "-m", tmp_path / "m", "--schema", tmp_path / "s.json")


def test_a_damaged_model_is_one_line(call: Call, census_model: Path, tmp_path: Path) -> None:
    data = census_model.read_bytes()
    bad = tmp_path / "bad.tabgan"
    for content in (b"", data[:1000], data[:-1], data.replace(b"manifest", b"manifesT", 1)):
        bad.write_bytes(content)
        for arguments in (["inspect", bad], ["sample", bad, "-n", "1", "-o", tmp_path / "a.csv"]):
            assert "not a usable model file" in refused(call, 5, *arguments)


def test_run_needs_rows_to_hold_out(call: Call, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n" + "1\n" * 9)
    assert "fewer than 10 rows" in refused(call, 3, "run", tmp_path / "t.csv", "-o", tmp_path / "o.csv", "-q")


def test_debug_shows_where_an_error_came_from(call: Call, tmp_path: Path) -> None:
    told = call("inspect", tmp_path / "missing", "--debug")
    assert told.code == 5
    assert "Traceback" in told.err
    assert told.err.splitlines()[-1].endswith("there is no such file.")


def test_rules_are_proposed_declared_and_kept(call: Call, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    net, vat = rng.integers(1, 9_000, 200), rng.integers(1, 900, 200)
    table = pd.DataFrame({"net": net / 100, "vat": vat / 100, "gross": (net + vat) / 100})
    table.to_csv(tmp_path / "real.csv", index=False)
    schema, model, made = (tmp_path / name for name in ("schema.json", "m.tabgan", "made.csv"))
    told = ok(call, "schema", tmp_path / "real.csv", "--find-rules", "-o", schema)
    assert "Sum('net' + 'vat' = 'gross')" in told
    (tmp_path / "one.csv").write_text("a\n" + "1\n2\n" * 30)
    found = call("schema", tmp_path / "one.csv", "--find-rules")
    assert "No rules between columns were found." in found.err
    assert "rows that could break it" not in found.out
    table.loc[0, "gross"] += 1
    table.to_csv(tmp_path / "real.csv", index=False)
    fit = ("fit", tmp_path / "real.csv", "-m", model, "--schema", schema, "--epochs", 2, "--quiet")
    assert "1 of 200 rows break it" in refused(call, 3, *fit)
    ok(call, *fit, "--drop-broken-rows")
    ok(call, "sample", model, "-n", 50, "-o", made, "--where", "gross=20:40", "--quiet")
    rows = pd.read_csv(made)
    assert ((rows["net"] + rows["vat"]).round(2) == rows["gross"]).all()
    assert rows["gross"].between(20, 40).all()
