// How the page reads: size of question and sheet, contrast, spacing, a plain layout. The candidate chooses, this
// machine and the server remember; what was approved before the test is set without asking.
(function () {
  "use strict";

  const examsite = window.examsite;
  if (!examsite.room) return;
  const { room, find } = examsite;
  const SIZES = [16, 18, 20, 22, 26];
  const DEFAULT_SIZE = 18;
  const NARROW = "(max-width: 1100px)";
  const SEND_MILLISECONDS = 1500;

  function parsed(text) {
    try {
      return JSON.parse(text || "{}") || {};
    } catch {
      return {};
    }
  }

  examsite.watchReading = function () {
    const page = document.documentElement;
    const smaller = find("[data-sheet-smaller]");
    const larger = find("[data-sheet-larger]");
    const panel = find("[data-reading-panel]");
    const opener = find("[data-reading-toggle]");
    // What was approved before the test and what the server remembers, then what was chosen on this machine.
    const chosen = {
      size: DEFAULT_SIZE,
      contrast:
        page.dataset.contrast === "high" ||
        (page.dataset.contrast !== "normal" && window.matchMedia("(prefers-contrast: more)").matches),
      spacing: false,
      plain: false,
      ...parsed(room.data.preferences),
      ...parsed(room.remembered("reading")),
    };
    let timer = 0;
    const narrow = window.matchMedia(NARROW);
    const view = find('[data-view="test"]');
    const stack = () => view.classList.toggle("is-stacked", narrow.matches || Boolean(chosen.plain));
    narrow.addEventListener("change", stack);

    function apply() {
      stack();
      const place = Math.max(0, SIZES.indexOf(Number(chosen.size)));
      room.root.dataset.size = String(SIZES[place]);
      room.root.dataset.spacing = chosen.spacing ? "wide" : "normal";
      room.root.dataset.plain = chosen.plain ? "yes" : "no";
      page.dataset.contrast = chosen.contrast ? "high" : "normal";
      // Said to be off, not switched off: a button that goes off under the keyboard would take the focus with it.
      smaller.setAttribute("aria-disabled", String(place === 0));
      larger.setAttribute("aria-disabled", String(place === SIZES.length - 1));
      examsite.setText(find("[data-size-now]"), String(SIZES[place]));
      for (const name of ["contrast", "spacing", "plain"]) {
        for (const button of examsite.findAll(`[data-choose="${name}"]`)) button.setAttribute("aria-pressed", String(Boolean(chosen[name])));
      }
    }

    function choose(name, value) {
      chosen[name] = value;
      apply();
      const { size, contrast, spacing, plain } = chosen;
      room.remember("reading", JSON.stringify({ size, contrast, spacing, plain }));
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        room.call("preferences", { body: { size, contrast, spacing, plain } }).catch(() => {});
      }, SEND_MILLISECONDS);
    }

    function step(by) {
      const place = Math.max(0, SIZES.indexOf(Number(chosen.size)));
      choose("size", SIZES[Math.min(SIZES.length - 1, Math.max(0, place + by))]);
    }

    smaller.addEventListener("click", () => step(-1));
    larger.addEventListener("click", () => step(1));
    for (const button of examsite.findAll("[data-size-step]")) {
      button.addEventListener("click", () => step(Number(button.dataset.sizeStep)));
    }
    for (const button of examsite.findAll("[data-choose]")) {
      button.addEventListener("click", () => choose(button.dataset.choose, !chosen[button.dataset.choose]));
    }

    function open(isOpen) {
      panel.hidden = !isOpen;
      opener.setAttribute("aria-expanded", String(isOpen));
    }
    opener.addEventListener("click", () => open(panel.hidden));
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      open(false);
      opener.focus();
    });
    document.addEventListener("click", (event) => {
      if (!panel.hidden && !event.target.closest("[data-reading-panel], [data-reading-toggle]")) open(false);
    });
    apply();
  };
})();
