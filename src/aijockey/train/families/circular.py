"""A loop has no ends: what stands before its first frame is its last."""

import torch
from torch import Tensor


def wrap(x: Tensor, size: int) -> Tensor:
    """Pad the last axis circularly on both sides."""
    return torch.cat([x[..., -size:], x, x[..., :size]], dim=-1)
