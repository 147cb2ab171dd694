"""Files of the page, headers, and pairing."""

import http.client
import json
from pathlib import Path

import pytest

from aijockey.control.web import pages
from aijockey.control.web.client import Client, ClientError
from aijockey.control.web.guard import MOST_FAILURES, Access, Guard
from aijockey.control.web.pairing_code import code_rows, code_text

TOKEN = "a-token-of-this-test"


def ask(stage, method, path, body=None, **head):
    """Status, headers and body of a request; headers with _ for -."""
    link = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=30)
    wanted = {
        "Host": f"127.0.0.1:{stage.port}",
        **{key.replace("_", "-"): value for key, value in head.items()},
    }
    link.putrequest(method, path, skip_host=True)
    data = body.encode() if body is not None else b""
    for key, value in wanted.items():
        link.putheader(key, value)
    if body is not None:
        link.putheader("Content-Length", str(len(data)))
    link.endheaders(data)
    answer = link.getresponse()
    content = answer.read()
    link.close()
    return answer.status, answer.headers, content


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "parts" / "fader.js").write_text("export {}")
    (tmp_path / "secret.py").write_text("no")
    (tmp_path / ".hidden.js").write_text("no")
    return tmp_path


def test_files_have_their_types_and_nothing_else_is_served(folder):
    assert pages.find_page("/", folder).content_type.startswith("text/html")
    assert pages.find_page("/parts/fader.js", folder).content_type.startswith("text/javascript")
    for path in (
        "/secret.py", "/.hidden.js", "/parts", "/parts/", "//index.html", "/../index.html", "/parts/../index.html",
        "/parts\\fader.js", "/index.html/", "/%2e%2e/index.html", "/a/b/c/d/e.js", "/nothing.js", "", "/ü.js",
    ):  # fmt: skip
        assert pages.find_page(path, folder) is None, path


def test_every_file_of_the_page_is_served(stage):
    files = [path for path in pages.static_folder().iterdir() if path.is_file()]
    assert any(path.name == "sound-worklet.js" for path in files)
    for path in files:
        status, head, content = ask(stage, "GET", f"/{path.name}")
        assert status == 200, path
        assert content == path.read_bytes()
        assert head["content-type"] == pages.CONTENT_TYPES[path.suffix]
        assert head["x-content-type-options"] == "nosniff"


def test_nothing_is_loaded_from_elsewhere_and_nothing_inline_runs(stage):
    _, head, _ = ask(stage, "GET", "/sound-worklet.js")
    policy = dict(part.strip().split(" ", 1) for part in head["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == f"'self' ws://127.0.0.1:{stage.port}"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in head["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/nothing.js", "/../guard.py", "/%2e%2e/guard.py", "/static/../../guard.py"]
)
def test_what_is_not_there_is_not_there(stage, path):
    assert ask(stage, "GET", path)[0] == 404


def test_on_loopback_nobody_pairs(stage):
    status, head, content = ask(stage, "GET", "/session")
    assert (status, json.loads(content)) == (200, {"protocol": 1, "paired": True})
    assert head["cache-control"] == "no-store"
    assert ask(stage, "POST", "/pair", '{"token": ""}', Content_Type="application/json")[0] in (403, 429)


def test_a_network_pairs_once_and_has_a_cookie(paired):
    wrong = ask(paired, "POST", "/pair", '{"token": "guess"}', Content_Type="application/json")
    assert wrong[0] == 403
    assert "set-cookie" not in wrong[1]
    assert ask(paired, "POST", "/pair", json.dumps({"token": TOKEN}), Content_Type="text/plain")[0] == 400
    for body in ("", "{", "[]", '{"token": 7}', '{"token": "\\ud800"}', "x" * 5000):
        assert ask(paired, "POST", "/pair", body, Content_Type="application/json")[0] in (400, 403), body
    status, head, _ = ask(
        paired, "POST", "/pair", json.dumps({"token": TOKEN}), Content_Type="application/json"
    )
    assert status == 204
    cookie = head["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie


def test_who_comes_from_elsewhere_needs_cookie_or_token():
    guard = Guard(Access(8765, TOKEN, ("192.0.2.7",)))
    cookie = guard.new_session()
    assert guard.knows_client("127.0.0.1", None, None)
    assert not guard.knows_client("192.0.2.9", None, None)
    assert guard.knows_client("192.0.2.9", cookie, None)
    assert guard.knows_client("192.0.2.9", None, f"Bearer {TOKEN}")
    assert Guard(Access(8765, TOKEN, ())).knows_client(
        "192.0.2.9", cookie, None
    )  # a new process knows it too
    for wrong in ("", ".", cookie[:-1], cookie + "0", cookie.replace(".", ".0"), "ü.ü"):
        assert not guard.knows_client("192.0.2.9", wrong, None)
    assert not guard.knows_client("192.0.2.9", None, "Bearer")
    assert not guard.knows_client("192.0.2.9", None, f"Basic {TOKEN}")
    assert not Guard(Access(8765, "another", ())).knows_client("192.0.2.9", cookie, None)
    assert guard.knows_host("192.0.2.7:8765")
    assert not guard.knows_host("192.0.2.8:8765")
    assert not Guard(Access(8765, "", ("192.0.2.7",))).knows_host("192.0.2.7:8765")


def test_guessing_is_slowed_down_and_the_right_token_still_lets_in():
    now = [0.0]
    guard = Guard(Access(8765, TOKEN), lambda: now[0])
    for _ in range(MOST_FAILURES):
        assert not guard.exhausted
        assert not guard.knows_token("guess")
    assert guard.exhausted
    assert guard.knows_token(TOKEN)
    now[0] += 61.0
    assert not guard.exhausted


def test_a_program_from_elsewhere_shows_the_token(paired, monkeypatch):
    monkeypatch.setattr("aijockey.control.web.guard._is_loopback", lambda peer: False)
    with pytest.raises(ClientError, match="403"):
        Client(paired.port, timeout_s=30)
    with pytest.raises(ClientError, match="403"):
        Client(paired.port, token="guess", timeout_s=30)
    with Client(paired.port, token=TOKEN, timeout_s=30) as client:
        assert client.move("deck.1.pan", 0.5) == 0.5
        pairing = client.get("pairing")
    assert pairing["link"] == f"http://jockey.test:{paired.port}/#pair={TOKEN}"
    assert pairing["qr"] == code_rows(pairing["link"])
    assert json.loads(ask(paired, "GET", "/session")[2])["paired"] is False
    assert ask(paired, "GET", "/sound-worklet.js")[0] == 200


def test_the_code_is_square_with_a_quiet_border():
    rows = code_rows("http://192.0.2.7:8765/#pair=" + TOKEN)
    assert len({len(row) for row in rows} | {len(rows)}) == 1
    assert set("".join(rows)) == {"0", "1"}
    assert set(rows[0]) == {"0"}
    # The finder pattern of the upper left corner.
    assert rows[2][2:9] == "1111111"
    assert "▀" in code_text("http://192.0.2.7:8765/") or "█" in code_text("http://192.0.2.7:8765/")
