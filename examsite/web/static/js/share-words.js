// Typing the words of a key sheet: a whole sheet pasted is spread over the boxes, four letters make a word, a space
// leads on. The page works without it; the server looks at every word again. Nothing is kept in the browser.
(function () {
  "use strict";

  const list = document.getElementById("share-words");
  if (!list) return;
  const known = new Map();
  for (const option of list.options) known.set(option.value.slice(0, 4), option.value);

  function wordOf(text) {
    const typed = text.trim().toLowerCase();
    const word = known.get(typed.slice(0, 4));
    return word && word.startsWith(typed) ? word : null;
  }

  function setUp(share) {
    const boxes = [...share.querySelectorAll("input")];
    const state = share.querySelector("[data-share-state]");

    function tell() {
      const count = boxes.filter((box) => wordOf(box.value)).length;
      state.textContent =
        count === boxes.length ? state.dataset.shareFull : count ? state.dataset.shareWords.replace("%s", count) : "";
    }

    function settle(box) {
      const word = wordOf(box.value);
      if (word) box.value = word;
      if (box.value.trim() && !word) box.setAttribute("aria-invalid", "true");
      else box.removeAttribute("aria-invalid");
      tell();
    }

    function spread(words, from) {
      let place = words.length >= boxes.length ? 0 : from;
      for (const word of words) {
        if (place >= boxes.length) break;
        boxes[place].value = word;
        settle(boxes[place]);
        place += 1;
      }
      boxes[Math.min(place, boxes.length - 1)].focus();
    }

    boxes.forEach((box, place) => {
      box.addEventListener("paste", (event) => {
        const words = (event.clipboardData.getData("text").toLowerCase().match(/[a-z]+/g)) || [];
        if (words.length < 2) return;
        event.preventDefault();
        spread(words, place);
      });
      box.addEventListener("keydown", (event) => {
        if (event.key === " " || event.key === "Enter") {
          if (event.key === "Enter" && place === boxes.length - 1) return;
          event.preventDefault();
          settle(box);
          if (!box.value || place + 1 >= boxes.length) return;
          boxes[place + 1].focus();
          boxes[place + 1].select();  // so that a second try types over the first
        } else if (event.key === "Backspace" && !box.value && place) {
          event.preventDefault();
          boxes[place - 1].focus();
        }
      });
      box.addEventListener("input", tell);
      box.addEventListener("change", () => settle(box));
      if (box.value) settle(box);
    });
    tell();
  }

  for (const share of document.querySelectorAll("[data-share]")) setUp(share);
})();
