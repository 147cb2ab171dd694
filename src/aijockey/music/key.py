"""Keys, scales, chords: which pitches belong together.

Pitches are MIDI note numbers (69 is the A of 440 Hz); a pitch class is a number modulo 12 with C at 0. A
scale degree counts from 0 at the tonic and may run past 6 or below 0 into neighbouring octaves.
"""

from dataclasses import dataclass

from aijockey.errors import AijockeyError

PITCH_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLATS = {"DB": 1, "EB": 3, "GB": 6, "AB": 8, "BB": 10}
CONCERT_A_HZ = 440.0
CONCERT_A_MIDI = 69

# Semitones above the tonic. Minor is the natural minor.
MODES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
}


class KeyNameError(AijockeyError):
    """A text that names no key; says what would."""


def midi_to_hz(midi: float) -> float:
    """Frequency of a MIDI note number, equal temperament, A = 440 Hz; fractions are cents."""
    return float(CONCERT_A_HZ * 2.0 ** ((midi - CONCERT_A_MIDI) / 12.0))


@dataclass(frozen=True)
class Key:
    """A tonic (pitch class, 0 is C) and a mode."""

    tonic: int
    mode: str

    @classmethod
    def parse(cls, text: str) -> "Key":
        """The key that a text such as ``A minor`` or ``Bb major`` names.

        Raises
        ------
        KeyNameError : no such tonic or mode.
        """
        words = text.split()
        tonic = words[0].upper() if words else ""
        mode = words[1].lower() if len(words) == 2 else ""
        pitch_class = PITCH_NAMES.index(tonic) if tonic in PITCH_NAMES else FLATS.get(tonic)
        if pitch_class is None or mode not in MODES:
            raise KeyNameError(
                f"'{text}' names no key; expected a tonic and a mode ({', '.join(MODES)}), e.g. 'A minor'"
            )
        return cls(pitch_class, mode)

    def __str__(self) -> str:
        return f"{PITCH_NAMES[self.tonic]} {self.mode}"

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The seven pitch classes of the scale, from the tonic up."""
        return tuple((self.tonic + semitones) % 12 for semitones in MODES[self.mode])

    @property
    def camelot(self) -> str:
        """The key on the wheel that DJs mix by (8A is A minor); modes stand where their parallel third puts
        them.

        Neighbouring numbers and equal numbers mix well.
        """
        minor = MODES[self.mode][2] == 3
        relative_major = self.tonic + 3 if minor else self.tonic
        return f"{(relative_major * 7 + 7) % 12 + 1}{'A' if minor else 'B'}"

    def contains(self, midi: int) -> bool:
        """Whether the pitch belongs to the scale."""
        return midi % 12 in self.pitch_classes

    def pitch(self, degree: int, octave: int) -> int:
        """MIDI number of a scale degree; ``octave`` is that of the tonic (octave 4 holds middle C and the A
        of 440 Hz)."""
        steps = MODES[self.mode]
        return 12 * (octave + 1 + degree // len(steps)) + self.tonic + steps[degree % len(steps)]

    def chord(self, degree: int, octave: int, members: tuple[int, ...] = (0, 2, 4)) -> tuple[int, ...]:
        """A chord inside the scale: MIDI numbers of the degrees that lie ``members`` above its root.

        ``members`` : (0, 2, 4) is the triad, (0, 2, 4, 6) the seventh chord, (0, 3, 4) a suspended fourth.
        """
        return tuple(self.pitch(degree + member, octave) for member in members)


# Transpositions that keep a scale (octaves), or all of it but one tone (fifths): what mixes in key.
IN_KEY_SEMITONES = (0, -5, 5, -7, 7, -12, 12)


def in_key(semitones: int) -> int:
    """The nearest transposition, -12 to 12, after which a loop still goes with its key: none, a fourth, a fifth
    or an octave either way. Of two as near, the smaller."""
    return min(IN_KEY_SEMITONES, key=lambda kept: (abs(kept - semitones), abs(kept)))


A_MINOR = Key(9, "minor")
