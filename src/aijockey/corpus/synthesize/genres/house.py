"""House and garage: four on the floor with swing, and two-step."""

from aijockey.corpus.synthesize.genres.genre import Genre
from aijockey.corpus.synthesize.patterns import Part

FOUR = ("X...X...X...X...", "X...X...X...X..3", "X...X...X.2.X...", "X...X..2X...X.2.")

KICK = Part(
    "kick",
    "kick",
    FOUR,
    level_db=(0, 0),
    accent="X",
    late_ms=0.8,
    vary=0.3,
    tweak={"drive": (0, 0.6), "decay_s": (0.18, 0.42)},
)
CLAP = Part("clap", "clap", ("....X.......X...", "....X..2....X...", "....X.......X.2."), 0.85, (-8, -3), (0, 0.08), (0.02, 0.25), accent="X",
            fills=True)  # fmt: skip
SNARE = Part("snare", "snare", ("....X.......X...", "....X..2.2..X..2", "....X.......X..3"), 0.4, (-9, -4), (0, 0.1), (0, 0.2), ghost=0.05,
             fills=True)  # fmt: skip
CLOSED = Part("closed hat", "hat", ("5373537353735373", "6.7.6.7.6.7.6.7.", "6564656465646564", "4.854.854.854.85"), 0.9, (-14, -8), (0, 0.35),
              ghost=0.08, accent="7485", late_ms=2)  # fmt: skip
OPEN = Part("open hat", "open hat", ("..X...X...X...X.", "..9...9...9...9.", "..8...8..28...82"), 0.85, (-10, -5), (0, 0.2), (0, 0.1), late_ms=1.5,
            choke="closed hat")  # fmt: skip
SHAKER = Part(
    "shaker",
    "shaker",
    ("7575757575757575", "6.766.766.766.76", "XXXXXXXXXXXXXXXX"),
    0.6,
    (-15, -9),
    (0.1, 0.5),
    accent="5384",
    late_ms=3,
)
CONGA = Part("conga", "skin", ("..4...35..4...35", "...4..5....4..53", "5..3..4..5.3..4."), 0.35, (-15, -9), (0.1, 0.6), (0, 0.2), ghost=0.1,
             fills=True, late_ms=3)  # fmt: skip
RIM = Part(
    "rim",
    "rim",
    ("...5..4...5..4..", "..4..4....4..4.3", "X..X..X...X..X.."),
    0.35,
    (-11, -6),
    (0.1, 0.5),
    (0, 0.2),
    (0, 0.2),
    fills=True,
)
TAMB = Part(
    "tambourine",
    "jingle",
    ("..8...8...8...8.", "....9.......9...", "5.7.5.7.5.7.5.7."),
    0.35,
    (-15, -9),
    (0.1, 0.5),
    (0, 0.15),
    late_ms=3,
)
SKIP_KICK = (
    "X.........5.....",
    "X..4......X..3..",
    "X.....3...X.....",
    "X.........X..4..",
    "X..5...3..6.....",
)
CRISP = {"decay_ms": (20, 60), "low_hz": (6500, 10500)}

HOUSE = {
    "classic": Genre((KICK, CLAP, CLOSED, OPEN, TAMB, CONGA, RIM, SNARE), 1.2, swing=(0.5, 0.57)),
    "deep": Genre((
        Part("kick", "kick", FOUR, level_db=(0, 0), accent="X", late_ms=1, tweak={"click": (0, 0.25), "drive": (0, 0.3), "punch_hz": (150, 500)}),
        Part("rim", "rim", ("....X.......X...", "....8..3....8..3"), 0.55, (-9, -3), (0, 0.2), (0.05, 0.3), (0, 0.2)),
        CLAP, CLOSED,
        Part("open hat", "open hat", ("..8...8...8...8.",), 0.6, (-14, -9), (0, 0.2), (0, 0.15), choke="closed hat"),
        SHAKER, CONGA,
        Part("wood", "wood", ("...3..4....3..4.", "..3..3.."), 0.4, (-16, -10), (0.2, 0.7), (0.05, 0.3), (0.1, 0.4)),
    ), 1.1, swing=(0.52, 0.59), squeeze=(0, 0.4), room=(2, 10)),
    "tech": Genre((
        KICK, CLAP, CLOSED, OPEN,
        Part("tom", "tom", ("..3..4....3..4.5", "...5..4....5..4.", "...4..5..."), 0.6, (-13, -7), (0, 0.4), (0, 0.15), fills=True),
        Part("click", "crackle", ("..3..4..3.3..4..", "...5..5."), 0.5, (-14, -8), (0.2, 0.7), fills=True),
        Part("wood", "wood", ("3..4..3..4..3.4.", "..4..4..4..4.4.4"), 0.5, (-14, -8), (0.1, 0.6), (0, 0.2), fills=True), SHAKER, RIM,
    ), 1.1, swing=(0.5, 0.56), drive=(0.1, 0.6), squeeze=(0.2, 0.7)),
    "two-step": Genre((
        Part("kick", "kick", SKIP_KICK, level_db=(0, 0), accent="X", late_ms=1, vary=0.4, tweak={"decay_s": (0.16, 0.32)}),
        Part("snare", "snare", ("....X.......X...", "....X.......X..2", "....X..2....X..."), 0.75, (-6, -2), (0, 0.08), (0.02, 0.2), ghost=0.06,
             accent="X", fills=True, tweak={"noise_ms": (70, 180), "tone_hz": (180, 300)}),
        Part("clap", "clap", ("....X.......X...",), 0.5, (-10, -5), reverb=(0.02, 0.2)),
        Part("closed hat", "hat", ("6.746.746.746.74", "..85.485..85.485", "5485548554855485"), 0.95, (-13, -7), (0, 0.3), ghost=0.1,
             accent="6487", late_ms=2, tweak=CRISP, roll=0.04),
        Part("open hat", "open hat", ("..X.......X.....", "......X.......X.", "..7...7...7...7."), 0.7, (-12, -7), (0, 0.2), choke="closed hat"),
        Part("rim", "rim", ("...5..5..3...5..", "..3..5...3.5..3."), 0.6, (-11, -6), (0.1, 0.5), (0, 0.2), (0, 0.25), fills=True),
        Part("wood", "wood", ("..3...4.3..3..4.", "...4...4.4......"), 0.5, (-14, -8), (0.2, 0.7), (0, 0.2)), SHAKER,
    ), 1.1, swing=(0.55, 0.63), fill=0.45),
    "speed garage": Genre((
        KICK, Part("snare", "snare", ("....X.......X...", "....X..3....X..3", "....X.....3.X.3."), 0.9, (-7, -3), (0, 0.1), (0, 0.2), ghost=0.1,
                   accent="X", fills=True),
        Part("closed hat", "hat", ("..85..85..85..85", "5.855.855.855.85"), 0.95, (-13, -7), (0, 0.3), ghost=0.12, tweak=CRISP), OPEN,
        Part("rim", "rim", ("...5..4..3.5..4.",), 0.6, (-11, -6), (0.1, 0.5), fills=True), SHAKER, CONGA,
    ), 0.8, swing=(0.55, 0.62), drive=(0.1, 0.6)),
    "jackin": Genre((
        Part("kick", "kick", (*FOUR, "X...X..4X..3X..."), level_db=(0, 0), accent="X", tweak={"click": (0.3, 0.9), "end_hz": (50, 62)}), CLAP,
        Part("snare", "snare", ("....X..3.3..X..4", "..3.X..3....X.33"), 0.6, (-11, -6), (0, 0.2), ghost=0.12, fills=True, roll=0.04),
        CLOSED, OPEN, Part("tom", "tom", ("......4.4....445", "..........3..4.5"), 0.6, (-11, -6), (0, 0.4), fills=True), RIM,
        Part("cowbell", "cowbell", ("..4..4..4..4..4.", "4..4..4...4..4.."), 0.4, (-15, -10), (0.1, 0.5)),
    ), 0.8, swing=(0.53, 0.61), crush=0.35, drive=(0.1, 0.7)),
    "disco": Genre((
        KICK, Part("snare", "snare", ("....X.......X...", "....X.......X.34"), 0.8, (-7, -3), (0, 0.1), (0.02, 0.2), ghost=0.05, fills=True), CLAP,
        Part("closed hat", "hat", ("X.XXX.XXX.XXX.XX", "7.7.7.7.7.7.7.7.", "XX.XXX.XXX.XXX.X"), 0.9, (-14, -9), (0, 0.3), accent="6475"),
        OPEN, TAMB, Part("bell", "cowbell", ("X.X.X.X.X.X.X.X.", "X.6.4.6.X.6.4.6."), 0.35, (-15, -9), (0.1, 0.5)),
        Part("tom", "tom", (".............345", "............4.44"), 0.5, (-10, -5), (0, 0.5), (0, 0.15), fills=True), CONGA,
    ), 0.8, fill=0.5, crush=0.1),
    "afro": Genre((
        Part("kick", "kick", (*FOUR, "X..3..X.X..3..X."), level_db=(0, 0), accent="X", late_ms=1, tweak={"click": (0, 0.3), "decay_s": (0.2, 0.35)}),
        Part("log", "tom", ("..4..4..4..4..44", "...5..5...5..5..", "X..X..X...X.X..."), 0.8, (-10, -5), (0, 0.3), (0, 0.2), fills=True,
             tweak={"tone_hz": (55, 130), "bend": (0.1, 0.3), "decay_ms": (180, 400)}),
        Part("conga", "skin", ("3.53..353.53..35", "..45..4...45..44", "5..35.3.5..35.35"), 0.95, (-12, -7), (0.1, 0.5), (0, 0.2), ghost=0.12,
             fills=True, late_ms=3),
        Part("high conga", "skin", ("..3..4..3..3.4..", ".4..4..4..4."), 0.7, (-14, -9), (0.2, 0.7), ghost=0.08, fills=True, late_ms=3,
             tweak={"tone_hz": (280, 480)}), SHAKER,
        Part("bell", "bell", ("X..X..X...X.X...", "X.X..X.X.X..X.X.", "X..X...X..X.X..."), 0.4, (-16, -10), (0.2, 0.7), (0, 0.2)),
        Part("clap", "clap", ("....8.......8...", "............9..."), 0.5, (-12, -7), reverb=(0.05, 0.25)), CLOSED,
    ), 0.9, swing=(0.51, 0.58), fill=0.4),
}  # fmt: skip
