"""The flow's own truths: what a normal distribution says needs no training, and the pack's sampler agrees."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from aijockey.live.sampler import RotationSampler
from aijockey.pack.manifest import RotationSpec
from aijockey.representation.mel import MelConfig
from aijockey.representation.patch_code import PatchCode
from aijockey.train.config import TrainConfig
from aijockey.train.families.base import CodeBatch, DataInfo
from aijockey.train.families.flow import FlowTask
from aijockey.train.families.flow_network import FlowConfig, Moments

PATCHES, DIMS = 8, 3
DATA = DataInfo(MelConfig(), 192_000, PATCHES, DIMS, ("kick", "bass"), ("brightness",))
CODE = PatchCode(np.zeros(4, np.float32), np.ones((DIMS, 4), np.float32), 1)


def _loops(rng, count=3000):
    """Two voices whose numbers differ in mean and deviation by place; bars resemble each other."""
    scale = np.geomspace(2.0, 0.05, DIMS)
    # Each number held through the bar, and a little movement within it.
    shared = (rng.normal(size=(count, 1, DIMS)) + 0.3 * rng.normal(size=(count, PATCHES // 2, DIMS))) * scale
    differing = 0.1 * rng.normal(size=(count, 2, PATCHES // 2, DIMS)) * scale
    kick = (shared[:, None] + differing).reshape(count, PATCHES, DIMS) + 1.0
    return [kick.astype(np.float32), (0.5 * kick[::-1] - 2.0).astype(np.float32)]


def _task(rng, **config):
    torch.manual_seed(0)
    task = FlowTask(FlowConfig(width=16, layers=1, heads=2, **config), TrainConfig(), DATA)
    task.see_codes(CODE, _loops(rng))
    return task


@pytest.mark.parametrize("steps", [1, 2, 8])
def test_untrained_it_has_every_mean_and_deviation_however_few_the_steps(rng, steps):
    task, loops = _task(rng, steps=steps), _loops(np.random.default_rng(9), 4000)
    for voice in range(2):
        index = torch.full((4000,), voice)
        made = task.sample(
            index, torch.zeros(4000, 1), torch.zeros(4000, 1), torch.Generator().manual_seed(1)
        ).numpy()
        real = loops[voice]
        assert made.mean(axis=(0, 1)) == pytest.approx(real.mean(axis=(0, 1)), abs=0.15)
        assert made.std(axis=0).mean(axis=0) == pytest.approx(real.std(axis=0).mean(axis=0), rel=0.08)
        # What moves together in real loops moves together in these: bars repeat, notes are held.
        flat = [(x - x.mean(axis=0)).reshape(len(x), -1) for x in (made, real)]
        covariances = [x.T @ x / len(x) for x in flat]
        assert np.abs(covariances[0] - covariances[1]).max() < 0.1 * covariances[1].max()


def test_standard_units_and_back(rng):
    task = _task(rng)
    moments = task.networks["moments"]
    voice = torch.tensor([0, 1, 1])
    codes = torch.from_numpy(np.stack([_loops(rng)[v][i] for i, v in enumerate((0, 1, 1))]))
    units = moments.standardize(codes, voice)
    assert moments.codes(units, voice).numpy() == pytest.approx(codes.numpy(), abs=1e-5)
    assert 0.5 < float(units.std()) < 2.0


def test_directions_that_few_loops_hardly_move_in_keep_some_deviation(rng):
    few, many = Moments(1, 2, PATCHES, DIMS), Moments(1, 2, PATCHES, DIMS)
    loops = rng.normal(size=(3, PATCHES, DIMS)).astype(np.float32)
    few.measure([loops])
    many.measure([np.concatenate([loops] * 400)])
    least = [float(moments.deviation.min() / moments.deviation.median()) for moments in (few, many)]
    assert least[0] > 1.2 * least[1]


def test_the_mean_of_a_rotated_loop_is_the_same_in_every_bar(rng):
    moments = Moments(1, 2, PATCHES, DIMS)
    moments.measure(
        [np.concatenate([np.ones((5, 4, DIMS)), np.zeros((5, 4, DIMS))], axis=1).astype(np.float32)]
    )
    assert moments.mean[0].numpy() == pytest.approx(np.full((PATCHES, DIMS), 0.5))


def test_the_loss_of_the_truth_about_normal_data_is_that_of_noise(rng):
    """Where all is normal no network beats zero, so training has nothing to gain but the structure."""
    task = _task(rng)
    loops = _loops(rng)
    batch = CodeBatch(torch.from_numpy(loops[0]), torch.zeros(3000, dtype=torch.int64), torch.zeros(3000, 1))
    loss = float(task.step(batch, torch.Generator().manual_seed(0), 0)["loss"])
    assert 0.2 < loss < 2.0


def test_the_packs_sampler_makes_the_same_codes(rng):
    task = _task(rng)
    torch.nn.init.normal_(task.networks["average"].network.leave.weight, std=0.03)
    graph = task.graph()
    entry = graph.entry["sampler"]

    class Stub:
        name = "flow.onnx"

        def output(self, feeds, name, shape):
            with torch.no_grad():
                return graph.module(**{key: torch.from_numpy(value) for key, value in feeds.items()}).numpy()

    class Arrays:
        def array(self, name):
            return entry[name]

    files = ("mean", "deviation", "time_basis", "code_basis")
    spec = RotationSpec("rotation", entry["steps"], 2, *files, entry["shift"])
    sampler = RotationSampler(Stub(), spec, Arrays())
    noise = torch.randn(4, PATCHES, DIMS, generator=torch.Generator().manual_seed(3))
    voice = torch.tensor([0, 1, 0, 1])
    controls = torch.ones(4, 1)
    wanted = task.sample(voice, controls, controls, torch.Generator().manual_seed(3))
    feeds = {"voice": voice.numpy(), "controls": controls.numpy(), "known": controls.numpy()}
    made = sampler.sample(noise.numpy(), feeds, (PATCHES, DIMS))
    assert made == pytest.approx(wanted.numpy(), abs=1e-4)
    back = sampler.invert(made, feeds, refinements=40)
    assert back == pytest.approx(noise.numpy(), abs=1e-2)


def test_a_flow_without_controls_trains_and_samples(rng):
    data = DataInfo(MelConfig(), 192_000, PATCHES, DIMS, ("kick",), ())
    task = FlowTask(FlowConfig(width=16, layers=1, heads=2), TrainConfig(), data)
    task.see_codes(CODE, _loops(rng)[:1])
    codes = torch.from_numpy(_loops(rng)[0][:4])
    batch = CodeBatch(codes, torch.zeros(4, dtype=torch.int64), torch.zeros(4, 0))
    assert torch.isfinite(task.step(batch, torch.Generator().manual_seed(0), 0)["loss"])
    made = task.sample(batch.voice, batch.controls, batch.controls, torch.Generator().manual_seed(0))
    assert made.shape == codes.shape


def _pupil(teacher, **config):
    """A task taught by ``teacher``, which has its weights as a run that was started from it would."""
    pupil = _task(np.random.default_rng(0), taught_steps=2, **config)
    pupil.networks["average"].load_state_dict(teacher.networks["average"].state_dict())
    pupil.networks["moments"].load_state_dict(teacher.networks["moments"].state_dict())
    return pupil


def _curved_teacher():
    """A flow whose lines are far from straight: its last layer, which begins at zero, says something."""
    teacher = _task(np.random.default_rng(0), steps=4)
    with torch.no_grad():
        for parameter in teacher.networks["average"].network.leave.parameters():
            parameter.normal_(0.0, 0.5, generator=torch.Generator().manual_seed(3))
    return teacher


def _batch(rng, count):
    """Loops of both voices, with a control."""
    loops = np.concatenate([loops[: count // 2] for loops in _loops(rng, count)])
    controls = torch.from_numpy(rng.normal(size=(count, 1)).astype(np.float32))
    return CodeBatch(torch.from_numpy(loops), torch.arange(2).repeat_interleave(count // 2), controls)


def test_a_pupil_comes_nearer_to_many_steps_than_its_teacher_in_as_few():
    teacher = _curved_teacher()
    pupil = _pupil(teacher, steps=2)
    pupil.begin(0)
    pupil.optimizers["flow"] = torch.optim.AdamW(pupil.networks["flow"].parameters(), lr=3e-3)
    for step in range(150):
        pupil.step(_batch(np.random.default_rng(step), 64), torch.Generator().manual_seed(step), step)
    index = torch.arange(2).repeat(100)

    def sample(task, steps):
        task.config = replace(task.config, steps=steps)
        free = torch.zeros(200, 1)
        return task.sample(index, free, free, torch.Generator().manual_seed(1)).numpy()

    wanted = sample(teacher, 4)
    of_pupil, of_teacher = (np.abs(sample(task, 2) - wanted).mean() for task in (pupil, teacher))
    assert of_pupil < 0.6 * of_teacher


def test_a_lesson_leads_where_the_teacher_goes_from_a_place_on_its_way():
    teacher = _curved_teacher()
    pupil = _pupil(teacher, steps=1)
    pupil.begin(0)
    batch = _batch(np.random.default_rng(4), 6)
    noise = torch.randn(batch.codes.shape, generator=torch.Generator().manual_seed(5))
    free = torch.zeros(6, 1)
    loop = pupil.moments.standardize(batch.codes, batch.voice)
    lesson = pupil._taught(loop, noise, batch, free, torch.Generator().manual_seed(6))
    # The only step begins at nothing but noise and is a quarter turn.
    end = pupil.moments.codes(lesson.state + lesson.velocity * (np.pi / 2), batch.voice)
    teacher.config = replace(teacher.config, steps=2)
    made = teacher.sample(batch.voice, free, free, torch.Generator().manual_seed(5))
    assert end.numpy() == pytest.approx(made.numpy(), abs=1e-4)


def test_a_pupil_without_its_teacher_or_on_other_loops_is_refused(rng):
    alone = _task(rng, taught_steps=2)
    with pytest.raises(ValueError, match="--start-from"):
        alone.begin(0)
    elsewhere = _pupil(_curved_teacher())
    elsewhere.see_codes(CODE, [loops + 1.0 for loops in _loops(rng)])
    with pytest.raises(ValueError, match="same corpus"):
        elsewhere.begin(0)
