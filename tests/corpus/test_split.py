from hypothesis import given
from hypothesis import strategies as st

from aijockey.corpus.split import split_sources

SOURCES = st.dictionaries(st.text(min_size=1), st.integers(1, 500), min_size=1, max_size=40)


@given(loops=SOURCES, share=st.floats(0.01, 0.5))
def test_some_are_held_out_and_some_are_left(loops: dict[str, int], share: float) -> None:
    split = split_sources(loops, share)
    assert split.keys() == loops.keys()
    assert "train" in split.values()
    assert ("test" in split.values()) == (len(loops) > 1)


@given(loops=SOURCES, share=st.floats(0.01, 0.5))
def test_the_same_sources_are_split_the_same_in_any_order(loops: dict[str, int], share: float) -> None:
    turned = dict(reversed(loops.items()))
    assert split_sources(loops, share) == split_sources(turned, share)


@given(loops=SOURCES)
def test_nothing_is_held_out_where_nothing_is_asked(loops: dict[str, int]) -> None:
    assert set(split_sources(loops, 0.0).values()) == {"train"}


def test_the_share_is_of_loops() -> None:
    loops = {f"song {i}": 10 + i for i in range(50)}
    held_out = sum(loops[source] for source, side in split_sources(loops, 0.1).items() if side == "test")
    assert 0.08 < held_out / sum(loops.values()) < 0.15


def test_a_set_beside_single_loops_is_not_held_out() -> None:
    loops = {"set": 60, **{f"loop {i}": 1 for i in range(20)}}
    assert split_sources(loops, 0.1)["set"] == "train"
