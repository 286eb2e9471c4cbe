"""Who is compared: every method with the environment and the runner that make its rows.

One configuration for all tables, each method's own defaults. `epsilon` is asked of private methods only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["ours", "peer", "reference"]


@dataclass(frozen=True)
class Method:
    """One way to make synthetic rows.

    `environment` names a file in requirements/, None is the Python of this project; its
    `package` is the one that speaks for the method. `quick` are options
    of a short run that only shows that it works. `half`: it gets half of the training rows, and is judged
    as if the other half had been learned.
    """

    title: str
    runner: str
    kind: Kind = "peer"
    environment: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    quick: dict[str, Any] = field(default_factory=dict)
    licence: str = ""
    is_private: bool = False
    half: bool = False

    @property
    def package(self) -> str:
        """The package on the index; empty where there is none."""
        return PACKAGES.get(self.environment or "", "")


PACKAGES = {
    "mostlyai": "mostlyai-engine",
    "sdv": "sdv",
    "ctgan": "ctgan",
    "arfpy": "arfpy",
    "forestdiffusion": "ForestDiffusion",
    "synthcity": "synthcity",
    "tabgan_pypi": "tabgan",
    "smartnoise": "smartnoise-synth",
    "dpmm": "dpmm",
}
# Peers without a package: the repository, and the commit of it, that whoever wants them puts on the disk.
# TabDiff is MinkaiXu/TabDiff; this is a copy of it, at the commit that was read.
CHECKOUTS = {
    "tabsyn": ("https://github.com/amazon-science/tabsyn", "cb5ac0f74ec36ee88e7a974a393dfbef50d42da7"),
    "tabdiff": ("https://github.com/weixiang-zhang/TabDiff", "03bdfd0fe06b43fd45951b97fe988d17d0b842c1"),
}
OURS, CTGAN, SMARTNOISE = "Apache-2.0", "Business Source 1.1", "MIT"

METHODS: dict[str, Method] = {
    "tabgan": Method("tabgan (this project)", "run_tabgan", "ours", quick={"epochs": 1}, licence=OURS),
    "tabgan_1round": Method(
        *("tabgan, 1 round", "run_tabgan", "ours", None, {"rounds": 1}, {"rounds": 1, "epochs": 1}, OURS)
    ),
    "tabgan_1round_alone": Method(
        "tabgan, 1 round, no adversary",
        "run_tabgan",
        "ours",
        None,
        {"rounds": 1, "recipe": "likelihood"},
        {"rounds": 1, "recipe": "likelihood", "epochs": 1},
        OURS,
    ),
    "tabgan_rejection": Method(
        "tabgan, rejection",
        "run_tabgan",
        "ours",
        None,
        {"rejection": True},
        {"rejection": True, "epochs": 1},
        OURS,
    ),
    "tabgan_1round_rejection": Method(
        "tabgan, 1 round, rejection",
        "run_tabgan",
        "ours",
        None,
        {"rounds": 1, "rejection": True},
        {"rounds": 1, "rejection": True, "epochs": 1},
        OURS,
    ),
    "tabgan_1round_alone_rejection": Method(
        "tabgan, 1 round, no adversary, rejection",
        "run_tabgan",
        "ours",
        None,
        {"rounds": 1, "recipe": "likelihood", "rejection": True},
        {"rounds": 1, "recipe": "likelihood", "rejection": True, "epochs": 1},
        OURS,
    ),
    "tabgan_private": Method(
        "tabgan, private",
        "run_tabgan",
        "ours",
        licence=OURS,
        is_private=True,
    ),
    "independent": Method(
        "independent columns (floor)", "run_reference", "reference", options={"what": "independent"}
    ),
    "copy": Method("copy (privacy floor)", "run_reference", "reference", options={"what": "copy"}),
    "half": Method("real half (ceiling)", "run_reference", "reference", options={"what": "copy"}, half=True),
    "tabularargn": Method(
        "TabularARGN", "run_mostlyai", environment="mostlyai", quick={"max_epochs": 1}, licence=OURS
    ),
    "gaussian_copula": Method("GaussianCopula", "run_sdv", environment="sdv", licence="Business Source 1.1"),
    "tvae": Method("TVAE", "run_ctgan", "peer", "ctgan", {"model": "tvae"}, {"epochs": 1}, CTGAN),
    "ctgan": Method("CTGAN", "run_ctgan", "peer", "ctgan", {"model": "ctgan"}, {"epochs": 1}, CTGAN),
    "arf": Method("ARF (arfpy)", "run_arfpy", environment="arfpy", quick={"num_trees": 5}, licence="MIT"),
    "forest_diffusion": Method(
        *("ForestDiffusion", "run_forest", "peer", "forestdiffusion", {}, {"n_t": 3, "duplicate_K": 2}, "MIT")
    ),
    "tabddpm": Method(
        "TabDDPM", "run_synthcity", environment="synthcity", quick={"n_iter": 2}, licence="Apache-2.0"
    ),
    "tabsyn": Method(
        "TabSyn",
        "run_tabsyn",
        environment="tabsyn",
        quick={"vae_epochs": 2, "diffusion_epochs": 2},
        licence="Apache-2.0",
    ),
    "tabdiff": Method("TabDiff", "run_tabdiff", environment="tabdiff", quick={"steps": 2}, licence="MIT"),
    "tabgan_pypi": Method(
        "tabgan 3.2.0 (PyPI, another project)",
        "run_tabgan_pypi",
        environment="tabgan_pypi",
        quick={"epochs": 1},
        licence="Apache-2.0",
    ),
    "tabularargn_private": Method(
        "TabularARGN, private",
        "run_mostlyai",
        environment="mostlyai",
        quick={"max_epochs": 1},
        licence=OURS,
        is_private=True,
    ),
    **{
        name: Method(
            *(title, "run_smartnoise", "peer", "smartnoise", {"model": name}, quick, SMARTNOISE, True)
        )
        for name, title, quick in (
            ("mst", "MST (smartnoise)", {}),
            ("aim", "AIM (smartnoise)", {"rounds": 3}),
            ("dpctgan", "DP-CTGAN", {"epochs": 1}),
            ("patectgan", "PATE-CTGAN", {}),
        )
    },
    **{
        f"{name}_dpmm": Method(
            *(f"{title} (dpmm)", "run_dpmm", "peer", "dpmm", {"model": name} | options),
            *({"gen_kwargs": {"n_iters": 10}}, OURS, True),
        )
        for name, title, options in (
            ("mst", "MST", {}),
            ("aim", "AIM", {"max_model_size": 80}),  # megabytes, as its paper has it
            ("privbayes", "PrivBayes", {}),
        )
    },
}
