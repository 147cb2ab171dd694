"""Percussion without a drum kit: hands, wood, shakers, bells, metal, clicks."""

from collections.abc import Mapping

from aijockey.corpus.synthesize.draw import Range
from aijockey.corpus.synthesize.genres.genre import Genre
from aijockey.corpus.synthesize.patterns import Part

SON = ("X..X..X...X.X...", "X..X...X..X.X...", "..X.X...X..X..X.")
BELL = ("X.X.XX.X.X.X", "X.X.X.XX.X.XX.X.", "X..X..X..X..X.X.", "X.X..X.X.X..X.X.")
LOW, MID, HIGH = (
    {"tone_hz": (130, 200)},
    {"tone_hz": (190, 300)},
    {"tone_hz": (290, 480), "decay_ms": (90, 220)},
)


def skin(
    name: str,
    *priors: str,
    tweak: Mapping[str, Range],
    pan: Range = (0.1, 0.6),
    ghost: float = 0.1,
    presence: float = 0.95,
) -> Part:
    """A hand drum, loosely played."""
    return Part(
        name, "skin", priors, presence, (-5, 0), pan, (0.02, 0.2), (0, 0.1), ghost, late_ms=3, vary=0.25,
        fills=True, roll=0.03, tweak=tweak,
    )  # fmt: skip


SHAKER = Part("shaker", "shaker", ("XXXXXXXXXXXXXXXX", "8686868686868686", "7.767.767.767.76", "6.8.6.8.6.8.6.8."), 0.75, (-13, -6), (0.1, 0.7),
              (0, 0.1), accent="7485", late_ms=3)  # fmt: skip
CLAVE = Part("clave", "wood", SON, 0.6, (-11, -5), (0.1, 0.6), (0.02, 0.25), accent="8", late_ms=2, vary=0.03,
             tweak={"tone_hz": (1700, 2800), "hollow": (0, 0.3)})  # fmt: skip
COWBELL = Part(
    "cowbell",
    "cowbell",
    ("X...X...X...X...", "X.X.X.X.X.X.X.X.", "X..XX.X.X..XX.X."),
    0.4,
    (-14, -8),
    (0.1, 0.6),
    accent="9685",
)
TAMB = Part(
    "tambourine",
    "jingle",
    ("....X.......X...", "..X...X...X...X.", "7575757575757575"),
    0.4,
    (-14, -8),
    (0.1, 0.7),
    (0, 0.15),
    late_ms=3,
)
GUIRO = Part(
    "guiro",
    "scrape",
    ("X...X.X.X...X.X.", "X.......X.......", "..X...X...X...X."),
    0.35,
    (-13, -7),
    (0.2, 0.7),
    (0, 0.15),
    late_ms=2,
)

PERCUSSION = {
    "latin": Genre((
        skin("conga", "4.5X..5.4.5X..X4", "..X...XX..X...XX", tweak=MID), skin("tumba", "......X.......X4", "X......3X.....4.", presence=0.8, tweak=LOW),
        skin("bongo", "X.35X.35X.35X.35", "X5.5X5.5X5.5X5.5", presence=0.6, ghost=0.15, tweak=HIGH), CLAVE, COWBELL, SHAKER, GUIRO,
    ), 1.2, swing=(0.5, 0.56), room=(1, 8)),
    "afrobeat": Genre((
        skin("djembe", "X..4..X.4..X..4.", "X.4X..4.X.4X..44", tweak=MID), skin("low drum", "X.....X...4.....", "X..4..X....4..X.", tweak=LOW),
        skin("talking drum", "..4..4...4.4..4.", ".4..4..4..4.", presence=0.6, tweak=HIGH | {"bend": (0.2, 0.6)}),
        Part("bell", "bell", BELL, 0.75, (-13, -7), (0.1, 0.6), (0, 0.2), accent="9687", vary=0.03), SHAKER,
        Part("wood", "wood", ("..X..X..X..X..X.", "X..X..X."), 0.4, (-12, -7), (0.2, 0.7)),
    ), 1.1, swing=(0.5, 0.6), fill=0.4),
    "tribal": Genre((
        Part("low tom", "tom", ("X..4..X.X..4..X.", "X...4.X...4.X.4.", "4..X..4"), 1, (-3, 0), (0, 0.3), (0, 0.25), ghost=0.08, fills=True, late_ms=2,
             tweak={"tone_hz": (65, 110), "decay_ms": (200, 450)}),
        Part("high tom", "tom", ("..4..5.4..4..5.5", "...X...4.X..4.X.", ".5..5.4"), 0.95, (-6, -1), (0.1, 0.5), (0, 0.25), ghost=0.08, fills=True, late_ms=2,
             tweak={"tone_hz": (120, 260)}),
        skin("hand drum", "4.544.544.544.54", "..5..5.5..5..5.5", presence=0.7, tweak=MID), SHAKER,
        Part("stick", "wood", ("X...X...X...X...", "..4..4.4..4..4.4"), 0.6, (-13, -8), (0.2, 0.7), fills=True),
    ), 1.1, swing=(0.5, 0.58), fill=0.5),
    "samba": Genre((
        Part("surdo", "tom", ("4...X...4...X...", "....X.3.....X..3"), 1, (-3, 0), (0, 0.15), (0, 0.15), accent="X",
             tweak={"tone_hz": (62, 95), "decay_ms": (260, 450), "skin": (0.2, 0.6)}),
        Part("caixa", "snare", ("X55X55X5X55X55X5", "55X55X5X55X55X5X"), 0.7, (-14, -8), (0.1, 0.5), ghost=0.3, fills=True, late_ms=3,
             tweak={"noise_ms": (60, 130), "tone_ms": (40, 90)}),
        Part("agogo high", "bell", ("X.X..X.X..X.X...", "..X.X..X.X..X.X."), 0.7, (-13, -8), (0.1, 0.5), vary=0.05,
             tweak={"tone_hz": (900, 1300), "ratio": (1.4, 1.8), "decay_ms": (120, 260)}),
        Part("tamborim", "rim", ("X.X..XX.X.X..X.X", "X.XX.X.X.XX.X.X."), 0.7, (-11, -6), (0.1, 0.6), fills=True), SHAKER, TAMB,
    ), 0.9, swing=(0.5, 0.6), fill=0.45),
    "shakers": Genre((
        Part("shaker", "shaker", ("XXXXXXXXXXXXXXXX", "X.XXX.XXX.XXX.XX"), 1, (-4, 0), (0.1, 0.6), (0, 0.15), accent="7485", late_ms=3),
        Part("cabasa", "shaker", ("..X...X...X...X.", "4.X.4.X.4.X.4.X.", "X..X..X.X..X..X."), 0.8, (-7, -2), (0.2, 0.8), late_ms=3,
             tweak={"grain": (0.5, 0.9), "decay_ms": (70, 200)}), TAMB,
        Part("maraca", "shaker", ("6565656565656565", "X...X...X...X..."), 0.5, (-8, -3), (0.2, 0.8), tweak={"centre_hz": (3000, 6000)}),
        Part("finger snap", "rim", ("....X.......X...", "....X.......X.3."), 0.5, (-9, -3), (0, 0.5), (0.05, 0.3), tweak={"tone_hz": (1200, 2400)}), GUIRO,
    ), 0.9, swing=(0.5, 0.6)),
    "clicks": Genre((
        Part("click", "crackle", ("..5..4..5.4..5.4", "5..5..", "..5..4.5..."), 1, (-5, 0), (0.2, 0.9), (0, 0.2), (0, 0.4), ghost=0.05, fills=True, roll=0.06),
        Part("blip", "zap", ("....4...4...4..4", "...5..4", "5...4....."), 0.9, (-8, -3), (0.2, 0.9), (0, 0.3), (0, 0.5), fills=True, roll=0.05,
             tweak={"decay_ms": (15, 80), "end_hz": (300, 3000)}),
        Part("tick", "wood", ("X...X...X...X...", "5.5.5.5.5.5.5.5.", "X..X..X."), 0.8, (-8, -3), (0, 0.6), (0, 0.2), (0, 0.3),
             tweak={"tone_hz": (1200, 4000), "decay_ms": (15, 50)}),
        Part("static", "hat", ("..5...5...5...5.", "4444444444444444"), 0.6, (-13, -7), (0.1, 0.7), tweak={"decay_ms": (8, 40), "metal": (0, 0.3)}),
        Part("thud", "tom", ("X.......4.......", "X..4......4.....", "4....3.."), 0.6, (-5, -1), tweak={"tone_hz": (55, 110), "decay_ms": (60, 160)}),
    ), 1.0, density=(-0.6, 1.2), room=(0, 9), echo=(0, 0.5)),
    "metal": Genre((
        Part("anvil", "metal", ("X.....4...X..4..", "....X..4....X.4.", "X..X..4"), 1, (-5, 0), (0, 0.5), (0.05, 0.3), (0, 0.3), fills=True),
        Part("pipe", "metal", ("..4..5..4..5..4.", "5...5..", "..5.4"), 0.9, (-8, -3), (0.2, 0.8), (0.05, 0.3), (0, 0.3), fills=True,
             tweak={"tone_hz": (500, 2200), "decay_ms": (60, 250)}),
        Part("barrel", "tom", ("X...4...X...4...", "X..4..X...4....."), 0.8, (-4, 0), (0, 0.2), (0.05, 0.25), tweak={"tone_hz": (55, 130), "drive": (0.2, 1)}),
        Part("chain", "jingle", ("..6...6...6...6.", "5555555555555555"), 0.6, (-13, -7), (0.2, 0.7), late_ms=3), SHAKER,
    ), 0.8, room=(4, 12), drive=(0.1, 1)),
    "gamelan": Genre((
        Part("low bell", "bell", ("X.......4.......", "X...4...4...4...", "4..4..4...4....."), 1, (-5, -1), (0, 0.4), (0.05, 0.3), accent="9",
             tweak={"tone_hz": (220, 440), "decay_ms": (500, 1400)}),
        Part("high bell", "bell", ("4.545.454.545.45", "..5..5..5..5..5.", "5..5.5."), 0.95, (-9, -4), (0.2, 0.7), (0.05, 0.3), (0, 0.4), fills=True,
             tweak={"tone_hz": (800, 2600), "decay_ms": (150, 600)}),
        Part("wood", "wood", ("X.X.X.X.X.X.X.X.", "4.4.5.4.4.4.5.4."), 0.7, (-10, -5), (0.1, 0.6)), skin("drum", "X..4..4.X..4..4.", tweak=LOW), SHAKER,
    ), 0.7, room=(4, 13), echo=(0, 0.4)),
    "tabla": Genre((
        skin("bayan", "X.....4.X...4...", "X..4....X..4..4.", pan=(0, 0.3), tweak={"tone_hz": (85, 140), "bend": (0.2, 0.6), "decay_ms": (250, 500), "slap": (0, 0.3)}),
        skin("dayan", "4.555.544.555.54", "5.5.X.555.5.X.55", "..55..5", ghost=0.16, tweak={"tone_hz": (260, 420), "overtone": (0.6, 1), "slap": (0.1, 0.6)}),
        Part("finger", "rim", ("..4.4..4..4.4.44", "5.5.5.5.5.5.5.5."), 0.6, (-14, -9), (0.2, 0.6), fills=True), SHAKER, TAMB,
    ), 0.8, swing=(0.5, 0.58), fill=0.45),
}  # fmt: skip
