"""Trained networks as named arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tabgan.gan.blocks import N_FEATURES, Blocks
from tabgan.gan.discriminator import Discriminator
from tabgan.gan.generator import Generator, weight_shapes
from tabgan.gan.rejection import Judge

Arrays = dict[str, NDArray[Any]]


def arrays_of(exact: Generator | None, quick: Generator | None, judge: Judge | None = None) -> Arrays:
    """The weights of all networks by name; a generator that serves as both is told once."""
    networks: dict[str, nn.Module | None] = {"exact": exact, "judge": judge}
    networks |= {} if quick is exact else {"quick": quick}
    return {
        f"{name}.{key}": weight.cpu().numpy()
        for name, network in networks.items()
        if network is not None
        for key, weight in network.state_dict().items()
    }


def generators_of(arrays: Arrays, blocks: Blocks, embedding_dim: int) -> tuple[Generator, Generator]:
    """The generators that `arrays_of` told of, on the device of `blocks`; as wide as their weights are.

    Raises: ValueError when the weights do not fit, before a network of the wrong size is made.
    """
    if other := [key for key in arrays if not key.startswith(("exact.", "quick.", "judge."))]:
        raise ValueError(f"There are weights of no network: {len(other)}.")
    networks = []
    for name in ("exact", "quick"):
        weights = _weights_of(name, arrays)
        if weights or name == "exact":
            network = _generator_of(weights, blocks, embedding_dim)
            networks.append(network.to(blocks.device).eval().requires_grad_(False))
    return networks[0], networks[-1]


def judge_of(arrays: Arrays, blocks: Blocks) -> Judge | None:
    """The judge that `arrays_of` told of, on the device of `blocks`; None where it told of none.

    Raises: ValueError when the weights do not fit, before a network of the wrong size is made.
    """
    weights, inner = _weights_of("judge", arrays), "discriminator"
    if not weights:
        return None
    n_linears = sum(key.startswith(f"{inner}.linears.") and key.endswith(".bias") for key in weights)
    biases = [f"{inner}.bias", *(f"{inner}.linears.{place}.bias" for place in range(n_linears))]
    if not weights.keys() >= set(biases):
        raise ValueError("The weights are not those of a judge.")
    widths = [len(weights[key]) for key in biases]
    _check_shapes(weights, _judge_shapes(blocks, widths))
    with torch.random.fork_rng(devices=[]):
        made = Judge(Discriminator(blocks, discriminator_dim=widths))
    made.load_state_dict(weights)
    return made.to(blocks.device).eval().requires_grad_(False)


def _judge_shapes(blocks: Blocks, widths: Sequence[int]) -> dict[str, tuple[int, ...]]:
    first, last, net = widths[0], widths[-1], "discriminator"
    shapes: dict[str, tuple[int, ...]] = {
        "offsets": (blocks.n_flat,),
        "bound": (),
        f"{net}.bias": (first,),
        f"{net}.rows.identity": (blocks.n_flat, first),
        f"{net}.rows.order": (blocks.n_blocks, N_FEATURES, first),
        f"{net}.rows.hidden": (blocks.n_blocks, first),
        f"{net}.score.weight": (1, last),
        f"{net}.score.bias": (1,),
    }
    for place, (below, above) in enumerate(pairwise(widths)):
        shapes[f"{net}.linears.{place}.weight"] = (above, below)
        shapes[f"{net}.linears.{place}.bias"] = (above,)
    return shapes


def _weights_of(network: str, arrays: Arrays) -> dict[str, torch.Tensor]:
    prefix = f"{network}."
    return {
        key.removeprefix(prefix): torch.from_numpy(np.array(weight))
        for key, weight in arrays.items()
        if key.startswith(prefix)
    }


def _check_shapes(weights: Mapping[str, torch.Tensor], wanted: Mapping[str, tuple[int, ...]]) -> None:
    """Asked before there is a network, however large: one on the meta device would load torch's compiler."""
    is_single = all(weight.dtype == torch.float32 for weight in weights.values())
    if not is_single or {key: tuple(weight.shape) for key, weight in weights.items()} != dict(wanted):
        raise ValueError("The weights are not those of the layout.")


def _generator_of(weights: Mapping[str, torch.Tensor], blocks: Blocks, embedding_dim: int) -> Generator:
    n_layers = sum(key.endswith(".up.bias") for key in weights)
    layers = [f"layers.{place}.up.bias" for place in range(n_layers)]
    if not weights.keys() >= {"noise.weight", *layers}:
        raise ValueError("The weights are not those of a generator.")
    dims = tuple(len(weights[key]) for key in ("noise.weight", *layers))
    final_norm = "norm.bias" in weights
    wanted = weight_shapes(blocks, embedding_dim=embedding_dim, generator_dim=dims, final_norm=final_norm)
    _check_shapes(weights, wanted)
    with torch.random.fork_rng(devices=[]):  # first weights are drawn, only to be replaced
        made = Generator(blocks, embedding_dim=embedding_dim, generator_dim=dims, final_norm=final_norm)
    made.load_state_dict(weights)
    return made
