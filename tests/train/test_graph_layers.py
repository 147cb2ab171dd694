"""What is exported says the same as what was trained. (Norms of a loop's own scale only ONNX can compute; the exporter
compares those graphs at every export, and the recipes' tests export each family.)"""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from aijockey.representation.mel import MelConfig
from aijockey.train.families import graph_layers
from aijockey.train.families.circular import wrap
from aijockey.train.families.vocos_graph import VocosGraph, around_bands, between_rows
from aijockey.train.families.vocos_network import VocosConfig, VocosNetwork, between, contrast

MEL = MelConfig(bands=64)
SMALL = VocosConfig(width=24, layers=2, hidden=32, oscillators=5, partials=6)


@pytest.fixture
def random() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"oscillators": 0},
        {"partials": 0},
        {"partials": 96},  # up to the highest bins, so that there is one range of them
        {"subframes": 1},
        {"subframes": 3, "overlap": 2},
    ],
)
def test_a_vocoder_says_the_same(change: dict[str, int], random: torch.Generator) -> None:
    torch.manual_seed(0)
    network = VocosNetwork(replace(SMALL, **change), MEL, 24_000).eval()
    mel = torch.randn((2, MEL.bands, 32), generator=random) * 2.0 - 5.0
    with torch.no_grad():
        for expected, found in zip(network(mel), VocosGraph(network)(mel), strict=True):
            assert found.shape == expected.shape
            assert (found - expected).abs().max() < 1e-5 * expected.abs().max()


@torch.no_grad()
def test_convolutions_go_around_the_loop(random: torch.Generator) -> None:
    torch.manual_seed(0)
    x = torch.randn((2, 6, 11), generator=random)
    for convolution in (nn.Conv1d(6, 6, 5, groups=6), nn.Conv1d(6, 6, 7, groups=6)):
        expected = convolution(wrap(x, convolution.kernel_size[0] // 2)).transpose(1, 2)
        found = graph_layers.circular_depthwise(x.transpose(1, 2), convolution)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    dense = nn.Conv1d(6, 4, 5)
    expected = dense(wrap(x, 2)).transpose(1, 2)
    torch.testing.assert_close(graph_layers.circular_convolution(x, dense), expected, rtol=1e-5, atol=1e-6)


def test_softplus_holds_far_out() -> None:
    x = torch.tensor([-200.0, -20.0, -1.0, 0.0, 1e-3, 1.0, 20.0, 200.0])
    found = graph_layers.softplus(x)
    assert torch.isfinite(found).all()
    torch.testing.assert_close(found, F.softplus(x), rtol=1e-6, atol=2e-7)


def test_rows_between_frames_are_those_of_the_network(random: torch.Generator) -> None:
    x = torch.randn((2, 5, 7), generator=random)
    for subframes in (1, 2, 3):
        expected = between(x, subframes).transpose(1, 2)
        torch.testing.assert_close(between_rows(x.transpose(1, 2), subframes), expected)


def test_the_bands_around_are_exact_in_half_precision(random: torch.Generator) -> None:
    matrix = around_bands(16)
    assert torch.equal(matrix, matrix.half().float())
    mel = torch.randn((1, 16, 4), generator=random) * 0.1
    torch.testing.assert_close((matrix @ mel) * (8.686 / 10.0), contrast(mel), rtol=1e-5, atol=1e-5)
