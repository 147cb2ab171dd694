"""A flow as it is exported: the arithmetic of `flow_network.Velocity`, in as few nodes as ONNX has for it.

Traced as it is trained, a step spent half of its time between the matrix products: attention, norms, gelu and the
circular convolution each became a dozen nodes that reshape, transpose and copy. Here a norm takes its modulation as
scale and bias, attention is one node, and nothing changes its layout but around the convolution.

The parameters are the trained network's own. The module is only traced; the exporter compares what it became with
the trained one.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aijockey.train.families.flow_network import Block, FlowNetwork, Moments, Velocity, strength
from aijockey.train.families.graph_layers import circular_depthwise, modulated_norm, row_norm


class FlowGraph(nn.Module):
    """What `flow_network.Velocity` computes, to be traced."""

    def __init__(self, velocity: Velocity) -> None:
        super().__init__()
        assert isinstance(velocity.network, FlowNetwork)
        self.network, self.moments = velocity.network, velocity.moments

    def forward(self, latent: Tensor, time: Tensor, voice: Tensor, controls: Tensor, known: Tensor) -> Tensor:
        """See `flow_network.Velocity`."""
        moments: Moments = self.moments
        deviation, when = moments.deviation[voice], time[:, None, None]
        time_basis, code_basis = moments.time_basis[voice], moments.code_basis[voice]
        distance = torch.sqrt((when * deviation).square() + (1.0 - when).square())
        given = latent * (distance / strength(distance))
        on_grid = time_basis.transpose(1, 2) @ given @ code_basis
        said = self._network(on_grid, time, voice, controls, known)
        reach = deviation / distance
        turned = time_basis @ said @ code_basis.transpose(1, 2)
        return turned * torch.clamp(strength(reach) / reach, max=1.0)

    def _network(self, loop: Tensor, time: Tensor, voice: Tensor, controls: Tensor, known: Tensor) -> Tensor:
        network: FlowNetwork = self.network
        # (batch, bars x tokens, dims) -> (batch, tokens, bars x dims): the same place in each bar side by side.
        x = network.enter(torch.cat(loop.chunk(network.fold, dim=1), dim=2)) + network.position
        vector = network.vector(time, voice, controls, known).unsqueeze(1)
        condition = network.condition(vector)
        blocks = [block for block in network.blocks if isinstance(block, Block)]
        # All that modulates, at once: (batch, 1, blocks x 6 x width). A scale is 1 and what the condition adds.
        rest = torch.stack([block.modulation for block in blocks])
        rest = rest + torch.tensor([0.0, 1.0, 0.0, 0.0, 1.0, 0.0])[:, None]
        modulation = torch.cat([condition] * len(blocks), dim=2) + rest.flatten()
        rows = modulation.split(network.width, dim=2)
        for index, block in enumerate(blocks):
            x = _block(block, x, rows[6 * index : 6 * index + 6])
        shift, scale = network.leave_modulation(vector).chunk(2, dim=2)
        x = network.leave(row_norm(x, None, None, 1e-5) * (1.0 + scale) + shift)
        return torch.cat(x.chunk(network.fold, dim=2), dim=1)


def _block(block: Block, x: Tensor, rows: tuple[Tensor, ...]) -> Tensor:
    shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = rows
    x = x + gate_a * _attend(block, modulated_norm(x, scale_a, shift_a))
    x = x + circular_depthwise(x, block.neighbours)
    hidden = F.gelu(block.hidden(modulated_norm(x, scale_m, shift_m)), approximate="tanh")
    return x + gate_m * block.out(hidden)


def _attend(block: Block, y: Tensor) -> Tensor:
    q, k, v = block.attention_in(y).chunk(3, dim=2)
    mixed: Tensor = torch.onnx.ops.attention(q, k, v, q_num_heads=block.heads, kv_num_heads=block.heads)[0]
    return block.attention_out(mixed)
