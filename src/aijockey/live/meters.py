"""Meters of decks and master: peak, RMS and loudness, for whoever looks at them."""

import numpy as np
import numpy.typing as npt
from scipy.signal import sos2tf

from aijockey.live.effects.sections import recursion
from aijockey.live.loudness import HOP_SAMPLES, K_WEIGHTING, OFFSET_LUFS, GatedLoudness
from aijockey.live.span import QUANTUM_SAMPLES

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]

# A snapshot is a row for each deck and one for the master, with these columns.
COLUMNS = ("peak_db", "rms_db", "momentary_lufs", "short_term_lufs", "integrated_lufs")
SNAPSHOT_QUANTA = 4
RMS_QUANTA = 28  # 0.3 s
MOMENTARY_HOPS = 4  # 0.4 s
SHORT_TERM_HOPS = 30  # 3 s
FLOOR_DB = -120.0


class Meters:
    """Measures the decks before their faders, where a player sets levels, and the master as it goes out.

    Loudness is that of ITU-R BS.1770-4, in steps of 0.1 s as EBU Tech 3341 asks; a mono deck counts as heard on
    both sides. All rows are weighted by one recursion.
    """

    def __init__(self, decks: int, channels: int) -> None:
        self._decks, self._channels = decks, channels
        rows = decks * channels + 2
        self._forward, self._back = sos2tf(K_WEIGHTING)
        self._state = np.zeros((rows, len(self._back) - 1))
        self._sums = np.zeros((RMS_QUANTA, rows))  # of squares, quantum by quantum
        self._peaks = np.zeros((SNAPSHOT_QUANTA, decks + 1))
        self._hop = np.zeros(decks + 1)  # weighted power gathered since the last whole 0.1 s
        self._hops = np.zeros((SHORT_TERM_HOPS, decks + 1))
        self._hops_seen = 0
        self._quanta = 0
        self._samples = 0
        self._integrated = GatedLoudness()
        self._snapshot = np.full((decks + 1, len(COLUMNS)), FLOOR_DB)
        self._snapshot.flags.writeable = False

    @property
    def snapshot(self) -> Double:
        """The latest values (decks + 1, columns), at most 43 ms old; never changed, but replaced. The last row is
        the master's; only it has integrated loudness. Thread: any
        """
        return self._snapshot

    def add(self, before_fader: Float, peaks: Float, master: Float) -> None:
        """Take a quantum, or a span of them: (decks, channels, samples), its peaks (decks,), and the master
        (2, samples).

        Thread: audio
        """
        count = master.shape[1]
        quanta = count // QUANTUM_SAMPLES if count % QUANTUM_SAMPLES == 0 else 1
        sound = np.concatenate([before_fader.reshape(-1, count), master]).astype(np.float64)
        weighted, self._state = recursion(self._forward, self._back, sound, self._state)
        self._state[np.abs(self._state) < 1e-30] = 0.0  # silence would crawl through denormals
        later = self._quanta + np.arange(quanta)
        parts = sound.reshape(len(sound), quanta, -1)
        self._sums[later % RMS_QUANTA] = np.einsum("rqs,rqs->qr", parts, parts)
        # Which quantum of the span the peak was in makes no difference to whoever looks.
        self._peaks[later % SNAPSHOT_QUANTA, :-1] = peaks
        self._peaks[later % SNAPSHOT_QUANTA, -1] = max(float(master.max()), -float(master.min()))
        self._gather(weighted)
        shown, self._quanta = self._quanta // SNAPSHOT_QUANTA, self._quanta + quanta
        if self._quanta // SNAPSHOT_QUANTA > shown:
            self._show(count // quanta)

    def _gather(self, weighted: Double) -> None:
        """Add up weighted power, hop by hop."""
        count, begin = weighted.shape[1], 0
        while begin < count:
            end = min(count, begin + HOP_SAMPLES - self._samples % HOP_SAMPLES)
            part = weighted[:, begin:end]
            self._hop += self._of_decks(np.einsum("rs,rs->r", part, part))
            self._samples += end - begin
            begin = end
            if self._samples % HOP_SAMPLES == 0:
                self._hops[self._hops_seen % SHORT_TERM_HOPS] = self._hop / HOP_SAMPLES
                self._hops_seen += 1
                self._hop[:] = 0.0
                if self._hops_seen >= MOMENTARY_HOPS:
                    self._integrated.add(float(self._last(MOMENTARY_HOPS)[-1]))

    def _of_decks(self, rows: Double) -> Double:
        """Sums of rows as those of decks and master, by what both sides would give."""
        decks = rows[:-2].reshape(self._decks, self._channels).sum(axis=1) * (2.0 / self._channels)
        return np.append(decks, rows[-2] + rows[-1])

    def _last(self, hops: int) -> Double:
        index = np.arange(self._hops_seen - hops, self._hops_seen) % SHORT_TERM_HOPS
        mean: Double = self._hops[index].mean(axis=0)
        return mean

    def _show(self, count: int) -> None:
        shown = np.full((self._decks + 1, len(COLUMNS)), FLOOR_DB)
        seen = min(self._quanta, RMS_QUANTA) * count
        mean = self._of_decks(self._sums.sum(axis=0)) / (2.0 * seen)  # of both sides
        shown[:, 0] = _db(self._peaks.max(axis=0), 20.0)
        shown[:, 1] = _db(mean, 10.0)
        shown[:, 2] = OFFSET_LUFS + _db(self._last(MOMENTARY_HOPS), 10.0)
        shown[:, 3] = OFFSET_LUFS + _db(self._last(SHORT_TERM_HOPS), 10.0)
        shown[-1, 4] = max(FLOOR_DB, self._integrated.lufs())
        shown.flags.writeable = False
        self._snapshot = shown


def _db(value: Double, per_decade: float) -> Double:
    level: Double = per_decade * np.log10(np.maximum(value, 10.0 ** (FLOOR_DB / per_decade)))
    return level
