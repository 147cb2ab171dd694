// One player for all tiles: a click plays a loop round and round, another click or tile stops it.
// Web Audio rather than an <audio> element, because a loop must go on at its exact last sample.
let context = null;
let playing = null; // { tile, source, began, seconds }

function stop() {
  if (!playing) return;
  playing.source.stop();
  playing.tile.classList.remove("playing");
  playing.tile.setAttribute("aria-pressed", "false");
  playing = null;
}

function moveCursor() {
  if (!playing) return;
  const { tile, began, seconds } = playing;
  const place = ((context.currentTime - began) % seconds) / seconds;
  tile.querySelector("i").style.transform = `translateX(${place * tile.querySelector("img").clientWidth}px)`;
  requestAnimationFrame(moveCursor);
}

async function play(tile) {
  context ??= new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const bytes = await (await fetch(tile.dataset.sound)).arrayBuffer();
  const buffer = await context.decodeAudioData(bytes);
  stop();
  const source = new AudioBufferSourceNode(context, { buffer, loop: true });
  const seconds = Math.min(buffer.duration, Number(tile.dataset.seconds));
  source.loopEnd = seconds;
  source.connect(context.destination);
  source.start();
  playing = { tile, source, began: context.currentTime, seconds };
  tile.classList.add("playing");
  tile.setAttribute("aria-pressed", "true");
  moveCursor();
}

for (const tile of document.querySelectorAll(".tile")) {
  tile.addEventListener("click", () => {
    if (playing && playing.tile === tile) stop();
    else play(tile).catch((error) => tile.querySelector("span").append(` – cannot be played: ${error.message}`));
  });
}
addEventListener("keydown", (event) => { if (event.key === "Escape") stop(); });
