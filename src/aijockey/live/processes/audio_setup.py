"""What the audio process is told; apart from it, so that who starts one need not import what it imports."""

from dataclasses import dataclass, field

from aijockey.live.pace import Pace

JOURNAL_BYTES = 1 << 20


@dataclass(frozen=True)
class AudioSetup:
    """What the audio process is told. Names are those of shared memory.

    ring : takes the master, and each deck if it has channels for them. heard : takes what the device gets.
    cue : takes what the headphones hear; empty where they have no device of their own.
    live_input : where a live input comes in; empty where there is none. block_samples : what devices take at once.
    set_text : the set, as a set file's text.
    beat_offset : beats of the performance that lie before this engine's first.
    ahead_samples : how far to render ahead, for good; 0 finds it out.
    paces : of voices, see `aijockey.live.pace`.
    patience_s : how long to wait for the first loops before playing without.
    """

    set_text: str
    bars: int
    voices: dict[str, bool]
    ring: str
    heard: str
    board: str
    exchange: str
    channels: int
    loop_samples: int
    inboxes: tuple[str, ...]
    journal: str
    beat_offset: float = 0.0
    ahead_samples: int = 0
    paces: dict[str, Pace] = field(default_factory=dict)
    patience_s: float = 60.0
    cue: str = ""
    live_input: str = ""
    block_samples: int = 512
