"""Static files of the page, and the headers that every answer has."""

from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

# What a page may be made of; anything else is not served.
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
MOST_DEPTH = 4
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True)
class Page:
    """A file of the page."""

    content: bytes
    content_type: str


def static_folder() -> Traversable:
    """Where the page's files lie in the installed package."""
    return resources.files("aijockey.control.web") / "static"


def find_page(path: str, folder: Traversable | None = None) -> Page | None:
    """File of the page for a path of a request, None where there is none. ``/`` is index.html.

    Only plain names go further than this, one after the other, so no path leads out of the folder.
    """
    names = path.removeprefix("/").split("/") if path != "/" else ["index.html"]
    place = static_folder() if folder is None else folder
    if len(names) > MOST_DEPTH or not all(_is_plain(name) for name in names):
        return None
    content_type = CONTENT_TYPES.get(f".{names[-1].rpartition('.')[2]}")
    if content_type is None:
        return None
    for name in names:
        place = place / name
    return Page(place.read_bytes(), content_type) if place.is_file() else None


def headers(host: str) -> dict[str, str]:
    """Headers of every answer. host : a ``Host`` that has been checked.

    Nothing is loaded from elsewhere and nothing inline is run. The WebSocket is named beside 'self', since not every
    browser counts it among that.
    """
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "connect-src": f"'self' ws://{host}",
        "worker-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        **HEADERS,
        "Content-Security-Policy": "; ".join(f"{key} {value}" for key, value in policy.items()),
    }


def _is_plain(name: str) -> bool:
    return (
        bool(name)
        and not name.startswith(".")
        and all(c.isascii() and (c.isalnum() or c in "._-") for c in name)
    )
