// One player for all tiles: a click plays a loop round and round, another click or tile stops it.
const player = new Audio();
player.loop = true;
let current = null;

function stop() {
  player.pause();
  if (current) {
    current.classList.remove("playing");
    current.setAttribute("aria-pressed", "false");
  }
  current = null;
}

function move() {
  if (!current) return;
  const cursor = current.querySelector("i");
  const width = current.querySelector("img").clientWidth;
  cursor.style.transform = `translateX(${(player.currentTime / (player.duration || 1)) * width}px)`;
  requestAnimationFrame(move);
}

for (const tile of document.querySelectorAll(".tile")) {
  tile.addEventListener("click", () => {
    const again = tile === current;
    stop();
    if (again) return;
    player.src = tile.dataset.sound;
    player.play().catch((error) => { document.title = `cannot play: ${error.message}`; stop(); });
    current = tile;
    tile.classList.add("playing");
    tile.setAttribute("aria-pressed", "true");
    move();
  });
}
addEventListener("keydown", (event) => { if (event.key === "Escape") stop(); });
