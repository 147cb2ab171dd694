"""A pack is what it says it is, or it does not open: one plain error for each thing that can be wrong."""

import dataclasses
import hashlib
import io
import json
import os
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from aijockey.pack import errors as e
from aijockey.pack.container import Archive
from aijockey.pack.find import default_pack_path, find_pack, shipped_packs
from aijockey.pack.manifest import CARD_NAME, MANIFEST_NAME, GriffinLimSpec
from aijockey.pack.pack import Pack, decode_array
from aijockey.pack.writer import convert_pack, write_pack


@pytest.fixture
def folder(tiny_pack, tmp_path) -> Path:
    """A copy of the tiny pack to spoil."""
    return Path(shutil.copytree(tiny_pack.path, tmp_path / "spoiled"))


def relist(folder: Path, **contents: bytes) -> None:
    """Change files and list their new hashes, as somebody who means it would."""
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    for name, data in contents.items():
        (folder / name).write_bytes(data)
        manifest["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))


def zip_of(entries: dict[str, bytes], path: Path, method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


class TestRoundTrips:
    def test_an_opened_pack_says_what_was_written(self, tiny_pack, tiny_manifest, tiny_files):
        pack = Pack.open(tiny_pack.path)
        assert dataclasses.replace(pack.manifest, files={}) == tiny_manifest
        assert pack.read("flow.onnx") == tiny_files["flow.onnx"]
        assert np.array_equal(pack.array("code-basis.npy"), tiny_files["code-basis.npy"].astype(np.float32))
        assert pack.array("code-basis.npy").dtype == np.float32
        assert pack.card.startswith("# Tiny")
        assert set(pack.manifest.files) == {*tiny_files, CARD_NAME}

    def test_folder_and_archive_are_the_same_pack(self, tiny_pack, tmp_path):
        archive = convert_pack(tiny_pack, tmp_path / "one.ajpack")
        back = convert_pack(archive, tmp_path / "back")
        assert tiny_pack.hash == archive.hash == back.hash
        assert contents_of(back.path) == contents_of(tiny_pack.path)
        for name in tiny_pack.manifest.files:
            assert archive.read(name) == tiny_pack.read(name)

    def test_the_same_pack_is_the_same_archive_byte_for_byte(self, make_pack):
        assert make_pack("a.ajpack").path.read_bytes() == make_pack("a.ajpack").path.read_bytes()

    def test_the_hash_is_of_the_whole_content(self, tiny_pack, make_pack, tiny_files):
        assert tiny_pack.hash == hashlib.sha256((tiny_pack.path / MANIFEST_NAME).read_bytes()).hexdigest()
        changed = make_pack(files={"code-mean.npy": tiny_files["code-mean.npy"] + 0.01})
        assert changed.hash != tiny_pack.hash

    def test_half_precision_arrays_come_back_as_float32(self, make_pack, tiny_files):
        half = make_pack(files={"code-mean.npy": tiny_files["code-mean.npy"].astype(np.float16)})
        assert half.manifest.files["code-mean.npy"].bytes < 300
        assert half.array("code-mean.npy").dtype == np.float32
        assert half.code("patch-pca").mean == pytest.approx(tiny_files["code-mean.npy"], rel=1e-3)

    def test_the_code_is_the_one_that_was_stored(self, tiny_pack, rng):
        code = tiny_pack.code("patch-pca")
        codes = rng.standard_normal((2, 64, 4)).astype(np.float32)
        assert code.encode(code.decode(codes)) == pytest.approx(codes, abs=1e-3)
        assert tiny_pack.mel_config.bands == code.bands == 16


class TestWriting:
    def test_nothing_is_overwritten_unless_forced(self, tiny_pack, tmp_path):
        for name in ("pack", "pack.ajpack"):
            first = convert_pack(tiny_pack, tmp_path / name)
            with pytest.raises(e.PackExistsError, match="--force replaces it"):
                convert_pack(tiny_pack, tmp_path / name)
            assert convert_pack(tiny_pack, tmp_path / name, force=True).hash == first.hash

    def test_what_is_no_pack_is_never_replaced(self, tiny_pack, tmp_path):
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "letter.txt").write_text("dear")
        (tmp_path / "song.wav").write_text("sound")
        (tmp_path / "link").symlink_to(tiny_pack.path)
        for name in ("home", "song.wav", "link"):
            with pytest.raises(e.PackExistsError, match="is not a pack, so it is not replaced"):
                convert_pack(tiny_pack, tmp_path / name, force=True)
        assert (tmp_path / "home" / "letter.txt").read_text() == "dear"

    def test_an_invalid_pack_leaves_nothing_behind(self, tiny_manifest, tiny_files, tmp_path):
        broken = {**tiny_files, "code-mean.npy": np.zeros(3, np.float32)}
        for name in ("pack", "pack.ajpack"):
            with pytest.raises(e.ArrayFileError, match=r"has shape \(3,\); the manifest implies \(64,\)"):
                write_pack(tmp_path / name, tiny_manifest, broken, "card")
        assert not list(tmp_path.iterdir())

    def test_a_failed_replacement_keeps_the_old_pack(self, tiny_manifest, tiny_files, tmp_path):
        old = write_pack(tmp_path / "pack", tiny_manifest, tiny_files, "card")
        with pytest.raises(e.PackError):
            write_pack(
                tmp_path / "pack", tiny_manifest, {**tiny_files, "flow.onnx": b"nonsense"}, "card", force=True
            )
        assert Pack.open(tmp_path / "pack").hash == old.hash
        assert [path.name for path in tmp_path.iterdir()] == ["pack"]

    def test_files_may_be_paths(self, tiny_manifest, tiny_files, tiny_pack, tmp_path):
        files = {name: tiny_pack.path / name for name in tiny_files}
        assert write_pack(tmp_path / "copy", tiny_manifest, files, tiny_pack.card).hash == tiny_pack.hash

    def test_whole_numbers_are_no_arrays_of_a_pack(self, tiny_manifest, tiny_files, tmp_path):
        files = {**tiny_files, "code-mean.npy": np.zeros(64, np.int64)}
        with pytest.raises(e.ArrayFileError, match="packs hold float arrays"):
            write_pack(tmp_path / "pack", tiny_manifest, files, "card")

    def test_the_folder_around_must_exist(self, tiny_manifest, tiny_files, tmp_path):
        with pytest.raises(e.PackNotFoundError, match="does not exist"):
            write_pack(tmp_path / "no" / "pack", tiny_manifest, tiny_files, "card")


class TestFolders:
    def test_nothing_there(self, tmp_path):
        with pytest.raises(e.PackNotFoundError, match="no pack there"):
            Pack.open(tmp_path / "nothing")

    def test_a_folder_that_is_no_pack(self, tmp_path):
        with pytest.raises(e.MissingFileError, match=r"holds no manifest\.json; is it a pack\?"):
            Pack.open(tmp_path)

    def test_an_unlisted_file(self, folder):
        (folder / "extra.py").write_text("import os")
        with pytest.raises(e.UnlistedFileError, match=r"holds 'extra\.py', which its manifest does not list"):
            Pack.open(folder)

    def test_a_hidden_file(self, folder):
        (folder / ".DS_Store").write_text("")
        with pytest.raises(e.UnsafeNameError, match="DS_Store"):
            Pack.open(folder)

    def test_a_missing_file(self, folder):
        (folder / "flow.onnx").unlink()
        with pytest.raises(e.MissingFileError, match=r"'flow\.onnx' is missing"):
            Pack.open(folder)

    def test_a_changed_byte(self, folder):
        data = bytearray((folder / "flow.onnx").read_bytes())
        data[len(data) // 2] ^= 1
        (folder / "flow.onnx").write_bytes(data)
        with pytest.raises(e.FileHashError, match=r"flow\.onnx: is damaged or was changed"):
            Pack.open(folder)

    def test_a_file_cut_short(self, folder):
        data = (folder / "vocoder.onnx").read_bytes()
        (folder / "vocoder.onnx").write_bytes(data[:-1])
        with pytest.raises(e.FileSizeError, match="the manifest says"):
            Pack.open(folder)

    def test_a_link_to_a_file_elsewhere(self, folder, tmp_path):
        target = (folder / "flow.onnx").rename(tmp_path / "elsewhere.onnx")
        (folder / "flow.onnx").symlink_to(target)
        with pytest.raises(e.NotAFileError, match="is a link"):
            Pack.open(folder)

    def test_a_folder_inside(self, folder):
        (folder / "more").mkdir()
        with pytest.raises(e.NotAFileError, match="is a folder"):
            Pack.open(folder)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
    def test_a_pipe_is_refused_without_waiting_for_it(self, folder):
        os.mkfifo(folder / "pipe.onnx")
        with pytest.raises(e.NotAFileError, match="is a device"):
            Pack.open(folder)

    def test_too_many_files(self, folder):
        for index in range(300):
            (folder / f"{index}.npy").touch()
        with pytest.raises(e.FileSizeError, match="at most 257"):
            Pack.open(folder)

    def test_a_huge_file_is_refused_unread(self, folder):
        with (folder / "flow.onnx").open("r+b") as file:
            file.truncate(600 << 20)  # sparse: takes no room
        with pytest.raises(e.FileSizeError, match="at most 536,870,912"):
            Pack.open(folder)

    def test_a_file_changed_after_opening_is_noticed_on_reading(self, folder):
        pack = Pack.open(folder)
        data = (folder / "flow.onnx").read_bytes()
        (folder / "flow.onnx").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(e.FileHashError):
            pack.read("flow.onnx")
        (folder / "flow.onnx").write_bytes(data + b"more")
        with pytest.raises(e.FileSizeError):
            pack.read("flow.onnx")
        (folder / "flow.onnx").unlink()
        with pytest.raises(e.MissingFileError):
            pack.read("flow.onnx")

    def test_only_listed_files_are_read(self, tiny_pack):
        for name in ("/etc/passwd", "../tiny/flow.onnx", "flow.onx"):
            with pytest.raises(e.MissingFileError, match="lists no file"):
                tiny_pack.read(name)


class TestArchives:
    def test_not_an_archive(self, tmp_path):
        path = tmp_path / "song.ajpack"
        path.write_bytes(b"RIFF....WAVE")
        with pytest.raises(e.ArchiveError, match="is not a readable pack archive"):
            Pack.open(path)

    @pytest.mark.parametrize(
        "name",
        [
            "../flow.onnx",
            "/etc/flow.onnx",
            "sub/flow.onnx",
            "..",
            "C:flow.onnx",
            "sub\\flow.onnx",
            ".hidden",
            "flow.onnx\x00.txt",
            "flöw.onnx",
            "fl ow.onnx",
            "-rf",
            "x" * 101,
        ],
    )
    def test_names_that_could_leave_or_hide(self, folder, tmp_path, name):
        entries = contents_of(folder)
        # zipfile itself cuts a name at a zero byte: put it in afterwards.
        placeholder = name.replace("\x00", "?")
        path = zip_of({**entries, placeholder: b"x"}, tmp_path / "p.ajpack")
        if placeholder != name:
            path.write_bytes(path.read_bytes().replace(placeholder.encode(), name.encode()))
        with pytest.raises((e.UnsafeNameError, e.NotAFileError)):
            Pack.open(path)

    def test_a_name_twice(self, folder, tmp_path):
        path = tmp_path / "p.ajpack"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in contents_of(folder).items():
                archive.writestr(name, data)
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr("flow.onnx", b"other")
        with pytest.raises(e.ArchiveError, match=r"holds 'flow\.onnx' twice"):
            Pack.open(path)

    def test_compression(self, folder, tmp_path):
        path = zip_of(contents_of(folder), tmp_path / "p.ajpack", zipfile.ZIP_DEFLATED)
        with pytest.raises(e.ArchiveError, match="is compressed"):
            Pack.open(path)

    def test_a_bomb_is_refused_unread(self, tmp_path):
        path = zip_of({MANIFEST_NAME: bytes(64 << 20)}, tmp_path / "p.ajpack", zipfile.ZIP_DEFLATED)
        assert path.stat().st_size < 100_000
        with pytest.raises(e.ArchiveError, match="is compressed"):
            Pack.open(path)

    def test_encryption(self, folder, tmp_path):
        path = zip_of(contents_of(folder), tmp_path / "p.ajpack")
        data = bytearray(path.read_bytes())
        first = data.index(b"PK\x01\x02")
        data[first + 8] |= 1  # general purpose flags of the first entry in the directory
        path.write_bytes(data)
        with pytest.raises(e.ArchiveError, match="is encrypted"):
            Pack.open(path)

    def test_a_link(self, folder, tmp_path):
        path = tmp_path / "p.ajpack"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in contents_of(folder).items():
                entry = zipfile.ZipInfo(name)
                entry.external_attr = (0o120777 if name == "flow.onnx" else 0o100644) << 16
                archive.writestr(entry, data)
        with pytest.raises(e.NotAFileError, match=r"'flow\.onnx' is not a plain file"):
            Pack.open(path)

    def test_a_folder_entry(self, folder, tmp_path):
        path = zip_of({**contents_of(folder), "sub/": b""}, tmp_path / "p.ajpack")
        with pytest.raises(e.UnsafeNameError, match="sub/"):
            Pack.open(path)

    def test_a_damaged_file(self, tiny_pack, tmp_path):
        path = convert_pack(tiny_pack, tmp_path / "p.ajpack").path
        data = bytearray(path.read_bytes())
        data[data.index(tiny_pack.read("flow.onnx")) + 100] ^= 1
        path.write_bytes(data)
        with pytest.raises(e.ArchiveError, match=r"'flow\.onnx' cannot be read"):
            Pack.open(path)

    def test_a_directory_that_lies_about_sizes(self, tiny_pack, tmp_path):
        path = convert_pack(tiny_pack, tmp_path / "p.ajpack").path
        data = bytearray(path.read_bytes())
        first = data.index(b"PK\x01\x02")
        struct.pack_into("<II", data, first + 20, 400 << 20, 400 << 20)
        path.write_bytes(data)
        with pytest.raises(e.ArchiveError, match="claim more bytes"):
            Pack.open(path)

    @pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
    def test_an_archive_cut_short(self, tiny_pack, tmp_path, share):
        path = convert_pack(tiny_pack, tmp_path / "p.ajpack").path
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])
        with pytest.raises(e.ArchiveError):
            Pack.open(path)

    def test_an_archive_that_changes_while_open(self, tiny_pack, tmp_path):
        pack = convert_pack(tiny_pack, tmp_path / "p.ajpack")
        zip_of({"other.txt": b""}, pack.path)
        with pytest.raises(e.ArchiveError, match="changed while it was read"):
            pack.read("flow.onnx")

    def test_reading_never_takes_more_than_it_was_allowed(self, tiny_pack, tmp_path):
        pack = convert_pack(tiny_pack, tmp_path / "p.ajpack")
        with pytest.raises(e.FileSizeError):
            Archive(pack.path).read("flow.onnx", 10)


class TestArrays:
    def npy(self, array, **options) -> bytes:
        stream = io.BytesIO()
        np.save(stream, array, **options)
        return stream.getvalue()

    def test_objects(self, folder):
        relist(folder, **{"code-mean.npy": self.npy(np.array([print, 1], dtype=object), allow_pickle=True)})
        with pytest.raises(e.ArrayFileError, match="has type"):
            Pack.open(folder)

    @pytest.mark.parametrize("dtype", ["<i8", "|b1", "<c8", ">f4", "<U4", "<M8[s]"])
    def test_other_types(self, dtype):
        with pytest.raises(e.ArrayFileError, match="has type"):
            decode_array(self.npy(np.zeros(4, dtype)), "a.npy", (4,))

    def test_other_shapes(self, folder):
        relist(folder, **{"code-basis.npy": self.npy(np.zeros((4, 63), np.float32))})
        with pytest.raises(e.ArrayFileError, match=r"has shape \(4, 63\); the manifest implies \(4, 64\)"):
            Pack.open(folder)

    def test_a_header_that_promises_more_than_there_is(self):
        data = self.npy(np.zeros(4, np.float32))
        with pytest.raises(e.ArrayFileError, match="does not fit"):
            decode_array(data[:-1], "a.npy", (4,))
        with pytest.raises(e.ArrayFileError, match="does not fit"):
            decode_array(data + b"x", "a.npy", (4,))
        huge = data.replace(b"(4,), }", b"(4000000000000,), }")
        with pytest.raises(e.ArrayFileError):
            decode_array(huge, "a.npy", (4_000_000_000_000,))

    @pytest.mark.parametrize(
        "data", [b"", b"\x93NUMPY", b"PK\x03\x04 an npz", b"\x93NUMPY\x01\x00\x05\x00hello"]
    )
    def test_no_arrays(self, data):
        with pytest.raises(e.ArrayFileError, match=r"is not a plain \.npy array"):
            decode_array(data, "a.npy", (4,))

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_numbers_that_are_not_finite(self, value):
        with pytest.raises(e.ArrayFileError, match="not finite"):
            decode_array(self.npy(np.full(4, value, np.float32)), "a.npy", (4,))

    def test_columns_first_is_the_same_array(self):
        array = np.arange(6, dtype=np.float32).reshape(2, 3)
        assert np.array_equal(decode_array(self.npy(np.asfortranarray(array)), "a.npy", (2, 3)), array)

    def test_a_basis_that_cannot_encode(self, make_pack, tiny_files):
        basis = tiny_files["code-basis.npy"].copy()
        basis[1] = basis[0]
        with pytest.raises(e.ArrayFileError, match="not orthogonal"):
            make_pack(files={"code-basis.npy": basis})
        basis[1] = 0
        with pytest.raises(e.ArrayFileError, match="row 1 is all zeros"):
            make_pack(files={"code-basis.npy": basis})


class TestOthers:
    def test_a_card_that_is_no_text(self, folder):
        relist(folder, **{CARD_NAME: b"\xff\xfe"})
        with pytest.raises(e.PackError, match="is not UTF-8 text"):
            Pack.open(folder)

    def test_a_pack_without_a_trained_vocoder(self, make_pack):
        pack = make_pack(files={"vocoder.onnx": None}, vocoder=GriffinLimSpec("griffin-lim", "griffin-lim"))
        assert Pack.open(pack.path).manifest.vocoder.iterations == 32

    def test_errors_name_the_pack_once(self, folder):
        (folder / "flow.onnx").unlink()
        with pytest.raises(e.MissingFileError) as caught:
            Pack.open(folder)
        assert str(caught.value).count(str(folder)) == 1

    def test_packs_are_found_by_path_and_by_name(self, tiny_pack):
        assert find_pack(tiny_pack.path) == tiny_pack.path
        assert find_pack(str(tiny_pack.path)) == tiny_pack.path
        with pytest.raises(e.PackNotFoundError, match="no such folder, archive or shipped pack"):
            find_pack("nosuchpack")

    def test_shipped_packs_open(self):
        shipped = shipped_packs()
        if not shipped:
            with pytest.raises(e.PackNotFoundError, match="ships no default pack"):
                default_pack_path()
        for path in shipped.values():
            pack = Pack.open(path)
            sizes = [entry.bytes for entry in pack.manifest.files.values()]
            assert sum(sizes) <= 60 << 20
            assert max(sizes) <= 16 << 20
