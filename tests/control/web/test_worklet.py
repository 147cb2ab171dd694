"""Sound in the page: what the ring holds comes out of an AudioWorklet in a real browser, gaps are counted."""

import shutil
import threading
import time

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LISTEN = """async (port) => {
  const context = new AudioContext();
  await context.audioWorklet.addModule("/sound-worklet.js");
  const node = new AudioWorkletNode(context, "aijockey-sound", {outputChannelCount: [2]});
  const analyser = new AnalyserNode(context, {fftSize: 32768});
  node.connect(analyser).connect(context.destination);
  const heard = {reports: [], frames: 0};
  node.port.onmessage = ({data}) => heard.reports.push(data);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    socket.send(JSON.stringify({hello: 1, name: "ear"}));
    socket.send(JSON.stringify({watch: {sound: "master"}}));
  };
  socket.onmessage = ({data}) => {
    if (data instanceof ArrayBuffer) { heard.frames += 1; node.port.postMessage(data, [data]); }
  };
  window.heard = heard;
  window.spectrum = () => {
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const loudest = bins.indexOf(Math.max(...bins));
    return {hz: loudest * context.sampleRate / analyser.fftSize, db: bins[loudest]};
  };
  await context.resume();
  return context.sampleRate;
}"""


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium here")
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(stage, browser):
    page = browser.new_page()
    yield page
    page.close()


def until(page, condition):
    """Wait until something is so in the page; asked from here, since its policy lets no text be run there."""
    deadline = time.monotonic() + 60
    while not page.evaluate(f"() => {condition}"):
        assert time.monotonic() < deadline, page.evaluate("() => heard.reports.at(-1)")
        page.wait_for_timeout(20)


@pytest.mark.slow
def test_what_the_ring_holds_comes_out_of_the_worklet(stage, page):
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"http://127.0.0.1:{stage.port}/session")
    page.evaluate(LISTEN, stage.port)
    stopped = threading.Event()

    def play():
        began = time.monotonic()
        while not stopped.is_set():
            stage.backstage.reader.written = int((time.monotonic() - began) * 48_000) + 4800
            time.sleep(0.005)

    player = threading.Thread(target=play, daemon=True)
    player.start()
    try:
        until(page, "heard.reports.some(r => r.level > 0.4 && r.buffered_ms > 0)")
        until(page, "Math.abs(spectrum().hz - 440) < 5 && spectrum().db > -40")
        report = page.evaluate("() => heard.reports.at(-1)")
        assert 0.45 < page.evaluate("() => Math.max(...heard.reports.map(r => r.level))") < 0.55
        assert 0 <= report["buffered_ms"] < 2000
        assert report["target_ms"] >= 40
        assert report["beat"] == pytest.approx(stage.backstage.reader.written / 24_000, abs=4)
    finally:
        stopped.set()
        player.join()
    # The ring falls silent: it is counted, and nothing is made up.
    until(page, f"heard.reports.at(-1).underruns > {report['underruns']}")
    until(page, "heard.reports.at(-1).level === 0")
    assert not [text for text in said if "Security" in text], said
