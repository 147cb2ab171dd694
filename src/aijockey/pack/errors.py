"""What can be wrong with a pack: one class for each, so that a caller and a test can tell them apart."""

from aijockey.errors import AijockeyError


class PackError(AijockeyError):
    """A pack that cannot be used as it is; the text says what came and what was expected."""


class PackNotFoundError(PackError):
    """No folder, archive or shipped pack of that name."""


class NewerPackError(PackError):
    """Made by a newer aijockey than this one."""


class ManifestError(PackError):
    """The manifest breaks a rule; the text begins with the place in it, such as ``voices[2].index``."""


class UnknownKeyError(ManifestError):
    """The manifest holds a key that format 1 does not know; the text names the nearest that it does."""


class UnsafeNameError(PackError):
    """A file name that could leave the pack or hide in it: a path, ``..``, a drive, odd characters."""


class UnlistedFileError(PackError):
    """Something lies in the pack that its manifest does not list."""


class MissingFileError(PackError):
    """The manifest lists a file that is not there."""


class FileSizeError(PackError):
    """A file is larger than allowed, or not as large as the manifest says."""


class FileHashError(PackError):
    """A file's SHA-256 is not the one in the manifest: it was changed or damaged."""


class NotAFileError(PackError):
    """A link, a folder or a device where a plain file was expected."""


class ArchiveError(PackError):
    """The archive is damaged, or uses compression, encryption or another ZIP feature that packs do not."""


class ArrayFileError(PackError):
    """An array that is not a plain float array of the declared shape."""


class GraphFileError(PackError):
    """A graph that is not self-contained standard ONNX with the inputs and outputs its place asks for."""


class PackExistsError(PackError):
    """There is something at the place to write to, and overwriting was not asked for."""
