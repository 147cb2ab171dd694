"""Techno: four on the floor and what moves around it."""

from aijockey.corpus.synthesize.genres.genre import Genre
from aijockey.corpus.synthesize.patterns import Part

FOUR = ("X...X...X...X...", "X...X...X...X..2", "X...X...X..1X...", "X...X...X...X.1.")

KICK = Part("kick", "kick", FOUR, level_db=(0, 0), accent="X", late_ms=0.4, reverb=(0, 0.03), vary=0.3)
HARD = {"decay_s": (0.25, 0.45), "drive": (1.5, 5), "click": (0.2, 0.8), "punch_hz": (600, 2400)}
SOFT = {"click": (0, 0.2), "drive": (0, 0.4), "punch_hz": (150, 500), "decay_s": (0.25, 0.45)}
OPEN = Part("open hat", "open hat", ("..X...X...X...X.", "..9...9...9...9.", "..X...X...X..3X."), 0.8, (-11, -6), (0, 0.2),
            (0, 0.12), late_ms=1, choke="closed hat")  # fmt: skip
CLOSED = Part("closed hat", "hat", ("6464646464646464", "7.657.657.657.65", "XXXXXXXXXXXXXXXX", "..7...7...7...7.", "3.8.3.8.3.8.3.85"),
              0.85, (-14, -8), (0, 0.35), (0, 0.1), ghost=0.06, accent="6485", roll=0.02)  # fmt: skip
CLAP = Part(
    "clap",
    "clap",
    ("....X.......X...", "....X.......X..2", "............X..."),
    0.7,
    (-10, -5),
    (0, 0.1),
    (0.02, 0.3),
    fills=True,
)
RIM = Part("rim", "rim", ("..3..4..3..2..4.", "3..3..3..3..3.2.", "...5..4....5..4.", "...7.."), 0.5, (-12, -6), (0.1, 0.6), (0, 0.25),
           (0, 0.3), fills=True)  # fmt: skip
RIDE = Part(
    "ride",
    "ride",
    ("..X...X...X...X.", "X.X.X.X.X.X.X.X.", "X...X...X...X..."),
    0.3,
    (-15, -10),
    (0, 0.3),
    (0, 0.1),
)
ZAP = Part("zap", "zap", ("..2..3..2.3..2.3", "...4.....3..4...", "....5", "..4.3..", "3..4..2.."), 0.5, (-15, -8), (0.1, 0.8),
           (0, 0.3), (0, 0.5), fills=True, roll=0.03)  # fmt: skip
TOM = Part(
    "tom",
    "tom",
    ("..3..3.4..3..3.4", "...3..4.....3.44", "..5..", "...4..3"),
    0.45,
    (-13, -7),
    (0, 0.5),
    (0, 0.2),
    fills=True,
)

TECHNO = {
    "peak": Genre((KICK, CLOSED, OPEN, CLAP, RIDE, RIM, TOM), 1.3, drive=(0.1, 0.8), squeeze=(0.2, 0.8)),
    "minimal": Genre((
        Part("kick", "kick", FOUR, level_db=(0, 0), accent="X", late_ms=0.4, tweak=SOFT | {"decay_s": (0.18, 0.3)}),
        Part("closed hat", "hat", ("..7...7...7...7.", "..6..3.4..6..3.4", "4.4.4.4.4.4.4.4."), 0.9, (-15, -9), (0, 0.4), ghost=0.1,
             tweak={"decay_ms": (15, 50)}),
        Part("click", "crackle", ("3..4..3.3..4..34", "..5..", "...4..3..4."), 0.8, (-13, -6), (0.2, 0.8), (0, 0.2), (0, 0.3), fills=True),
        Part("rim", "rim", ("....5..2....5...", "...4......4.....", "..3..4..", "......5."), 0.7, (-11, -5), (0, 0.6), (0, 0.2), (0, 0.4),
             fills=True),
        Part("wood", "wood", ("..2..3....3..2..", "...4...", "....3.3."), 0.5, (-15, -8), (0.2, 0.8), (0, 0.2), (0, 0.3)),
        Part("clap", "clap", ("....8.......8...", "............X..."), 0.5, (-13, -8), reverb=(0, 0.15), tweak={"tail_ms": (60, 140)}),
    ), 1.1, swing=(0.5, 0.57), drive=(0, 0.2), squeeze=(0, 0.4)),
    "dub": Genre((
        Part("kick", "kick", FOUR, level_db=(0, 0), accent="X", late_ms=0.5, reverb=(0, 0.08), tweak=SOFT),
        Part("closed hat", "hat", ("..8...8...8...8.", "5.7.5.7.5.7.5.7.", "3464346434643464"), 0.9, (-17, -11), (0, 0.3), (0, 0.2), (0, 0.2)),
        Part("rim", "rim", ("...5..4....5..4.", "......5.......4.", "...6..5"), 0.7, (-12, -6), (0.1, 0.6), (0.1, 0.5), (0.2, 0.8)),
        Part("clap", "clap", ("....X.......X...", "............8..."), 0.55, (-13, -8), (0, 0.1), (0.2, 0.6), (0, 0.4)),
        Part("noise", "shaker", ("2.4.2.4.2.4.2.4.", "...5..5.", "5....4.."), 0.7, (-17, -10), (0.1, 0.7), (0.1, 0.4), (0.1, 0.5)),
        OPEN,
    ), 1.0, swing=(0.5, 0.55), drive=(0, 0.2), squeeze=(0.1, 0.5), room=(6, 13), echo=(0.25, 0.7)),
    "hard": Genre((
        Part("kick", "kick", (*FOUR, "X..3X...X..3X.3."), level_db=(0, 0), accent="X", late_ms=0.2, reverb=(0, 0.15), tweak=HARD),
        Part("closed hat", "hat", ("XXXXXXXXXXXXXXXX", "5X5X5X5X5X5X5X5X", "7777777777777777"), 0.85, (-13, -8), (0, 0.3), accent="5487",
             tweak={"metal": (0.4, 1)}),
        OPEN, CLAP, RIDE,
        Part("metal", "metal", ("..3..4....3..4..", "...4..4", "....6.......6..3"), 0.6, (-14, -8), (0.1, 0.7), (0.05, 0.3), (0, 0.3),
             fills=True),
        Part("rumble", "tom", (".XXX.XXX.XXX.XXX", "..XX..XX..XX..XX", ".X.X.X.X.X.X.X.X"), 0.6, (-12, -7), (0, 0), (0.05, 0.2), accent="5",
             tweak={"tone_hz": (46, 62), "bend": (0, 0.1), "decay_ms": (120, 220), "skin": (0, 0.1)}),
    ), 1.0, drive=(0.5, 2.0), squeeze=(0.3, 1)),
    "tribal": Genre((
        KICK, CLOSED,
        Part("low tom", "tom", ("..4..5..4..5..4.", "3..4..3..4..3.4.", "...5..5.....5.5."), 0.95, (-11, -5), (0, 0.3), (0, 0.2), ghost=0.08,
             fills=True, tweak={"tone_hz": (70, 120)}),
        Part("high tom", "tom", ("...3..4.3..3..45", "....4..3....4.34", "..4..4."), 0.9, (-12, -7), (0.1, 0.5), (0, 0.2), ghost=0.06,
             fills=True, tweak={"tone_hz": (130, 240)}),
        Part("conga", "skin", ("..35..3..4.3..4.", "3.43.34.3.43.34."), 0.6, (-14, -9), (0.2, 0.7), (0, 0.2), ghost=0.1, fills=True),
        Part("shaker", "shaker", ("6575657565756575",), 0.7, (-15, -9), (0.1, 0.4), accent="6485"), CLAP,
    ), 0.9, swing=(0.5, 0.56), fill=0.5),
    "acid": Genre((
        Part("kick", "kick", (*FOUR, "X...X...X.3.X..3"), level_db=(0, 0), accent="X", late_ms=0.3,
             tweak={"click": (0.3, 0.9), "drive": (0.3, 2)}),
        CLOSED, OPEN,
        Part("snare", "snare", ("....X.......X...", "....X.......X.32", "....X..2.2..X..2"), 0.6, (-9, -4), (0, 0.1), (0, 0.2), ghost=0.03,
             fills=True, roll=0.03),
        CLAP, Part("cowbell", "cowbell", ("..3..3..4..3..3.", "...5..5.", "...4..4.4"), 0.4, (-16, -10), (0.1, 0.6), (0, 0.2), fills=True), RIM,
    ), 0.9, drive=(0.1, 0.9), squeeze=(0.1, 0.7)),
    "electro": Genre((
        Part("kick", "kick", ("X.....6...X..4..", "X..4..X...5.....", "X....5....X.3.4.", "X..X..4...X....."), level_db=(0, 0), accent="X987",
             late_ms=0.4, tweak={"decay_s": (0.25, 0.7), "drive": (0, 0.6)}),
        Part("snare", "snare", ("....X.......X...", "....X.......X..3", "....X..3....X.2."), level_db=(-6, -2), reverb=(0, 0.2), fills=True,
             accent="X", roll=0.02),
        CLOSED, OPEN, ZAP,
        Part("cowbell", "cowbell", ("..4..4..4..4..4.", "4...4.4.4...4.4.", "3.3.33.33.3.33.3"), 0.6, (-15, -10), (0.1, 0.5), (0, 0.15)),
        CLAP, TOM,
    ), 0.8, fill=0.5),
    "hypnotic": Genre((
        KICK, Part("closed hat", "hat", ("XXXXXXXXXXXXXXXX", "7X7X7X7X7X7X7X7X", "X.XX.XX.XX.XX.X."), 0.9, (-16, -10), (0, 0.3), accent="5364",
                   vary=0.02),
        Part("zap", "zap", ("....5", "..5..5.", "5..5..5..5.", "...5....."), 0.9, (-13, -6), (0.2, 0.8), (0.05, 0.4), (0.1, 0.6)),
        Part("bell", "bell", ("..4....", "...3.....", ".....4."), 0.55, (-16, -9), (0.2, 0.8), (0.1, 0.5), (0.1, 0.6)),
        TOM, RIDE,
    ), 0.9, room=(3, 12), echo=(0.15, 0.6)),
}  # fmt: skip
