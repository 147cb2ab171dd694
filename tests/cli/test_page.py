"""What `play` says of its page: a token goes to a terminal alone, a browser opens where there is a screen."""

import argparse
import io

import pytest

from aijockey.cli import surfaces
from aijockey.cli.surfaces import page
from aijockey.control.web.guard import Access

NETWORK = Access(8765, "a-token-of-this-test", ("192.0.2.7",))


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def opened(monkeypatch):
    urls = []
    monkeypatch.setattr(page.webbrowser, "open", urls.append)
    monkeypatch.setattr(page.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    return urls


def arguments(*words):
    parser = argparse.ArgumentParser()
    page.add_arguments(parser)
    surfaces.add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "port", "any_port", "network"),
    [
        ((), 8765, True, False),
        (("--port", "9000"), 9000, False, False),
        (("--network", "--port", "0"), 0, False, True),
    ],
)
def test_the_page_is_served_where_it_was_asked_for(tiny_pack, words, port, any_port, network):
    plan = page.surface_plan(arguments(*words), tiny_pack)
    assert (plan.port, plan.any_port, plan.network) == (port, any_port, network)
    assert set(plan.controls) == {voice.name for voice in tiny_pack.manifest.voices}
    assert plan.pack == "tiny"


def test_the_code_is_shown_on_a_terminal_and_not_in_a_file(opened):
    terminal, file = Terminal(), io.StringIO()
    for out in (terminal, file):
        page.announce(NETWORK, open_page=False, terminal=out)
        assert "page: http://127.0.0.1:8765/" in out.getvalue()
        assert "http://192.0.2.7:8765/" in out.getvalue()
    assert "to join: http://192.0.2.7:8765/#pair=a-token-of-this-test" in terminal.getvalue()
    assert "█" in terminal.getvalue()
    assert "a-token" not in file.getvalue()
    alone = io.StringIO()
    page.announce(Access(8765), open_page=False, terminal=alone)
    assert alone.getvalue() == "page: http://127.0.0.1:8765/\n"


def test_a_browser_opens_where_the_player_sits(opened, monkeypatch):
    page.announce(NETWORK, open_page=True, terminal=Terminal())
    assert opened == []  # no screen
    monkeypatch.setenv("DISPLAY", ":0")
    page.announce(NETWORK, open_page=False, terminal=Terminal())
    page.announce(NETWORK, open_page=True, terminal=io.StringIO())
    assert opened == []  # not wanted; nobody sees it
    page.announce(NETWORK, open_page=True, terminal=Terminal())
    assert opened == ["http://127.0.0.1:8765/"]  # this machine needs no token
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.9 1 192.0.2.7 22")
    page.announce(NETWORK, open_page=True, terminal=Terminal())
    assert len(opened) == 1
