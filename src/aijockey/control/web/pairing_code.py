"""The link that pairs a tablet, as a QR code: for a terminal, and as rows for a page to draw."""

import io

QUIET = 2


def code_rows(link: str) -> list[str]:
    """Rows of the code, 1 is dark, with a border of light ones."""
    import segno

    code = segno.make_qr(link, error="m")
    return ["".join("1" if cell else "0" for cell in row) for row in code.matrix_iter(border=QUIET)]


def code_text(link: str) -> str:
    """The code in block characters, two rows a line, light on dark as terminals mostly are."""
    import segno

    text = io.StringIO()
    segno.make_qr(link, error="m").terminal(text, border=QUIET, compact=True)
    return text.getvalue()
