// The confirmation of a lock, for whoever came by keys: Enter locks what the page repeats, Escape goes back.
(function () {
  "use strict";

  const button = document.querySelector('[data-testid="lock"]');
  const back = document.querySelector("[data-close-dialog]");
  button.focus();
  document.addEventListener("keydown", (event) => {
    // The keys that led here may still be held down; they confirm nothing.
    if (event.repeat && event.key === "Enter") event.preventDefault();
    if (event.key === "Escape" && !event.repeat) back.click();
  });
})();
