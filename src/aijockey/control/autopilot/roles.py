"""What a voice is in the music: found from its name, and from whether it is tonal."""

from collections.abc import Mapping

from aijockey.control.desk import Voice

ROLES = ("beat", "tops", "bass", "pad", "lead", "texture")
# The first role one of whose words the name holds; looked through in this order.
WORDS: Mapping[str, tuple[str, ...]] = {
    "bass": ("bass", "sub", "303"),
    "texture": ("textur", "noise", "atmo", "drone", "ambien", "field", "wind", "fx"),
    "tops": ("perc", "hat", "top", "shaker", "conga", "ride", "clap"),
    "pad": ("pad", "chord", "string", "choir", "organ"),
    "lead": ("stab", "lead", "pluck", "arp", "melod", "key", "piano", "synth"),
    "beat": ("techno", "house", "break", "drum", "beat", "kick", "garage", "jungle", "trance", "electro"),
}


def role_of(voice: Voice) -> str:
    """One of `ROLES`: by its name, else a tonal voice is a pad and a rhythm a beat."""
    name = voice.name.lower()
    for role, words in WORDS.items():
        if any(word in name for word in words):
            return role
    return "pad" if voice.tonal else "beat"
