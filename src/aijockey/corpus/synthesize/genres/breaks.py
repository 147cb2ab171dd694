"""Breakbeat, jungle, drum and bass, and their slower cousins."""

from aijockey.corpus.synthesize.genres.genre import Genre
from aijockey.corpus.synthesize.patterns import Part

PUNCHY = {
    "end_hz": (52, 72),
    "decay_s": (0.12, 0.28),
    "hold_ms": (5, 30),
    "punch_hz": (300, 1600),
    "click": (0.1, 0.7),
}
LIVE = {"noise": (0.8, 1.6), "snap": (0.2, 1), "noise_ms": (110, 280), "tone_hz": (165, 260)}
BOOM = {"end_hz": (40, 50), "decay_s": (0.6, 1.1), "sweep_hz": (60, 160), "hold_ms": (30, 120)}


def kick(*priors: str, **tweak: tuple[float, float]) -> Part:
    """The bass drum of a break."""
    return Part(
        "kick",
        "kick",
        priors,
        level_db=(-1, 0),
        accent="X889",
        late_ms=1,
        reverb=(0, 0.06),
        vary=0.35,
        tweak=PUNCHY | tweak,
    )


def snare(*priors: str, ghost: float = 0.12, **tweak: tuple[float, float]) -> Part:
    """The snare, with the ghost notes that make a break roll."""
    return Part("snare", "snare", priors, level_db=(-4, 0), pan=(0, 0.08), reverb=(0, 0.15), ghost=ghost, accent="X686", late_ms=1.5,
                vary=0.3, fills=True, roll=0.03, tweak=LIVE | tweak)  # fmt: skip


HAT = Part("closed hat", "hat", ("X.X.X.X.X.X.X.X.", "7.7.7.7.7.7.7.7.", "6.656.656.656.65", "X5X5X5X5X5X5X5X5"), 0.9, (-17, -10), (0, 0.35),
           (0, 0.08), ghost=0.07, accent="8564", late_ms=2)  # fmt: skip
OPEN = Part(
    "open hat",
    "open hat",
    ("..........3...3.", "......4.......4.", "...........4...."),
    0.6,
    (-15, -9),
    (0, 0.3),
    choke="closed hat",
)
RIDE = Part(
    "ride",
    "ride",
    ("X.X.X.X.X.X.X.X.", "X...X...X...X...", "X.6.X.65X.6.X.65"),
    0.4,
    (-17, -12),
    (0, 0.4),
    (0, 0.1),
    late_ms=2,
)
CRASH = Part(
    "crash",
    "crash",
    ("6...............................", "X..............................."),
    0.15,
    (-15, -10),
    (0, 0.4),
    (0, 0.2),
)
SHAKER = Part(
    "shaker",
    "shaker",
    ("7575757575757575", "6.766.766.766.76"),
    0.35,
    (-18, -12),
    (0.1, 0.5),
    accent="6485",
    late_ms=3,
)
RIM = Part(
    "rim",
    "rim",
    ("...3..4...3..3..", "......4..3....3."),
    0.3,
    (-15, -9),
    (0, 0.5),
    (0, 0.2),
    (0, 0.2),
    fills=True,
)
TOM = Part(
    "tom", "tom", ("..............34", "......3......344"), 0.35, (-10, -5), (0, 0.5), (0, 0.15), fills=True
)

BREAKS = {
    "amen": Genre((
        kick("X.X.......XX....", "X.X.......X.....", "X.X.......6X....X.X.......X....."),
        snare("....X..5.5..X..5", "....X..6.6..X..X", "....X..X.X..X..X....X..X.X....X."), RIDE, HAT, CRASH, OPEN,
    ), 1.2, swing=(0.5, 0.57), fill=0.5, drive=(0.1, 1), squeeze=(0.4, 1), crush=0.4, room=(0, 4)),
    "jungle": Genre((
        kick("X.5....3..X6....", "X.4...3...X..4..", "X..4..4..3X...3."), snare("....X..4.4..X..4", "....X.4..4.4X.44", "..4.X..4..4.X..X", ghost=0.18),
        HAT, RIDE, OPEN, TOM, CRASH, Part("sub", "tom", ("X.....4...4.....", "X.........X..3.."), 0.4, (-7, -3), accent="8",
            tweak={"tone_hz": (40, 56), "bend": (0, 0.25), "decay_ms": (350, 450), "skin": (0, 0.05), "drive": (0, 0.2)}),
    ), 1.1, swing=(0.5, 0.56), fill=0.6, drive=(0.2, 1.2), squeeze=(0.4, 1), crush=0.45, room=(0, 5)),
    "drum and bass": Genre((
        kick("X.........X.....", "X.........X..2..", "X....3....X.....", "X..3......X....."), snare("....X.......X...", "....X..2....X..2", "....X.......X.2.",
        ghost=0.05, tone_hz=(180, 250)), HAT, RIDE, SHAKER, RIM, OPEN,
    ), 1.2, density=(-0.5, 1), drive=(0.1, 0.8), squeeze=(0.3, 0.9)),
    "roller": Genre((
        kick("X.........X.....", "X..4......X..3..", "X.....4...X....."), snare("....X..3.3..X..3", "....X.3..3..X.3.", ghost=0.2), HAT, SHAKER, RIM,
        Part("conga", "skin", ("..34..3..34...3.", "...4.34....4.34."), 0.4, (-15, -10), (0.2, 0.6), ghost=0.1, late_ms=3), RIDE,
    ), 0.9, swing=(0.5, 0.58), squeeze=(0.3, 0.8)),
    "big beat": Genre((
        kick("X..5..X...5.....", "X.....XX..5..3..", "X..X......X..4..", "X.X...5...XX...."), snare("....X.......X...", "....X..3....X..4", "....X.......X.34"),
        HAT, OPEN, CRASH, Part("tambourine", "jingle", ("....X.......X...", "X.X.X.X.X.X.X.X.", "..6...6...6...6."), 0.5, (-16, -10), (0.1, 0.5)), TOM,
    ), 0.9, swing=(0.5, 0.58), drive=(0.4, 1.8), squeeze=(0.5, 1), crush=0.3, fill=0.5),
    "electro break": Genre((
        kick("X..5..X...X.....", "X.....X..4X..3..", "X..X..4...X.5...", decay_s=(0.2, 0.5)),
        Part("snare", "snare", ("....X.......X...", "....X.......X..3"), 0.8, (-4, -1), reverb=(0, 0.2), accent="X", fills=True, roll=0.05),
        Part("clap", "clap", ("....X.......X...",), 0.5, (-9, -4), reverb=(0, 0.25)), HAT, OPEN,
        Part("zap", "zap", ("..3..3....3..4.4", "...5..5..."), 0.5, (-16, -10), (0.2, 0.7), (0, 0.2), (0, 0.4), fills=True), RIM,
    ), 0.8, drive=(0.1, 0.8)),
    "halftime": Genre((
        kick("X.........3...4.", "X..4......5.....", "X.....5.....3.4.", **BOOM), snare("........X.......", "........X......3", "........X....2..", ghost=0.06),
        Part("closed hat", "hat", ("X.X.X.X.X.X.X.X.", "XXX.XXX.XXX.XX.X", "X.XXX.X.X.XXX.X."), 0.95, (-16, -10), (0, 0.3), roll=0.14, accent="8575"),
        OPEN, RIM, Part("clap", "clap", ("........X.......",), 0.5, (-9, -4), reverb=(0.05, 0.3)), SHAKER,
        Part("zap", "zap", ("......3.....3..3", "...4..."), 0.3, (-17, -11), (0.2, 0.7), (0.1, 0.3), (0.1, 0.5)),
    ), 0.8, swing=(0.5, 0.58), squeeze=(0.2, 0.7)),
    "trip hop": Genre((
        kick("X......3..X.....", "X..3...X..5.....", "X.....3.X.3....."), snare("....X.......X...", "....X..2....X..3", ghost=0.1, tone_hz=(150, 210)), HAT, OPEN, RIM,
        Part("crackle", "crackle", ("2.2..22.2..2.22.", ".3..2..3..2"), 0.6, (-22, -15), (0.2, 0.8)), SHAKER,
    ), 0.8, swing=(0.54, 0.63), crush=0.6, squeeze=(0.3, 0.8), drive=(0.1, 0.6), room=(1, 8)),
    "broken": Genre((
        kick("X..5..X..3X.....", "X..X..X.....5.3.", "X.....5X..4..X..", "X..4....X..X...."), snare("....X..4..4.X...", "...4X..3...4X..3", ghost=0.1),
        HAT, SHAKER, OPEN, Part("wood", "wood", ("..4..4..4.4..4..", "X..X..X...X.X..."), 0.5, (-16, -11), (0.2, 0.6), fills=True), RIM,
        Part("clap", "clap", ("....6..4....6...",), 0.4, (-11, -6), reverb=(0, 0.2)),
    ), 0.8, swing=(0.52, 0.61), fill=0.45),
}  # fmt: skip
