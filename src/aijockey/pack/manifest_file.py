"""The manifest as a file: bytes to a checked `Manifest` and back."""

import hashlib
import json

from aijockey.pack.errors import ManifestError, NewerPackError
from aijockey.pack.fields import parse_json, read_fields, write_fields
from aijockey.pack.manifest import FORMAT, MAX_MANIFEST_BYTES, Manifest
from aijockey.pack.manifest_checks import check_manifest


def parse_manifest(data: bytes) -> Manifest:
    """Read and check a manifest.

    Raises
    ------
    NewerPackError : a later format.
    ManifestError : anything else that is not format 1; the text says where.
    UnsafeNameError : a listed file name could leave the pack.
    """
    if len(data) > MAX_MANIFEST_BYTES:
        raise ManifestError(
            f"the manifest has {len(data):,} bytes; at most {MAX_MANIFEST_BYTES:,} are allowed"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(f"the manifest is not UTF-8 ({error})") from error
    value = parse_json(text)
    if isinstance(value, dict) and type(value.get("format")) is int and value["format"] > FORMAT:
        made_by = value.get("made_by")
        maker = f" ({made_by[:60]})" if isinstance(made_by, str) else ""
        raise NewerPackError(
            f"made by a newer aijockey{maker}: pack format {value['format']}, this one reads format "
            f"{FORMAT}; upgrade with: pip install --upgrade aijockey"
        )
    manifest = read_fields(Manifest, value)
    check_manifest(manifest)
    return manifest


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest as it lies in a pack: JSON, UTF-8; `parse_manifest` reads it back equal."""
    return (json.dumps(write_fields(manifest), indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()


def manifest_hash(data: bytes) -> str:
    """SHA-256 of the manifest's bytes; it holds every other file's, so it names the pack's whole content."""
    return hashlib.sha256(data).hexdigest()
