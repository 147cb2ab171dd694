"""Layers as exported graphs have them: the same numbers as the trained ones, in fewer or quicker nodes.

Half of the time of a traced graph went into what stood between its matrix products. Everything here keeps one layout,
(batch, frames, channels). The parameters are those of the trained layers, untouched.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def modulated_norm(x: Tensor, scale: Tensor, shift: Tensor, epsilon: float = 1e-5) -> Tensor:
    """A layer norm over the last axis whose scale and shift, (batch, 1, width), differ from loop to loop: one node.

    Torch has no such norm, so this can be traced and not computed.
    """
    normal: Tensor = torch.onnx.ops.symbolic(
        "LayerNormalization",
        (x, scale, shift),
        {"axis": -1, "epsilon": epsilon},
        dtype=x.dtype,
        shape=x.shape,
        version=17,
    )
    return normal


def circular_depthwise(x: Tensor, convolution: nn.Conv1d) -> Tensor:
    """A convolution of each channel along a circular axis: (batch, frames, channels) -> the same.

    In two dimensions, the first of size 1: in one, ONNX Runtime makes a small product of each channel (a third as
    fast). It merges the change of layout with that into its own blocked one.
    """
    reach = convolution.kernel_size[0] // 2
    around = torch.cat([x[:, -reach:], x, x[:, :reach]], dim=1)
    return _convolve(around.unsqueeze(1).permute(0, 3, 1, 2), convolution)  # channels first


def circular_convolution(x: Tensor, convolution: nn.Conv1d) -> Tensor:
    """A convolution along a circular axis: (batch, channels, frames) -> (batch, frames, channels)."""
    reach = convolution.kernel_size[0] // 2
    return _convolve(torch.cat([x[..., -reach:], x, x[..., :reach]], dim=2).unsqueeze(2), convolution)


def _convolve(image: Tensor, convolution: nn.Conv1d) -> Tensor:
    """(batch, channels, 1, frames) -> (batch, frames, channels)."""
    weight = convolution.weight.unsqueeze(2)
    mixed = F.conv2d(image, weight, convolution.bias, groups=convolution.groups)
    return mixed.permute(0, 2, 3, 1).squeeze(1)  # channels last


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A linear layer of (batch, frames, channels), by rows: with its bias it is one node then."""
    return F.linear(x.reshape(-1, x.shape[-1]), weight, bias).reshape(-1, x.shape[1], weight.shape[0])


def row_norm(x: Tensor, scale: Tensor | None, shift: Tensor | None, epsilon: float) -> Tensor:
    """A layer norm over the last axis of (batch, frames, channels), by rows.

    ONNX Runtime would merge a norm with the sum before it, if that has no other use, into a node five times as slow
    (384 us for 256 x 256); up to 1.23 also where scale and shift differ by loop, which that node refuses. It does not
    look through the change of shape.
    """
    rows = F.layer_norm(x.reshape(-1, x.shape[-1]), x.shape[-1:], scale, shift, epsilon)
    return rows.reshape(-1, *x.shape[1:])


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x)) of what ONNX Runtime computes with vectors; its own Softplus goes number by number."""
    return F.relu(x) + torch.log(1.0 + torch.exp(-x.abs()))


def one_by_one(x: Tensor, convolution: nn.Conv1d) -> Tensor:
    """A convolution of one frame, which is a matrix product: (batch, frames, channels) -> the same."""
    return F.linear(x, convolution.weight.squeeze(2), convolution.bias)
