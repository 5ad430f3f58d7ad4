// Reading page by page: the arrow keys turn the page, the whole view keeps its place between pages of one proposal.
(function () {
  "use strict";

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input, textarea, select, summary")) return;
    const way = { ArrowRight: "[data-next]", ArrowLeft: "[data-previous]" }[event.key];
    if (!way) return;
    // A page wider than its place is moved sideways by the same keys first.
    const place = document.querySelector(".reading-place");
    if (place && place.contains(event.target) && place.scrollWidth > place.clientWidth + 1) return;
    const link = document.querySelector(way);
    if (!link) return;
    event.preventDefault();
    link.click();
  });

  // On a tablet held upright the page itself comes first; the list opens at a touch.
  const list = document.querySelector(".reading-list");
  if (list && window.matchMedia("(max-width: 860px)").matches) list.open = false;

  const current = document.querySelector(".reading-list [aria-current]");
  if (current && current.offsetTop > current.closest(".reading-list").clientHeight) {
    current.scrollIntoView({ block: "nearest" });
  }
})();
