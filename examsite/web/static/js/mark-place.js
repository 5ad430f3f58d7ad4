// Marking by hand: what is selected in a text goes into the form, with its place; Enter in the text takes it.
(function () {
  "use strict";

  const form = document.querySelector("[data-mark-form]");
  if (!form) return;
  const said = form.querySelector("[data-mark-said]");
  // `form.elements.item` would be a method of the list, not the field.
  const [item, words, start, reason] = ["item", "words", "start", "reason"].map((name) =>
    form.elements.namedItem(name),
  );

  // Places are counted in code points: a letter outside the first plane is one, not two.
  function points(text) {
    return Array.from(text).length;
  }

  function take(area) {
    const whole = area.value.slice(area.selectionStart, area.selectionEnd);
    const chosen = whole.trim();
    if (!chosen) return false;
    const lead = whole.length - whole.trimStart().length;
    item.value = area.dataset.markText;
    words.value = chosen;
    start.value = String(points(area.value.slice(0, area.selectionStart + lead)));
    said.textContent = said.dataset.taken.replace("{item}", area.dataset.markText);
    return true;
  }

  document.querySelectorAll("[data-mark-text]").forEach((area) => {
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && take(area)) {
        event.preventDefault();
        reason.focus();
      }
    });
    area.addEventListener("beforeinput", (event) => event.preventDefault());
    area.addEventListener("mouseup", () => window.setTimeout(() => take(area), 0));
  });

  // Words that were changed by hand stand wherever they are found, another essay is another text.
  [words, item].forEach((field) =>
    field.addEventListener("input", () => {
      start.value = "";
    }),
  );
})();
