// Plays how a written answer grew, one save at a time. The steps came with the page; nothing is asked of the server.
(function () {
  "use strict";

  const root = document.querySelector("[data-replay]");
  if (!root) return;

  const TICK_MILLISECONDS = 120;
  const find = (name) => root.querySelector(`[data-replay-${name}]`);
  const words = JSON.parse(root.dataset.words);
  const items = JSON.parse(root.dataset.steps);
  const text = find("text");
  const place = find("place");
  const play = find("play");
  let texts = [];
  let timer = 0;

  // Every step says how many letters stay at both ends and what stands between; letters are counted as code points.
  function build(steps) {
    const built = [];
    let before = [];
    for (const [hour, head, tail, middle] of steps) {
      before = [...before.slice(0, head), ...Array.from(middle), ...before.slice(before.length - tail)];
      built.push({ hour, text: before.join("") });
    }
    return built;
  }

  function show(number) {
    const step = texts[number - 1];
    place.value = String(number);
    text.textContent = step.text;
    text.scrollTop = text.scrollHeight;
    const line = [String(number), String(texts.length), step.hour].reduce((said, value) => said.replace("%s", value), words.step);
    find("now").textContent = line;
    place.setAttribute("aria-valuetext", line);
  }

  function stop() {
    window.clearInterval(timer);
    timer = 0;
    play.textContent = words.play;
  }

  function run() {
    if (Number(place.value) >= texts.length) show(1);
    play.textContent = words.stop;
    timer = window.setInterval(() => {
      const next = Number(place.value) + 1;
      if (next > texts.length) stop();
      else show(next);
    }, TICK_MILLISECONDS);
  }

  function choose(item) {
    stop();
    texts = build(items[item].steps);
    place.max = String(texts.length);
    show(texts.length);
  }

  play.addEventListener("click", () => (timer ? stop() : run()));
  place.addEventListener("input", () => { stop(); show(Number(place.value)); });
  find("item").addEventListener("change", (event) => choose(event.target.value));
  find("off").hidden = true;
  find("on").hidden = false;
  text.hidden = false;
  choose(find("item").value);
})();
