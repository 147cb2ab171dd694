"""What is kept is what was found, whatever happens to the files."""

import base64
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aijockey.live import latent_store
from aijockey.live.latent_store import (
    LatentError,
    LatentStore,
    data_folder,
    decode,
    encode,
    identify,
    latent_bytes,
    latent_of_bytes,
)


@pytest.fixture
def store(tmp_path):
    return LatentStore(tmp_path / "latents")


@pytest.fixture
def latent(rng):
    return rng.normal(size=(64, 4)).astype(np.float32)


def test_what_is_kept_comes_back_to_half_precision(store, latent):
    identifier = store.add(latent)
    found = store.latent(identifier)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, latent, rtol=1e-3, atol=1e-6)
    assert LatentStore(store.folder).add(found) == identifier  # the same is kept once
    assert len(list(store.folder.glob("*.npy"))) == 1
    assert not list(store.folder.glob(".*"))


def test_a_file_is_named_by_its_content(store, latent):
    identifier = store.add(latent)
    (path,) = store.folder.glob("*.npy")
    assert path.stem[:12] == identifier == identify(path.read_bytes())
    assert np.load(path, allow_pickle=False).dtype == np.float16


def test_a_damaged_file_is_noticed(store, latent):
    identifier = store.add(latent)
    (path,) = store.folder.glob("*.npy")
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(LatentError, match="damaged"):
        store.latent(identifier)
    store.add(latent)  # and mended
    assert store.latent(identifier).shape == (64, 4)


@pytest.mark.parametrize("identifier", ["0123456789ab", "../../etc/pw", "0123456789AB", "*", "", "0" * 64])
def test_what_is_not_there_and_what_is_no_name(store, identifier):
    with pytest.raises(LatentError, match=r"no such latent|names no latent"):
        store.latent(identifier)


def test_two_latents_that_points_could_not_tell_apart_are_refused(store, latent):
    identifier = store.add(latent)
    (path,) = store.folder.glob("*.npy")
    path.rename(path.with_stem(identifier + "0" * 52))
    with pytest.raises(LatentError, match="apart"):
        store.add(latent)


@pytest.mark.parametrize(
    "latent",
    [
        np.full((4, 4), np.nan),
        np.full((4, 4), 1e6),
        np.zeros((0, 4)),
        np.zeros((2,) * 5),
        np.zeros((1 << 18, 1)),
    ],
)
def test_what_is_no_latent_is_not_kept(store, latent):
    with pytest.raises(LatentError, match="expected"):
        store.add(latent)
    assert not store.folder.exists()


def test_a_full_store_says_so(store, rng, monkeypatch):
    monkeypatch.setattr(latent_store, "MOST_LATENTS", 2)
    for _ in range(2):
        store.add(rng.normal(size=(4, 4)))
    with pytest.raises(LatentError, match="holds 2 latents"):
        store.add(rng.normal(size=(4, 4)))


def test_a_folder_that_cannot_be_written_is_an_error_that_helps(tmp_path, latent):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LatentError, match="AIJOCKEY_DATA"):
        LatentStore(tmp_path / "file" / "latents").add(latent)


def test_sets_carry_latents_as_text(latent):
    data = latent_bytes(latent)
    text = encode(data)
    assert text.isascii()
    assert decode(identify(data), text) == data
    carried = LatentStore(Path("/nowhere/at/all"), {identify(data): data})
    np.testing.assert_array_equal(carried.latent(identify(data)), latent_of_bytes(data))


def bomb():
    return base64.b64encode(zlib.compress(bytes(1 << 24))).decode()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("###", "unpacked"),
        ("ä", "unpacked"),
        (base64.b64encode(b"no zlib").decode(), "unpacked"),
        (bomb(), "larger"),
        (encode(latent_bytes(np.ones(4)))[:-12] + "AAAA", "unpacked|cut short|really"),
        (encode(b"not an array"), "really"),
    ],
)
def test_texts_that_are_no_latent_are_refused(text, why):
    with pytest.raises(LatentError, match=why):
        decode("0123456789ab", text)


def test_a_text_whose_hash_is_right_must_still_be_a_latent():
    data = b"not an array"
    with pytest.raises(LatentError, match="no latent"):
        decode(identify(data), encode(data))


@given(data=st.binary(max_size=300))
def test_arbitrary_bytes_never_crash_the_reader(data):
    for text in (data, latent_bytes(np.ones(3))[:-2] + data[:2], b"\x93NUMPY\x01\x00" + data):
        try:
            latent_of_bytes(text)
        except LatentError:
            continue


def test_where_the_players_things_are(monkeypatch, tmp_path):
    monkeypatch.setenv("AIJOCKEY_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    assert LatentStore().folder == tmp_path / "latents"
    monkeypatch.delenv("AIJOCKEY_DATA")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert data_folder() == tmp_path / "xdg" / "aijockey"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert data_folder().parts[-3:] == ("Library", "Application Support", "aijockey")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert data_folder() == tmp_path / "local" / "aijockey"
