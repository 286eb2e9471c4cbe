"""Large matrix products in bfloat16, where the processor multiplies it faster than 32 bits.

Weights, the sum of a row's vectors, normalisation, losses and the optimizer stay in 32 bits.
Source: Kalamkar et al. 2019, A Study of BFLOAT16 for Deep Learning Training.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

import torch

FAST_ON_PROCESSOR = ("avx512_bf16", "amx_bf16")


def half_products(device: torch.device) -> AbstractContextManager[object]:
    """Within it, matrix products are in bfloat16 if the device is made for that."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=_is_fast(device.type))


def full_products(device: torch.device) -> AbstractContextManager[object]:
    """Within it, matrix products are in 32 bits, also inside of `half_products`."""
    return torch.autocast(device.type, enabled=False)


@cache
def _is_fast(device_type: str) -> bool:
    if device_type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # Not in every version of torch that is allowed; without it, 32 bits.
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(bool(capabilities.get(name)) for name in FAST_ON_PROCESSOR)
