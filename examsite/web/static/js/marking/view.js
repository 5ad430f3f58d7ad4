// The look of the scoring page: dark or light, and under 1000 px the sheet at the bottom, high or low.
(function () {
  "use strict";

  const YEAR_SECONDS = 31536000;
  const theme = document.querySelector("[data-theme-switch]");
  const handle = document.querySelector("[data-handle]");

  theme.hidden = false;
  theme.addEventListener("click", () => {
    const isDark = document.body.classList.toggle("marking--dark");
    const secure = window.location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `marking_theme=${isDark ? "dark" : "light"}; Path=/marker/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
    theme.textContent = isDark ? theme.dataset.light : theme.dataset.dark;
  });

  if (!handle) return;
  const side = document.querySelector(".marking-sheet");
  const room = () => document.documentElement.style.setProperty("--sheet-room", `${side.offsetHeight}px`);
  handle.hidden = false;
  handle.addEventListener("click", () => {
    const isLow = side.classList.toggle("marking-sheet--low");
    handle.setAttribute("aria-expanded", String(!isLow));
    handle.textContent = isLow ? handle.dataset.low : handle.dataset.high;
  });
  new ResizeObserver(room).observe(side);
})();
