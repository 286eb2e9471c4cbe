"""Personal columns from fit to sample: never learned, made up alike within a row, every decision told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabgan import Column, Schema, SchemaError, TabGAN, infer_schema
from tabgan.encoding import TableEncoder
from tabgan.personal.check_digits import passes_luhn
from tabgan.personal_columns import decide_by_header, decisions_told
from tabgan.privacy.config import PrivacyConfig
from tests.toy_tables import LIKELIHOOD


def people(n_rows: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    first = rng.choice(["Mary", "John", "Linda", "Robert", "Susan", "Peter"], n_rows)
    last = rng.choice(["Okafor", "Lindqvist", "Castellano", "Yamada", "Oduya", "Petrov"], n_rows)
    return pd.DataFrame(
        {
            "first_name": first,
            "last_name": last,
            "email": [
                f"{a}.{b}{n}@corp.net".lower() for n, (a, b) in enumerate(zip(first, last, strict=True))
            ],
            "card": [f"{4_111_111_111_111_000 + n}"[:15] for n in range(n_rows)],
            "mobile_number": rng.integers(2_000_000_000, 9_999_999_999, n_rows),
            "age": rng.integers(18, 80, n_rows),
            "note": pd.Categorical(rng.choice(["a", "b"], n_rows)),
        }
    ).assign(card=lambda table: [_card(n) for n in range(len(table))])


def _card(number: int) -> str:
    from tabgan.personal.check_digits import luhn_digit

    head = f"41111111{number:07d}"
    return head + luhn_digit(head)


@pytest.mark.parametrize("form", ["phone", "card", "iban", "ip", "url", "national_id"])
def test_columns_of_one_form_differ_in_a_row(form: str) -> None:
    """But for what is one person's: a second name or e-mail is the same again."""
    texts = [f"{n:0{16 if form == 'card' else 9}d}" for n in range(100)]
    table = pd.DataFrame({"one": texts, "two": texts[::-1]})
    schema = Schema(tuple(Column(name, "identifier", personal=form) for name in table))
    encoder = TableEncoder.fit(table, schema=schema)
    made = encoder.decode(np.zeros((300, 0), dtype=np.int16), rng=np.random.default_rng(0))
    assert made["one"].is_unique
    assert made["two"].is_unique
    assert (made["one"] == made["two"]).sum() == 0


def test_personal_columns_are_made_up_alike_and_told_of(tmp_path: Path) -> None:
    table = people()
    model = TabGAN(**LIKELIHOOD).fit(table)
    made = model.sample(500, seed=1)
    assert list(made.columns) == list(table.columns)
    assert (made.dtypes == table.dtypes).all()
    personal = ["first_name", "last_name", "email", "card", "mobile_number"]
    for name in personal:
        assert not set(made[name]) & set(table[name]), name
        assert sum(f"{name!r} holds" in line for line in model.warnings_) == 1
    assert made["card"].map(passes_luhn).all()
    starts = made["first_name"].str.lower() + "." + made["last_name"].str.lower() + "."
    assert all(email.startswith(start) for email, start in zip(made["email"], starts, strict=True))
    model.save(tmp_path / "model.tabgan")
    content = (tmp_path / "model.tabgan").read_bytes()
    assert not any(name.encode() in content for name in ("Lindqvist", "Castellano", "corp.net"))
    assert TabGAN.load(tmp_path / "model.tabgan").sample(500, seed=1).equals(made)


def test_every_decision_can_be_overruled() -> None:
    table = people()
    choices = {"first_name": "learn", "last_name": "drop", "note": "postcode", "card": "uuid"}
    model = TabGAN(**LIKELIHOOD, personal=choices).fit(table)
    made = model.sample(100, seed=1)
    assert list(made.columns) == [name for name in table.columns if name != "last_name"]
    assert set(made["first_name"]) <= set(table["first_name"])
    assert made["card"].str.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").all()
    assert model.schema_["note"].personal == "postcode"
    told = "\n".join(model.warnings_)
    assert "'first_name' is learned, as asked" in told
    assert "'last_name' is dropped, as asked" in told


def test_what_cannot_be_learned_all_the_same_is_not_said_to_be() -> None:
    table = pd.DataFrame({"first_name": [f"Mary {n}" for n in range(200)], "age": list(range(50)) * 4})
    for personal in ({"first_name": "learn"}, {"first_name": "learn", "age": "learn"}):
        model = TabGAN(**LIKELIHOOD, personal=personal).fit(table)
        assert model.schema_["first_name"].kind == "identifier"
        told = "\n".join(model.warnings_)
        assert "'first_name' is not learned, though that was asked: text, different in every row" in told
        assert "'first_name' is learned" not in told
        assert ("'age' is learned, as asked" in told) == ("age" in personal)


def test_a_schema_file_declares_and_overrules(tmp_path: Path) -> None:
    table = people()
    path = tmp_path / "schema.json"
    schema = infer_schema(table)
    schema.save(path)
    assert Schema.load(path)["email"].personal == "email"
    changed = path.read_text().replace('"personal": "email"', '"personal": "url"')
    path.write_text(changed)
    made = TabGAN(path, **LIKELIHOOD).fit(table).sample(20, seed=0)
    assert made["email"].str.startswith("https://www.example.").all()
    declared = {"tabgan_schema": 1, "columns": [{"name": "first_name", "kind": "categorical"}]}
    learned = TabGAN(declared, **LIKELIHOOD).fit(table).sample(20, seed=0)
    assert set(learned["first_name"]) <= set(table["first_name"])


def test_sdv_metadata_declare_forms() -> None:
    types = {"a": "email", "b": "phone_number", "c": "ssn", "d": "id", "e": "first_name"}
    schema = Schema.from_sdv({"columns": {name: {"sdtype": kind} for name, kind in types.items()}})
    assert [column.personal for column in schema] == ["email", "phone", "national_id", None, "first_name"]


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"nobody": "drop"}, "'nobody'"),
        ({"age": "hide"}, "'age'.*learn, drop"),
        (dict.fromkeys(people().columns, "drop"), "Keep at least one"),
    ],
)
def test_what_cannot_be_decided_is_refused(choices: dict[str, str], told: str) -> None:
    with pytest.raises(SchemaError, match=told):
        TabGAN(**LIKELIHOOD, personal=choices).fit(people())


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "a", "kind": "numeric", "personal": "email"},
        {"name": "a", "kind": "identifier", "personal": "hat size"},
        {"name": "a", "kind": "identifier", "personal": "email", "locale": "German"},
    ],
)
def test_a_schema_with_a_wrong_form_is_refused(facts: dict[str, str]) -> None:
    with pytest.raises(SchemaError, match="'a'"):
        Schema.from_dict({"tabgan_schema": 1, "columns": [facts]})


def test_a_locale_has_faker_make_names_up() -> None:
    made = TabGAN(**LIKELIHOOD, locale="ja_JP").fit(people()).sample(20, seed=0)
    assert not made["first_name"].map(str.isascii).any()
    assert made["email"].map(str.isascii).all()


def test_missing_cells_of_personal_columns_stay_missing_now_and_then() -> None:
    table = people(400)
    table["email"] = table["email"].mask(np.arange(400) % 2 == 0)
    made = TabGAN(**LIKELIHOOD).fit(table).sample(400, seed=0)
    assert 0.2 < made["email"].isna().mean() < 0.8


def test_private_mode_looks_at_names_of_columns_alone() -> None:
    """The same schema whatever the cells are, also where they are of another form."""
    table = people()
    other = table.assign(email="none", first_name=7)
    schemas = [decide_by_header(None, rows, {}, None)[0] for rows in (table, other)]
    assert schemas[0] == schemas[1]
    assert {column.name: column.personal for column in schemas[0]} == {
        "first_name": "first_name",
        "last_name": "last_name",
        "email": "email",
        "mobile_number": "phone",
    }
    assert "card" not in schemas[0]  # its name may mean something else
    assert "email" not in decide_by_header(None, table, {"email": "learn"}, None)[0]


def test_a_private_fit_spends_nothing_on_columns_that_are_called_personal() -> None:
    settings = {"generator_dim": (8,), "embedding_dim": 4, "device": "cpu"}
    table = people(1_000)[["email", "last_name", "age"]]
    model = TabGAN(epsilon=3.0, delta=1e-4, privacy=PrivacyConfig(steps=2), **settings).fit(table)
    assert model.ledger_ is not None
    asked = " ".join(entry.what for entry in model.ledger_.entries)
    assert "'age'" in asked
    assert "'email'" not in asked
    declared = Schema((Column("email", "identifier", personal="email"),))
    assert any("e-mail addresses (declared)" in line for line in decisions_told(declared, {}))
    assert "'last_name'" not in asked
    made = model.sample(20, seed=0)
    assert not set(made["last_name"]) & set(table["last_name"])
    assert made["email"].str.contains("@example.").all()
