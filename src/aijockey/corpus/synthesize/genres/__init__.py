"""Rhythm genres: which parts play, and the priors of each."""

from aijockey.corpus.synthesize.genres.breaks import BREAKS
from aijockey.corpus.synthesize.genres.genre import Genre
from aijockey.corpus.synthesize.genres.house import HOUSE
from aijockey.corpus.synthesize.genres.percussion import PERCUSSION
from aijockey.corpus.synthesize.genres.techno import TECHNO

RHYTHMS: dict[str, dict[str, Genre]] = {
    "techno": TECHNO,
    "house": HOUSE,
    "breaks": BREAKS,
    "percussion": PERCUSSION,
}
