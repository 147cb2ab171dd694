"""The page in a real browser: what hands do on it reaches the desk, and what others do shows."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.control.web.page.conftest import axe_script
from tests.control.web.page.stage import PageStage

SIZES = ((1024, 768), (768, 1024), (390, 844), (1920, 1080))
VIEWS = ("play", "explore", "mixer", "set", "settings")


SESSION = "import('/core/session.js')"


def centre(page: Any, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def until(page: Any, true: Callable[[], bool], seconds: float = 10.0) -> None:
    for _ in range(int(seconds / 0.02)):
        if true():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it did not come about")


def show(page: Any, view: str) -> None:
    page.click(f"nav [data-view={view}]")
    page.wait_for_selector(f"nav [data-view={view}][aria-current=page]")


def test_nothing_is_asked_for_elsewhere_and_each_view_fits_each_size(page: Any) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for view in VIEWS if width < 1920 else ("play",):
            show(page, view)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (width, view)
        box = page.locator("jockey-transport > :visible").last.bounding_box()
        assert box["x"] + box["width"] <= width


def test_every_parameter_of_a_deck_has_a_control(page: Any) -> None:
    page.click("jockey-deck-strip .more")
    page.wait_for_selector("dialog.drawer[open]")
    shown = set(
        page.evaluate(
            "[...document.querySelectorAll('dialog [address]')].map((e) => e.getAttribute('address'))"
        )
    )
    names = page.evaluate(f"{SESSION}.then(({{session}}) => session.table.deckNames())")
    rows = [f"deck.1.{name}" for name in names]
    missing = set(rows) - shown - {f"deck.1.moment_{number}" for number in range(1, 9)}
    assert len(rows) > 40
    assert missing == set()
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.drawer", state="detached")


def test_two_faders_and_a_pad_move_at_once_and_are_held_meanwhile(page: Any, stage: PageStage) -> None:
    page.click(".tabs [data-pane=Moments]")
    page.wait_for_selector("jockey-deck-strip[deck='3'] jockey-map")
    for deck in (1, 2):
        stage.call(stage.desk.move, f"deck.{deck}.gain_db", -10.0, source="script")
    fader = "jockey-fader[address='deck.{}.gain_db']"
    page.wait_for_selector(fader.format(2) + "[aria-valuenow='-10']")
    stage.link.sent.clear()
    touch = page.context.new_cdp_session(page)
    places = [
        centre(page, fader.format(1) + " .track"),
        centre(page, fader.format(2) + " .track"),
        centre(page, "jockey-deck-strip[deck='3'] jockey-map"),
    ]

    def fingers(kind: str, moved: float) -> None:
        ways = ((0, -moved), (0, moved), (moved, moved / 2))
        points = [
            {"x": x + dx, "y": y + dy, "id": number}
            for number, ((x, y), (dx, dy)) in enumerate(zip(places, ways, strict=True))
        ]
        touch.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points if kind != "touchEnd" else []}
        )

    fingers("touchStart", 0)
    for step in range(1, 11):
        fingers("touchMove", 3.0 * step)
        page.wait_for_timeout(16)
    until(page, lambda: stage.call(stage.desk.holder, "deck.1.gain_db") is not None)
    holder = stage.call(stage.desk.holder, "deck.2.gain_db")
    fingers("touchEnd", 30.0)
    until(page, lambda: stage.call(stage.desk.holder, "deck.2.gain_db") is None)

    sent = {
        address: [value for to, value in stage.link.sent if to == address] for address, _ in stage.link.sent
    }
    assert holder.startswith("page")
    up, down, loops = sent["deck.1.gain_db"], sent["deck.2.gain_db"], sent["deck.3.loop"]
    assert up == sorted(up)
    assert up[-1] > -9.0
    assert down == sorted(down, reverse=True)
    assert down[-1] < -11.0
    assert all(str(text).startswith("voice=breaks; point=(") for text in loops)
    assert len(set(loops)) == len(loops)
    # They moved in turn, not one after the other has ended.
    order = [address for address, _ in stage.link.sent if address.endswith("gain_db")]
    assert order.index("deck.2.gain_db") < len(order) - 1 - order[::-1].index("deck.1.gain_db")


def test_points_that_the_page_writes_are_points(page: Any) -> None:
    points = pytest.importorskip(
        "aijockey.live.point_text", reason="blends of several points are not known here"
    )
    texts = page.evaluate(
        """import('/core/point.js').then(({mixture, child, neighbour, weights, spread, moment, momentText}) => {
            const points = ['7', '#0123456789ab', '7>9@0.5', '(1*0.2+2*0.5)', '7~3@0.2', '7/9@sound', '(7|9|8)@0.25'];
            const mixed = points.map((_, n) => mixture(points.slice(0, n + 1).map((point) => ({point, weight: 0.1}))));
            const walked = spread(20).map((at) => weights(spread(12), {x: at.y, y: at.x}))
                .map((shares) => mixture(shares.map((weight, seed) => ({point: `${seed}`, weight}))));
            const made = points.flatMap((point) => [child(point, '9', 3), neighbour(point, 12, 0.2)]);
            const all = [...mixed, ...walked, ...made];
            return [all, all.map((point) => moment(momentText({voice: 'a b', point})).point)];
        })"""
    )
    assert len(texts[0]) > 30
    assert [str(points.read_point(text)) for text in texts[0]] == [
        str(points.read_point(text)) for text in texts[1]
    ]


def test_what_others_move_and_hold_shows(page: Any, stage: PageStage) -> None:
    fader = page.locator("jockey-fader[address='deck.1.gain_db']")
    stage.call(stage.desk.hold, "deck.1.gain_db", "midi")
    stage.call(stage.desk.move, "deck.1.gain_db", -20.0, source="midi")
    page.wait_for_selector("jockey-fader[address='deck.1.gain_db'][data-held=midi][aria-valuenow='-20']")
    fader.focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_timeout(100)
    assert fader.get_attribute("aria-valuenow") == "-20"
    stage.call(stage.desk.release, "deck.1.gain_db", "midi")
    page.wait_for_selector("jockey-fader[address='deck.1.gain_db']:not([data-held])")


def test_keys_move_what_has_the_focus_and_what_the_table_of_keys_says(page: Any, stage: PageStage) -> None:
    stage.call(stage.desk.move, "deck.2.gain_db", -6.0, source="script")
    page.wait_for_selector("jockey-fader[address='deck.2.gain_db'][aria-valuenow='-6']")
    page.focus("jockey-fader[address='deck.2.gain_db']")
    page.keyboard.press("ArrowUp")
    until(page, lambda: stage.call(stage.desk.value, "deck.2.gain_db") == -5.0)
    page.keyboard.press("Delete")
    until(page, lambda: stage.call(stage.desk.value, "deck.2.gain_db") == 0.0)
    plays = stage.call(stage.desk.value, "deck.1.play")
    page.keyboard.press("1")
    until(page, lambda: stage.call(stage.desk.value, "deck.1.play") == 1.0 - plays)
    page.wait_for_selector("jockey-deck-chip[deck='1'][data-in-hand]")
    # Bass out and in; then what is there once for the deck in hand: solo, a longer roll, two keys for a moment.
    low_db = stage.call(stage.desk.value, "deck.2.low_db")
    for value in (-90.0, 0.0):
        page.keyboard.press("@")
        until(page, lambda value=value: stage.call(stage.desk.value, "deck.2.low_db") == value)
    assert low_db not in (-90.0, 0.0)
    page.wait_for_selector("jockey-deck-chip[deck='2'][data-in-hand]")
    page.keyboard.press(".")
    page.wait_for_selector("jockey-deck-chip[deck='3'][data-in-hand]")
    page.keyboard.press("p")
    until(page, lambda: stage.call(stage.desk.value, "deck.3.solo") == 1.0)
    page.keyboard.press("p")
    page.keyboard.press("}")
    until(page, lambda: stage.call(stage.desk.value, "deck.3.roll_beats") == 0.125)
    page.keyboard.press("/")
    until(page, lambda: stage.call(stage.desk.value, "deck.3.roll_beats") == 0.5)
    page.keyboard.press("/")
    until(page, lambda: stage.call(stage.desk.value, "deck.3.roll_beats") == 0.0)
    stage.link.sent.clear()
    page.keyboard.press("~")
    page.keyboard.press("6")
    page.keyboard.press("`")
    page.keyboard.press("4")
    until(page, lambda: stage.link.sent == [("deck.3.store", 6.0), ("deck.3.moment", 4.0)])
    page.keyboard.press("?")
    page.wait_for_selector("dialog.help[open] kbd:text-is('` 1 … 8')")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.help", state="detached")


def test_the_timeline_knows_what_was_before_the_page(page: Any, stage: PageStage) -> None:
    show(page, "set")
    line = ".events li:has-text('{}')"
    page.wait_for_selector(line.format("deck 4 filter"))
    assert page.inner_text(line.format("deck 4 filter") + " b") == "11"
    assert "the set" in page.inner_text(line.format("crossfader"))
    # What is to come is in the timeline, and not yet in the list of what was.
    beats = page.evaluate(f"{SESSION}.then(({{session}}) => session.events.map((event) => event.beat))")
    assert beats == sorted(beats)
    assert beats[-1] == 4000.0
    assert page.locator(line.format("deck 5 mute")).count() == 0
    # A second look, as after sleep, tells nothing twice.
    stage.call(stage.desk.move, "deck.6.pan", 0.5, source="midi")
    page.wait_for_selector(line.format("deck 6 pan"))
    page.evaluate(f"{SESSION}.then(({{session}}) => session.connection.send({{resync: true}}))")
    page.wait_for_timeout(300)
    for words in ("deck 4 filter", "deck 6 pan"):
        assert page.locator(line.format(words)).count() == 1
    assert page.evaluate(f"{SESSION}.then(({{session}}) => session.loops.some((loop) => loop.deck === 4))")


def test_a_refused_value_goes_back_and_says_why(page: Any, stage: PageStage) -> None:
    before = stage.call(stage.desk.value, "deck.1.quantise_beats")
    page.evaluate(f"{SESSION}.then(({{session}}) => session.move('deck.1.quantise_beats', 3))")
    page.wait_for_selector("jockey-notices[data-shown] p:has-text('is not one of')")
    assert page.evaluate(f"{SESSION}.then(({{session}}) => session.value('deck.1.quantise_beats'))") == before


def test_a_controller_is_learned_by_touching_the_page(page: Any, stage: PageStage) -> None:
    before = stage.call(stage.desk.value, "deck.2.mute")
    show(page, "settings")
    page.click("button:text-is('Learn a controller')")
    show(page, "mixer")
    page.click("jockey-deck-strip[deck='2'] jockey-button.mute button")
    page.wait_for_selector("jockey-notices[data-shown] p:has-text('deck.2.mute: control 21')")
    page.wait_for_selector(".learn", state="detached")
    command = {"service": "midi", "command": {"learn": "deck.2.mute"}}
    assert [
        dict(told) | command == dict(told) for what, told in stage.backstage.heard if what == "service"
    ] == [True]
    # It was chosen, not moved.
    assert stage.call(stage.desk.value, "deck.2.mute") == before


def test_the_token_of_a_link_leaves_the_address_bar(page: Any, troubles: list[str]) -> None:
    page.evaluate("location.hash = '#pair=an-old-token'")
    told = page.evaluate("import('/core/pairing.js').then(({pairByLink}) => pairByLink())")
    assert told == "this code is not valid any more"
    assert "#" not in page.url
    troubles[:] = [text for text in troubles if "403" not in text]


def test_after_a_restart_of_the_server_the_page_goes_on_where_it_was(
    page: Any, stage: PageStage, troubles: list[str]
) -> None:
    show(page, "mixer")
    page.evaluate("window.stayed = true")
    stage.end()
    page.wait_for_selector("body[data-link=waiting]")
    assert page.locator("#cover").is_visible()
    stage.link.values_["deck.1.pan"] = 0.5
    stage.begin()
    page.wait_for_selector("body[data-link=on]")
    assert page.evaluate("window.stayed")
    assert page.locator("nav [data-view=mixer]").get_attribute("aria-current") == "page"
    assert page.evaluate(f"{SESSION}.then(({{session}}) => session.value('deck.1.pan'))") == 0.5
    # The browser reports each try that nobody answered; that is no fault of the page.
    troubles[:] = [text for text in troubles if "ERR_CONNECTION" not in text]


def test_sound_comes_out_of_the_worklet(page: Any) -> None:
    figures = "import('/core/sound.js').then(({sound}) => sound.figures)"
    heard: list[dict[str, float]] = []
    page.click("jockey-sound-button button")
    page.wait_for_selector("jockey-sound-button button[aria-pressed=true]")
    # A busy machine may have it run dry for a moment; whenever it plays, it is that tone.
    until(page, lambda: (told := page.evaluate(figures))["level"] > 0.2 and heard.append(told) is None)
    assert heard[-1]["level"] == pytest.approx(0.25, abs=0.03)
    assert heard[-1]["buffered_ms"] > 0
    page.click("jockey-sound-button button")
    page.wait_for_selector("jockey-sound-button button[aria-pressed=false]")


def test_axe_finds_nothing(page: Any) -> None:
    script = axe_script()
    page.evaluate(script)
    page.emulate_media(reduced_motion="reduce")  # what is half faded out has half its contrast

    def violations(view: str, settings: str) -> list[Any]:
        show(page, view)
        result = page.evaluate(f"axe.run(document, {{resultTypes: ['violations'], {settings}}})")
        return [
            (view, one["id"], node["target"], node.get("failureSummary", "")[:200])
            for one in result["violations"]
            for node in one["nodes"][:3]
        ]

    found = [one for view in VIEWS for one in violations(view, "")]
    page.emulate_media(color_scheme="light")
    found += violations("play", "runOnly: ['color-contrast']")
    assert found == []
