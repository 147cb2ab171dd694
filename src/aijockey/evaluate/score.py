"""The quick form: log-mels against log-mels, in about a second, with one score to keep the best checkpoint
by.

Score, lower is better, 0 for material that cannot be told from held-out real material::

    score = mean over views of log2(1 + excess)       excess = max(0, Frechet ratio - 1)
          + mean over views of max(0, 1 - coverage / real coverage)
          + mean over views of max(0, 1 - diversity)
          + |log2 frequency_detail| + 0.5 |log2 time_detail|

where the Frechet ratio is real-against-fake over real-against-real at one sample size. A Frechet distance
does not see that a mel is blurred, hence the details: the mean absolute step from band to band and from frame
to frame, relative to real's. The logarithm lets a checkpoint at 40 times real-against-real be told from one
at 80 without letting one view decide alone. The unit of everything is about one halving.
"""

import numpy as np
import numpy.typing as npt

from aijockey.evaluate.distribution import Points, frechet_halves, manifolds, spread
from aijockey.evaluate.space import ViewSpace
from aijockey.evaluate.views import VIEWS, Float, embed_mels
from aijockey.representation.mel import MelConfig

REPEATS = 8
LEAST_LOOPS = 12
"""Halves of fewer would be smaller than a neighbourhood of five."""


class QuickJudge:
    """What real material looks like, embedded once, so that each judgement costs only the fakes' half.

    Parameters
    ----------
    real : (n, bands, frames) log-mels of held-out loops, at least 12, and better 200 to 400.
    fit_on : (m, bands, frames) log-mels that the view spaces are fitted to: other real loops, such as
        training ones. None fits to ``real`` itself, which knows its own quirks, and so judges fakes a little
        too hard.
    """

    def __init__(
        self, real: Float, fit_on: Float | None = None, config: MelConfig | None = None, seed: int = 0
    ) -> None:
        if len(real) < LEAST_LOOPS:
            raise ValueError(f"{len(real)} real loops; a judgement needs at least {LEAST_LOOPS}")
        self.seed = seed
        self._config = config
        embedded = embed_mels(real, config)
        fitted = embedded if fit_on is None else embed_mels(fit_on, config)
        self._spaces = {view: ViewSpace.fit(fitted[view]) for view in VIEWS}
        self._real: dict[str, Points] = {view: self._spaces[view].points(embedded[view]) for view in VIEWS}
        self._detail = frequency_detail(real), time_detail(real)

    def judge(self, fake: Float) -> dict[str, float]:
        """Figures of generated log-mels (m, bands, frames), at least 12; ``score`` is the one to minimise.

        Returns
        -------
        For each view V: ``V_frechet`` and ``V_frechet_real`` (at equal sizes), ``V_ratio`` of the two,
        ``V_coverage`` and ``V_coverage_real``, ``V_density``, ``V_diversity`` (1 is real's).
        ``frequency_detail`` and ``time_detail`` (1 is real's), ``real_count``, ``fake_count``, ``score``.

        Raises
        ------
        ValueError : too few loops, or values that are not finite (a diverged network).
        """
        if len(fake) < LEAST_LOOPS:
            raise ValueError(f"{len(fake)} generated loops; a judgement needs at least {LEAST_LOOPS}")
        if not np.isfinite(fake).all():
            raise ValueError("generated log-mels hold values that are not finite; has training diverged?")
        rng = np.random.default_rng(self.seed)
        embedded = embed_mels(fake, self._config)
        figures: dict[str, float] = {}
        for view in VIEWS:
            points = self._spaces[view].points(embedded[view])
            for name, value in compare_quickly(self._real[view], points, rng).items():
                figures[f"{view}_{name}"] = value
        figures["frequency_detail"] = frequency_detail(fake) / max(self._detail[0], 1e-9)
        figures["time_detail"] = time_detail(fake) / max(self._detail[1], 1e-9)
        figures["real_count"], figures["fake_count"] = float(len(self._real["timbre"])), float(len(fake))
        figures["score"] = score_of(figures)
        return figures


def quick_score(real: Float, fake: Float, seed: int = 0, fit_on: Float | None = None) -> dict[str, float]:
    """Judge generated log-mels (m, bands, frames) against held-out ones (n, bands, frames); see
    `QuickJudge`.
    """
    return QuickJudge(real, fit_on, seed=seed).judge(fake)


def compare_quickly(real: Points, fake: Points, rng: np.random.Generator) -> dict[str, float]:
    """Frechet distances, coverage, density and diversity of two sets of points, without intervals."""
    to_fake, to_real = frechet_halves(real, fake, rng, REPEATS)
    half = min(len(real) // 2, len(fake))
    order = rng.permutation(len(real))
    left, right = real[order[:half]], real[order[half : 2 * half]]
    draw = fake[rng.choice(len(fake), half, replace=False)]
    between, within = manifolds(left, draw), manifolds(left, right)
    return {
        "frechet": to_fake,
        "frechet_real": to_real,
        "ratio": to_fake / max(to_real, 1e-12),
        "coverage": float(between.coverage.mean()),
        "coverage_real": float(within.coverage.mean()),
        "density": float(between.density.mean()),
        "diversity": float(spread(fake).mean() / max(spread(real).mean(), 1e-12)),
    }


def score_of(figures: dict[str, float]) -> float:
    """The scalar of the module's opening, from the figures of `QuickJudge.judge`."""
    views = [
        np.log2(1.0 + max(0.0, figures[f"{view}_ratio"] - 1.0))
        + max(0.0, 1.0 - figures[f"{view}_coverage"] / max(figures[f"{view}_coverage_real"], 1e-6))
        + max(0.0, 1.0 - figures[f"{view}_diversity"])
        for view in VIEWS
    ]
    detail = abs(_log2(figures["frequency_detail"])) + 0.5 * abs(_log2(figures["time_detail"]))
    return float(np.mean(views) + detail)


def _log2(ratio: float) -> float:
    return float(np.log2(max(ratio, 1e-6)))


def frequency_detail(mels: npt.NDArray[np.float32]) -> float:
    """Mean absolute step of log-mel from band to band, natural logarithm: fine tonal detail."""
    return float(np.mean([np.abs(np.diff(mel, axis=0)).mean() for mel in mels]))


def time_detail(mels: npt.NDArray[np.float32]) -> float:
    """Mean absolute step of log-mel from frame to frame, around the circle, natural logarithm: attacks and
    flutter.
    """
    return float(np.mean([np.abs(mel - np.roll(mel, 1, axis=1)).mean() for mel in mels]))
