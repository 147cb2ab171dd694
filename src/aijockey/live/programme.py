"""What to play when little is said: shipped sets, and which set suits a pack."""

from dataclasses import replace
from importlib import resources
from pathlib import Path

from aijockey.control.parameters import MAX_DECKS, near, resolve
from aijockey.live.arrange import arrange
from aijockey.live.latent_store import LatentStore
from aijockey.live.loop_source import DirectSource, controls_of
from aijockey.live.pace import paces_of
from aijockey.live.set_file import LiveSet, SetError, read_set
from aijockey.pack.pack import Pack

DEFAULT_SET = "default"
SET_SUFFIX = ".set"


def shipped_sets() -> dict[str, Path]:
    """Name -> path of the sets inside the installed package."""
    folder = Path(str(resources.files("aijockey"))) / "sets"
    return {path.stem: path for path in sorted(folder.glob(f"*{SET_SUFFIX}"))}


def choose_set(name_or_path: str | None, pack: Pack) -> LiveSet:
    """The set to play from a pack: a file, a shipped set by name, or, for None, the default one where the
    pack has its voices and else an arrangement of the voices there are.

    Raises
    ------
    SetError : no such set, or a file that cannot be read; or a set that was made with another pack of the
    same name.
    """
    shipped = shipped_sets()
    voices = {voice.name: voice.tonal for voice in pack.manifest.voices}
    if name_or_path is None:
        live_set = read_set(shipped[DEFAULT_SET]) if DEFAULT_SET in shipped else None
        return live_set if live_set and set(live_set.voices) <= set(voices) else arrange(voices)
    path = Path(name_or_path)
    if not path.exists() and name_or_path in shipped:
        path = shipped[name_or_path]
    if not path.exists():
        listed = f"; shipped sets: {', '.join(shipped)}" if shipped else ""
        raise SetError(f"{name_or_path}: no such file or shipped set{near(name_or_path, shipped)}{listed}")
    live_set = read_set(path)
    made_with = live_set.pack
    if made_with and made_with.sha256 and made_with.sha256 != pack.hash:
        raise SetError(
            f"{path}: was made with the pack '{made_with.name}' {made_with.sha256[:12]}…, and this is "
            f"'{pack.manifest.name}' {pack.hash[:12]}…; remove sha256 from the set to play it with this one"
        )
    return live_set


def with_input(live_set: LiveSet) -> LiveSet:
    """The set with one more deck, that carries the live input.

    Raises
    ------
    SetError : all decks there may be are taken.
    """
    if any(deck.get("input") for deck in live_set.decks):
        return live_set
    if len(live_set.decks) == MAX_DECKS:
        raise SetError(
            f"a live input takes a deck, and the set '{live_set.title}' has all {MAX_DECKS}; expected at most "
            f"{MAX_DECKS - 1}, or one whose input is 1"
        )
    return replace(live_set, decks=(*live_set.decks, {"input": 1.0}))


def input_decks(live_set: LiveSet) -> tuple[int, ...]:
    """Decks, from 1, that carry the live input at some time: no set holds what came in, so a replay is silent there."""
    found = {number for number, deck in enumerate(live_set.decks, start=1) if deck.get("input")}
    for event in live_set.events:
        target = resolve(event.address)
        if target.deck is not None and target.parameter.name == "input" and event.value:
            found.add(target.deck + 1)
    return tuple(sorted(found))


def direct_source(pack: Pack, threads: int = 1, live_set: LiveSet | None = None) -> DirectSource:
    """A source that makes the pack's loops when they are asked for, and raises where one fails: for
    rendering.

    live_set : what is to be rendered, for the latents that it carries and the channels that it needs; None: latents
    of the player's store, and stereo, since hands may do anything.
    """
    from aijockey.live.generator import Generator  # loads ONNX Runtime
    from aijockey.live.loop_maker import LoopMaker

    generator = Generator(pack, threads)
    store = LatentStore(carried=live_set.latents if live_set else None)
    maker = LoopMaker(generator, lambda voice: controls_of(pack, voice), store.latent)
    voices = {voice.name: voice.tonal for voice in pack.manifest.voices}
    channels = live_set.channels if live_set else 2
    return DirectSource(maker, voices, channels=channels, strict=True, paces=paces_of(pack.manifest))
