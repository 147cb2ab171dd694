"""Truths of StyleGAN2 over the grid."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from aijockey.representation.mel import MelConfig
from aijockey.representation.patch_code import PatchCode, fit_patch_code
from aijockey.train.config import TrainConfig
from aijockey.train.families.base import CodeBatch, DataInfo
from aijockey.train.families.circular import wrap
from aijockey.train.families.stylegan2 import StyleGan2Config, StyleGan2Task
from aijockey.train.families.stylegan2_augment import MOST_CHANCE, AdaptiveAugment
from aijockey.train.families.stylegan2_layers import EqualConv, EqualLinear, LatentNoise, ModulatedConv
from aijockey.train.families.stylegan2_networks import Mapping, Shape, minibatch_deviation

BANDS, DIMS = 16, 12
MEL = MelConfig(bands=BANDS)
DATA = DataInfo(MEL, 192_000, 64, DIMS, ("breaks", "techno"), ("brightness",))
SMALL = {
    "latent": 8, "noise": 16, "style": 12, "mapping_layers": 2, "levels": 3, "width": 12, "thinnest": 6,
    "critic_width": 12, "critic_thinnest": 6,
}  # fmt: skip
FORMS = pytest.mark.parametrize("form", ["light", "full"])


@pytest.fixture(scope="module")
def code() -> PatchCode:
    rng = np.random.default_rng(0)
    return fit_patch_code(rng.standard_normal((8, BANDS, 256)).astype(np.float32), 4, DIMS)


def _task(code: PatchCode, form: str = "light", seed: int = 0, **model: object) -> StyleGan2Task:
    torch.manual_seed(seed)
    task = StyleGan2Task(StyleGan2Config(form=form, **{**SMALL, **model}), TrainConfig(batch=4), DATA)  # type: ignore[arg-type]
    task.see_codes(code, [])
    return task


def _batch(count: int = 4) -> CodeBatch:
    random = torch.Generator().manual_seed(9)
    codes = torch.randn(count, 64, DIMS, generator=random)
    return CodeBatch(codes, torch.arange(count) % 2, torch.randn(count, 1, generator=random))


def _given(count: int) -> tuple[Tensor, Tensor, Tensor]:
    return torch.arange(count) % 2, torch.zeros(count, 1), torch.zeros(count, 1)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("demodulate", [True, False])
def test_modulated_convolution_is_the_papers(axes: int, demodulate: bool) -> None:
    """Equation 3 of Karras et al. 2020, with weights of each example's own in a grouped convolution."""
    torch.manual_seed(1)
    layer = ModulatedConv(axes, 3, 5, style=4, demodulate=demodulate)
    x, style = torch.randn(2, 3, *[8] * axes), torch.randn(2, 4)
    scale = layer.style(style).view(2, 1, 3, *[1] * axes)
    weight = layer.weight * layer.gain * scale
    if demodulate:
        weight = weight / weight.flatten(2).norm(dim=2).view(2, 5, 1, *[1] * axes)
    padded = wrap(x, 1)
    if axes == 2:
        padded = F.pad(padded, (0, 0, 1, 1))
    convolve = F.conv1d if axes == 1 else F.conv2d
    expected = torch.cat([convolve(padded[i : i + 1], weight[i]) for i in range(2)])
    torch.testing.assert_close(layer(x, style), expected, atol=1e-5, rtol=1e-4)
    folded = copy.deepcopy(layer)
    folded.style.fold()
    folded.fold()
    torch.testing.assert_close(folded(x, style), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("axes", [1, 2])
def test_layers_know_no_seam(axes: int) -> None:
    torch.manual_seed(2)
    x, style = torch.randn(1, 3, *[8] * axes), torch.randn(1, 4)
    modulated = ModulatedConv(axes, 3, 5, 4)
    for layer in (lambda y: modulated(y, style), EqualConv(axes, 3, 4, 3)):
        torch.testing.assert_close(layer(x.roll(3, -1)), layer(x).roll(3, -1), atol=1e-5, rtol=1e-4)


def test_equalised_layers_keep_unit_variance() -> None:
    torch.manual_seed(3)
    x = torch.randn(512, 64)
    assert EqualLinear(64, 256)(x).std().item() == pytest.approx(1.0, rel=0.05)
    slow = EqualLinear(64, 256, rate=0.01)
    assert slow(x).std().item() == pytest.approx(1.0, rel=0.05)
    slow.fold()
    assert slow(x).std().item() == pytest.approx(1.0, rel=0.05)
    assert ModulatedConv(1, 64, 64, 8)(
        torch.randn(8, 64, 32), torch.randn(8, 8)
    ).std().item() == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("shape", [(16,), (32, 64)])
def test_noise_is_white_and_says_nothing_but_the_latent(shape: tuple[int, ...]) -> None:
    noise = LatentNoise(64, shape, seed=4)
    parts = torch.randn(4_000, 64, generator=torch.Generator().manual_seed(0))
    maps = noise(parts).flatten(1)
    assert maps.mean().abs() < 0.02
    np.testing.assert_allclose(maps.var(dim=0), 1.0, rtol=0.4)
    assert maps.var().item() == pytest.approx(1.0, rel=0.03)
    few = maps[:, ::61][:, :32]
    away = torch.corrcoef(few.T) - torch.eye(few.shape[1])
    assert away.abs().max() < 0.2
    assert torch.equal(noise(parts[:2]), LatentNoise(64, shape, seed=4)(parts[:2]))


def test_noise_along_time_is_exactly_white() -> None:
    matrix = LatentNoise(16, (16,), seed=4).axis_0
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(16), atol=1e-5)


@FORMS
def test_one_latent_one_loop(form: str, code: PatchCode) -> None:
    task = _task(code, form)
    network = task.networks["average"].network
    latent = torch.randn(3, 24, generator=torch.Generator().manual_seed(2))
    one = torch.ones(3)
    with torch.no_grad():
        first, second = (network.generate(latent, *_given(3), one) for _ in range(2))
        alone = network.generate(latent[1:2], *(part[1:2] for part in _given(3)), one[:1])
    assert first.shape == (3, 64, DIMS)
    assert torch.equal(first, second)
    torch.testing.assert_close(alone[0], first[1], atol=1e-5, rtol=1e-4)


@FORMS
def test_truncation_leads_to_one_loop_a_voice(form: str, code: PatchCode) -> None:
    task = _task(code, form)
    generator = task.networks["generator"]
    for step in range(3):  # lets the mean styles follow
        task.step(_batch(), torch.Generator().manual_seed(step), step)
    generator.eval()
    latent = torch.randn(4, 24, generator=torch.Generator().manual_seed(2))
    latent[:, 8:] = 0.0  # the noise part is no style
    with torch.no_grad():
        spread = [
            float(
                generator.generate(latent, *_given(4), torch.full((4,), cut))
                .reshape(2, 2, -1)
                .std(dim=0)
                .mean()
            )
            for cut in (0.0, 0.5, 1.0)
        ]
        means = generator.generate(latent, *_given(4), torch.zeros(4))
    assert spread[0] < 1e-6 < spread[1] < spread[2]
    assert (means[0] - means[1]).abs().max() > 1e-4  # the voices differ


def test_mean_styles_follow_only_their_own_voice() -> None:
    torch.manual_seed(0)
    mapping = Mapping(8, 12, 2, DATA)
    latent = torch.randn(64, 8)
    for _ in range(400):
        w = mapping(latent, torch.zeros(64, dtype=torch.int64), None, None, None)
    torch.testing.assert_close(mapping.style_mean[0], w.detach().mean(dim=0), atol=1e-4, rtol=0)
    assert mapping.style_mean[1].abs().max() == 0.0
    mapping.eval()
    before = mapping.style_mean.clone()
    mapping(latent, torch.ones(64, dtype=torch.int64), None, None, None)
    assert torch.equal(mapping.style_mean, before)


@FORMS
def test_export_folds_without_changing_a_loop(form: str, code: PatchCode) -> None:
    task = _task(code, form)
    graph = task.graph()
    latent, truncation = torch.randn(3, 24), torch.tensor([0.3, 0.7, 1.0])
    with torch.no_grad():
        expected = task.networks["average"].network.generate(latent, *_given(3), truncation)
        found, _ = graph.module(latent, _given(3)[0], truncation, *_given(3)[1:])
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    assert graph.entry["latent_shape"] == [24]


@FORMS
def test_styles_can_be_moved_and_mixed_by_layers(form: str, code: PatchCode) -> None:
    """An offset of the difference of two styles, from a layer on, is the mixing that training knows."""
    task = _task(code, form)
    network: Any = task.networks["average"].network
    graph = task.graph()
    one, two = torch.randn(2, 3, 24, generator=torch.Generator().manual_seed(4)).unbind()
    given, full = _given(3), torch.ones(3)
    with torch.no_grad():
        still, style = graph.module(one, given[0], full, *given[1:], torch.zeros(3, network.layers, 12))
        _, other = graph.module(two, given[0], full, *given[1:], None)
        offset = torch.zeros(3, network.layers, 12)
        offset[:, 3:] = (other - style)[:, None]
        mixed, unmoved = graph.module(one, given[0], full, *given[1:], offset)
        expected, _ = network(one, two, torch.full((3,), 3), *given)
    torch.testing.assert_close(still, network.generate(one, *given, full), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(mixed, expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(unmoved, style)
    assert graph.entry["sampler"]["style_shape"] == (network.layers, 12)


@FORMS
def test_style_factors_are_what_the_weights_amplify_most(form: str, code: PatchCode) -> None:
    network: Any = _task(code, form).networks["average"].network
    factors = network.style_factors(12)
    torch.testing.assert_close(factors @ factors.T, torch.eye(12), atol=1e-5, rtol=0)
    weights = [
        network.coarse.weight,
        *(m.style.weight for m in network.modules() if isinstance(m, ModulatedConv)),
    ]
    gains = sum(((w / w.norm()) @ factors.T).square().sum(dim=0) for w in weights)
    assert (gains[:-1] >= gains[1:] - 1e-6).all()


@FORMS
@pytest.mark.parametrize("loss", ["logistic", "relativistic"])
def test_a_step_moves_both_networks_and_counts_everything(form: str, loss: str, code: PatchCode) -> None:
    task = _task(code, form, loss=loss, r2=0.1, path_length=1.0)
    before = {name: value.clone() for name, value in task.networks.state_dict().items()}
    metrics = task.step(_batch(), torch.Generator().manual_seed(0), 0)
    names = {
        "loss",
        "critic_loss",
        "r1",
        "r2",
        "path_length",
        "spread",
        "augment_chance",
        "certainty",
        "gradient",
    }
    assert names <= metrics.keys()
    assert all(torch.isfinite(value) and value.ndim == 0 for value in metrics.values())
    after = task.networks.state_dict()
    for network in ("generator", "critic", "average"):
        assert any(not torch.equal(before[name], after[name]) for name in after if name.startswith(network))
    lazy = task.step(_batch(), torch.Generator().manual_seed(0), 1)
    assert not {"r1", "r2", "path_length"} & lazy.keys()


def test_the_relativistic_loss_pairs_a_loop_with_one_of_its_voice(code: PatchCode) -> None:
    """When generated loops score as real ones do, both players' losses are log 2."""
    task = _task(code, loss="relativistic", r1=0.0, augment_target=0.0)
    for parameter in task.networks["critic"].parameters():
        torch.nn.init.zeros_(parameter)
    metrics = task.step(_batch(), torch.Generator().manual_seed(0), 1)
    assert metrics["critic_loss"].item() == pytest.approx(np.log(2), rel=1e-5)


@pytest.mark.slow
def test_a_light_gan_learns_two_voices(code: PatchCode) -> None:
    """Codes that are one constant a voice, with a little spread: a few hundred steps find both."""
    small = {"levels": 1, "width": 16, "thinnest": 16, "critic_width": 16, "critic_thinnest": 16}
    config = StyleGan2Config(**{**SMALL, **small, "r1": 1.0, "augment_target": 0.0})  # type: ignore[arg-type]
    torch.manual_seed(0)
    train = TrainConfig(batch=16, learning_rate=5e-3, beta1=0.0, weight_decay=0.0, gradient_limit=20.0)
    task = StyleGan2Task(config, train, DATA)
    random = torch.Generator().manual_seed(0)
    voice = torch.arange(16) % 2
    centre = torch.where(voice == 0, -1.0, 1.0)[:, None, None]
    for step in range(300):
        codes = centre + 0.1 * torch.randn(16, 64, DIMS, generator=random)
        task.step(CodeBatch(codes, voice, torch.zeros(16, 1)), random, step)
    made = task.sample(*_given(16), random).mean(dim=(1, 2))
    assert made[::2].mean() < -0.5
    assert made[1::2].mean() > 0.5


def test_minibatch_deviation_betrays_repetition() -> None:
    varied = torch.randn(8, 3, 16, generator=torch.Generator().manual_seed(0))
    assert minibatch_deviation(varied).shape == (8, 1, 16)
    assert minibatch_deviation(varied).min() > 0.5
    assert minibatch_deviation(varied[:1].expand(8, -1, -1)).max() < 1e-3
    assert minibatch_deviation(torch.randn(5, 3, 4, 4)).shape == (5, 1, 4, 4)


def test_shapes_come_from_the_grid() -> None:
    light = Shape.of("light", 3, 32, 8, DATA)
    assert (light.coarse, light.channels, light.ends) == ((8,), (32, 32, 16, 8), DIMS)  # a column a beat
    full = Shape.of("full", 4, 32, 8, DATA)
    assert (full.coarse, full.channels, full.ends) == ((1, 16), (32, 32, 32, 16, 8), 1)
    with pytest.raises(ValueError, match="cannot be halved 5 times"):
        Shape.of("full", 5, 8, 8, DATA)


class TestAugmentation:
    def _augment(self, code: PatchCode, chance: float) -> AdaptiveAugment:
        augment = AdaptiveAugment(DATA, 0.6, 1_000)
        augment.code.load(code)
        augment.chance.fill_(chance)
        return augment

    def test_does_nothing_at_first_or_when_off(self, code: PatchCode) -> None:
        codes, random = _batch().codes, torch.Generator()
        assert torch.equal(self._augment(code, 0.0)(codes, random), codes)
        off = AdaptiveAugment(DATA, 0.0, 1_000)
        off.chance.fill_(0.5)
        assert torch.equal(off(codes, random), codes)

    def test_moves_loops_by_whole_bars_only(self, code: PatchCode) -> None:
        codes = _batch().codes
        moved = self._augment(code, 1.0).rotate(codes, torch.tensor([0, 1, 0, 1]))
        assert torch.equal(moved[::2], codes[::2])
        assert torch.equal(moved[1::2], codes[1::2].roll(32, dims=1))

    def test_changes_the_level_of_bands_and_nothing_else(self, code: PatchCode) -> None:
        """What is added is the same in every patch: gain and tone, not rhythm."""
        codes = _batch(64).codes
        augment = self._augment(code, 1.0)
        augment.bars = 1
        added = augment(codes, torch.Generator().manual_seed(0)) - codes
        torch.testing.assert_close(added, added[:, :1].expand_as(added), atol=1e-5, rtol=1e-4)
        assert added.abs().max() > 0.1

    def test_follows_the_critic(self, code: PatchCode) -> None:
        augment = self._augment(code, 0.0)
        for _ in range(400):
            augment.adapt(torch.ones(10))
        assert augment.chance.item() == pytest.approx(MOST_CHANCE)
        for _ in range(400):
            augment.adapt(-torch.ones(10))
        assert augment.chance.item() == 0.0
