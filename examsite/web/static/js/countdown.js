// The server's remaining time, run forward with the clock that no one can set. Used by the waiting room, the test and the board.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});
  const BEAT_MILLISECONDS = 200;

  // Everything on a page that counts seconds changes at one beat, between two keys: each change is a frame, and a frame
  // costs a slow machine as much as a key does.
  const clocks = new Set(); // each says whether it changed something
  const serverClocks = [];
  let serverClocksAt = 0;

  // Work that can wait for a moment without keys; it is not put off for longer than that.
  examsite.whenIdle = function (step, longestMilliseconds) {
    if (window.requestIdleCallback) window.requestIdleCallback(step, { timeout: longestMilliseconds });
    else window.setTimeout(step, 0);
  };

  function beat() {
    let changed = false;
    for (const draw of clocks) changed = draw() || changed;
    const now = performance.now();
    if (!changed && clocks.size && now - serverClocksAt < 1000) return;
    serverClocksAt = now;
    for (const draw of serverClocks) draw(now);
  }

  window.setInterval(() => examsite.whenIdle(beat, BEAT_MILLISECONDS), BEAT_MILLISECONDS);

  examsite.formatLeft = function (seconds) {
    if (!Number.isFinite(seconds)) return "--:--:--";
    const whole = Math.max(0, Math.ceil(seconds));
    const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    return parts.map((part) => String(part).padStart(2, "0")).join(":");
  };

  // One clock: told the remaining seconds by the server now and then, asked as often as anyone likes. While it stands
  // (a pause of the room) it shows the same. No clock that a person can set plays a part. Null: not known yet.
  examsite.makeClock = function (remainingSeconds) {
    let left = remainingSeconds ?? Infinity;
    let mark = performance.now();
    let stands = false;
    return {
      sync(seconds, travelMilliseconds, standing = false) {
        left = seconds - (travelMilliseconds || 0) / 2000;
        mark = performance.now();
        stands = standing;
      },
      left() {
        return Math.max(0, stands ? left : left - (performance.now() - mark) / 1000);
      },
      stands: () => stands,
      ticks: () => !stands && Number.isFinite(left) && left * 1000 > performance.now() - mark,
    };
  };

  // Shows a clock in an element; speaks politely at the thresholds (minutes) and nowhere else. Gives what ends it.
  examsite.showClock = function (clock, options) {
    const spoken = new Set();
    let last = "";
    let over = false;
    function tick() {
      const seconds = clock.left();
      const text = examsite.formatLeft(seconds);
      const changed = text !== last;
      if (changed) {
        options.value.textContent = text;
        last = text;
        options.onTick?.(seconds);
      }
      if (seconds > 0) over = false;
      for (const minutes of options.thresholds || []) {
        const reached = seconds <= minutes * 60 && seconds > minutes * 60 - 30;
        if (reached && !spoken.has(minutes)) {
          spoken.add(minutes);
          if (options.announce) options.announce.textContent = options.sentence(minutes);
        }
        if (seconds > minutes * 60 + 30) spoken.delete(minutes);
      }
      if (seconds <= 0 && !over) {
        over = true;
        options.onZero?.();
      }
      return changed;
    }
    tick();
    clocks.add(tick);
    return () => clocks.delete(tick);
  };

  // Clocks of the server shown as time of day: each runs from the text it came with.
  for (const element of document.querySelectorAll("[data-server-clock]")) {
    const shown = element.textContent.trim().split(":").map(Number);
    if (!Number.isFinite(Date.parse(element.getAttribute("datetime"))) || shown.length !== 3) continue;
    const base = shown[0] * 3600 + shown[1] * 60 + shown[2];
    const mark = performance.now();
    serverClocks.push((now) => {
      // The text it came with was cut to the second: half a second more is nearer to the truth.
      const seconds = (base + Math.round((now - mark) / 1000)) % 86400;
      const text = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0")).join(":");
      if (element.textContent !== text) element.textContent = text;
    });
  }
})();
