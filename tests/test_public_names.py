from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tabgan


def test_the_public_names_are_sorted_and_can_be_imported():
    assert sorted(tabgan.__all__) == tabgan.__all__
    for name in tabgan.__all__:
        assert getattr(tabgan, name) is not None
    from tabgan import Schema, TabGAN, evaluate, infer_schema

    assert (TabGAN.__name__, Schema.__name__) == ("TabGAN", "Schema")
    assert callable(infer_schema)
    assert callable(evaluate)


def test_errors_are_of_one_family():
    for name in tabgan.__all__:
        if name.endswith("Error"):
            assert issubclass(getattr(tabgan, name), tabgan.TabganError)


def test_the_public_names_are_listed_before_they_are_loaded():
    assert set(tabgan.__all__) <= set(dir(tabgan))
    assert dir(tabgan) == sorted(dir(tabgan))
    lines = "import sys, tabgan", "assert 'TabGAN' in dir(tabgan)"
    code = "; ".join([*lines, "sys.exit('tabgan.synthesizer' in sys.modules or 'pandas' in sys.modules)"])
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_warning_is_no_error():
    assert issubclass(tabgan.TabganWarning, UserWarning)
    assert not issubclass(tabgan.TabganWarning, tabgan.TabganError)


def test_other_names_are_told_to_be_missing():
    with pytest.raises(AttributeError, match="no attribute 'tabgann'"):
        _ = tabgan.tabgann


def test_torch_is_not_loaded_before_it_is_needed():
    lines = "import tabgan", "from tabgan import evaluate, TabGAN", "TabGAN(epochs=3).get_params()"
    code = "; ".join([*lines, "import sys", "sys.exit('torch' in sys.modules)"])
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_model_draws_without_the_compiler_of_torch():
    """Which takes seconds to load, and is loaded by the first random number on the meta device."""
    path = Path(__file__).parent / "golden" / "open_format1.tabgan"
    code = f"from tabgan import TabGAN; TabGAN.load({str(path)!r}).sample(5)"
    code = f"{code}; import sys; sys.exit('torch._dynamo' in sys.modules or 'torch' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
