"""What `scripts/golden` runs: shows how far the engine's sound is from the golden one, and rewrites it if told to."""

import sys

import numpy as np
import soundfile
from tests.golden.test_showpiece import SET, SOUND, sound_of, source

from aijockey.live.set_file import read_set
from aijockey.music.grid import RATE_HZ

TOLERANCE = 1e-4


def main() -> int:
    """Compare, and with ``--write`` replace. 1 where the sounds differ."""
    sound = sound_of(read_set(SET), source())
    peak, power = np.abs(sound).max(), np.sqrt(np.mean(sound**2))
    print(f"{SET.name}: {sound.shape[1] / RATE_HZ:.2f} s, peak {peak:.3f}, RMS {power:.4f}")
    differs = True
    if SOUND.exists():
        golden = soundfile.read(SOUND, dtype="float32")[0].T
        differs = golden.shape != sound.shape
        if differs:
            print(f"{SOUND.name} has {golden.shape[1]} samples, it now has {sound.shape[1]}")
        else:
            apart = np.abs(sound - golden).max(axis=0)
            worst = int(apart.argmax())
            first = int(np.argmax(apart > TOLERANCE)) if (apart > TOLERANCE).any() else None
            print(f"most apart by {apart[worst]:.2e} at {worst / RATE_HZ:.3f} s (16 bits: 1.5e-5)")
            differs = first is not None
            if first is not None:
                print(f"more than {TOLERANCE:g} from {first / RATE_HZ:.3f} s on")
    else:
        print(f"{SOUND.name} is missing")
    if differs and "--write" in sys.argv[1:]:
        soundfile.write(SOUND, sound.T, RATE_HZ, subtype="PCM_16")
        print(f"written: {SOUND} ({SOUND.stat().st_size >> 10} KiB)")
        return 0
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
