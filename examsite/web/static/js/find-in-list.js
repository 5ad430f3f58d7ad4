// A long list with a field above it: what is typed there hides the rows without it. Without script the button asks the server.
(function () {
  "use strict";

  function plain(text) {
    return text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase();
  }

  for (const box of document.querySelectorAll("[data-find-in]")) {
    const rows = Array.from(document.querySelectorAll(`#${box.dataset.findIn} > li`), (row) => ({
      row,
      words: plain(row.dataset.words),
      choice: row.querySelector("select"),
    }));
    const field = box.querySelector("input");
    const told = box.querySelector("[role=status]");

    function find() {
      const wanted = plain(field.value).split(/\s+/).filter(Boolean);
      let seen = 0;
      for (const { row, words, choice } of rows) {
        const fits = wanted.every((word) => words.includes(word));
        if (fits) seen += 1;
        // Whoever was chosen stays in sight, so that no choice is sent unseen.
        row.hidden = !fits && !choice.value;
      }
      told.textContent = wanted.length ? box.dataset.told.replace("{seen}", String(seen)).replace("{all}", String(rows.length)) : "";
    }

    // Left in place it would be what the Enter key presses in every other field.
    box.querySelector("button").remove();
    field.addEventListener("input", find);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    find();
  }
})();
