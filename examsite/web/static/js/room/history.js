// Undo of our own: the browser's is lost when the page is, and mixes fields. A step is where, what went, what came.
//
// A key costs nothing here: steps are cut when typing pauses, turns from writing to deleting, or a block comes in.
// The steps lie in the journal of this machine, so a reload or a crash takes none; text that was saved after the last
// step becomes one more step.
(function () {
  "use strict";

  const examsite = (window.examsite = window.examsite || {});
  const PAUSE_MILLISECONDS = 1200;
  const MOST_STEPS = 300;
  const MOST_CHARACTERS = 200000;

  // What differs between two texts, cut to the least.
  function difference(before, after) {
    const shorter = Math.min(before.length, after.length);
    let start = 0;
    while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
    let end = 0;
    while (
      end < shorter - start &&
      before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
    ) end += 1;
    return [start, before.slice(start, before.length - end), after.slice(start, after.length - end)];
  }

  function family(inputType) {
    if (inputType.startsWith("insertFrom") || inputType.startsWith("deleteBy")) return "block";
    if (inputType === "insertLineBreak" || inputType === "insertParagraph") return "line";
    return inputType.startsWith("delete") ? "delete" : "insert";
  }

  // options: area, journal, item, isOpen() (may be written now), onStep() (text was put back).
  examsite.makeHistory = function ({ area, journal, item, isOpen, onStep, onChange }) {
    let base = area.value;
    let steps = [];
    let place = 0; // steps before it can be undone, steps from it on done again
    let pending = false;
    let lastKind = "";
    let lastAt = 0;
    let timer = 0;
    let composing = false;

    function cut() {
      window.clearTimeout(timer);
      timer = 0;
      pending = false;
      const text = area.value;
      if (text === base) return;
      steps.length = place;
      steps.push(difference(base, text));
      base = text;
      let size = steps.reduce((sum, step) => sum + step[1].length + step[2].length, 0);
      while (steps.length > 1 && (steps.length > MOST_STEPS || size > MOST_CHARACTERS)) {
        const gone = steps.shift();
        size -= gone[1].length + gone[2].length;
      }
      place = steps.length;
      keep();
      onChange();
    }

    function keep() {
      journal.keepHistory({ item, base, steps, place });
    }

    area.addEventListener("beforeinput", (event) => {
      if (event.inputType === "historyUndo" || event.inputType === "historyRedo") {
        event.preventDefault();
        if (event.inputType === "historyUndo") undo();
        else redo();
        return;
      }
      if (composing || event.isComposing) return;
      const kind = family(event.inputType);
      const now = performance.now();
      if (pending && (kind !== lastKind || kind !== "insert" && kind !== "delete" || now - lastAt > PAUSE_MILLISECONDS)) cut();
      lastKind = kind;
      lastAt = now;
    });
    area.addEventListener("input", () => {
      if (!pending) {
        pending = true;
        onChange();
      }
      if (!timer) timer = window.setTimeout(settle, PAUSE_MILLISECONDS);
    });
    area.addEventListener("compositionstart", () => { composing = true; });
    area.addEventListener("compositionend", () => { composing = false; });

    // One timer for a whole burst of keys, not one for each.
    function settle() {
      timer = 0;
      const quiet = performance.now() - lastAt;
      if (composing || quiet < PAUSE_MILLISECONDS - 50) timer = window.setTimeout(settle, PAUSE_MILLISECONDS - Math.min(quiet, PAUSE_MILLISECONDS - 100));
      else cut();
    }

    function put(at, out, come) {
      area.setRangeText(come, at, at + out.length, "end");
      base = area.value;
      lastKind = "";
      keep();
      onStep();
      onChange();
    }

    function undo() {
      if (composing || !isOpen()) return;
      cut();
      if (!place) return;
      place -= 1;
      const [at, removed, inserted] = steps[place];
      put(at, inserted, removed);
    }

    function redo() {
      if (composing || !isOpen()) return;
      cut();
      if (place === steps.length) return;
      const [at, removed, inserted] = steps[place];
      place += 1;
      put(at, removed, inserted);
    }

    area.addEventListener("keydown", (event) => {
      if (event.isComposing || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      const key = event.key.toLowerCase();
      const isUndo = key === "z" && !event.shiftKey;
      const isRedo = key === "y" || (key === "z" && event.shiftKey);
      if (!isUndo && !isRedo) return;
      event.preventDefault();
      if (isUndo) undo();
      else redo();
    });

    return {
      undo,
      redo,
      cut,
      canUndo: () => pending || place > 0,
      canRedo: () => !pending && place < steps.length,
      // The text has just been put into the sheet: the steps that this machine knows lead to it.
      async load() {
        const row = await journal.history(item);
        base = area.value;
        steps = [];
        place = 0;
        if (Array.isArray(row?.steps)) {
          steps = row.steps;
          place = Math.min(row.place, steps.length);
          if (row.base !== base) {
            steps.length = place;
            steps.push(difference(row.base, base));
            place = steps.length;
          }
        }
        pending = false;
        onChange();
      },
    };
  };
})();
