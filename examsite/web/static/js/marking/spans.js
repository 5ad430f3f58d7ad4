// Pieces of an answer: from what is selected to code points of the fixed text and back, and choosing by sentences with
// the keyboard. Code points, because the server counts so; the browser counts a rare letter twice.
(function () {
  "use strict";

  const { marking } = window.examsite;
  const texts = Array.from(document.querySelectorAll("[data-text]"));

  const lengthOf = (text) => Array.from(text).length;

  function pieceBefore(paragraph, node, offset) {
    const range = document.createRange();
    range.setStart(paragraph, 0);
    range.setEnd(node, offset);
    return range.toString();
  }

  // The selected piece within one paragraph, without the white space at its ends; null when nothing is left.
  function partIn(paragraph, range) {
    const whole = paragraph.textContent;
    const from = paragraph.contains(range.startContainer)
      ? pieceBefore(paragraph, range.startContainer, range.startOffset).length
      : 0;
    const to = paragraph.contains(range.endContainer)
      ? pieceBefore(paragraph, range.endContainer, range.endOffset).length
      : whole.length;
    const piece = whole.slice(from, to);
    if (!piece.trim()) return null;
    const start = from + piece.length - piece.trimStart().length;
    const end = to - (piece.length - piece.trimEnd().length);
    const base = Number(paragraph.dataset.start);
    return {
      start: base + lengthOf(whole.slice(0, start)),
      end: base + lengthOf(whole.slice(0, end)),
      quote: whole.slice(start, end),
    };
  }

  // {item, start, end, quote} of what is selected in one answer, or null.
  marking.selectedSpan = function () {
    const selection = window.getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    const text = texts.find((list) => list.contains(range.startContainer) || list.contains(range.endContainer));
    if (!text || text.closest("[hidden]")) return null;
    const parts = Array.from(text.querySelectorAll("[data-start]"))
      .filter((paragraph) => range.intersectsNode(paragraph))
      .map((paragraph) => partIn(paragraph, range))
      .filter(Boolean);
    if (!parts.length) return null;
    return {
      item: text.closest("[data-answer]").dataset.answer,
      start: parts[0].start,
      end: parts[parts.length - 1].end,
      quote: parts.map((part) => part.quote).join("\n"),
    };
  };

  // --- sentences -------------------------------------------------------------------------------------------------

  function sentencesOf(text) {
    const found = [];
    for (const paragraph of text.querySelectorAll("[data-start]")) {
      for (const match of paragraph.textContent.matchAll(/[^.!?…]*(?:[.!?…]+(?=\s|$)|[.!?…]+|$)/gu)) {
        if (match[0].trim()) found.push({ paragraph, start: match.index, end: match.index + match[0].length });
      }
    }
    // A dot inside a figure or an abbreviation ends nothing: what has no space behind it belongs to what follows.
    return found.reduce((joined, piece) => {
      const last = joined[joined.length - 1];
      const whole = piece.paragraph.textContent;
      if (last && last.paragraph === piece.paragraph && !/^\s/u.test(whole.slice(piece.start))) last.end = piece.end;
      else joined.push(piece);
      return joined;
    }, []);
  }

  function placeOf(paragraph, offset) {
    const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
    let left = offset;
    let node = walker.nextNode();
    while (node && left > node.length) {
      left -= node.length;
      node = walker.nextNode() || node;
    }
    return [node, left];
  }

  function choose(text, first, last) {
    const known = sentencesOf(text);
    const from = known[Math.min(first, last)];
    const to = known[Math.max(first, last)];
    const leading = /^\s*/u.exec(from.paragraph.textContent.slice(from.start))[0].length;
    window.getSelection().setBaseAndExtent(...placeOf(from.paragraph, from.start + leading), ...placeOf(to.paragraph, to.end));
    known[last].paragraph.scrollIntoView({ block: "nearest" });
    const span = marking.selectedSpan();
    if (span && marking.say) marking.say(marking.filled(document.querySelector("[data-notes-at]").dataset.textChosen, { quote: span.quote }));
  }

  for (const text of texts) {
    let first = -1;
    let last = -1;
    text.addEventListener("pointerdown", () => {
      first = last = -1;
    });
    text.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== text) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const count = sentencesOf(text).length;
        last = Math.min(count - 1, Math.max(0, last + (event.key === "ArrowDown" ? 1 : -1)));
        if (!event.shiftKey || first < 0) first = last;
        event.preventDefault();
        choose(text, first, last);
      } else if (event.shiftKey && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
        event.preventDefault();
        window.getSelection().modify("extend", event.key === "ArrowRight" ? "forward" : "backward", "word");
      }
    });
  }

  marking.focusText = function () {
    const text = texts.find((list) => !list.closest("[hidden]"));
    if (text) text.focus({ preventScroll: true });
    return Boolean(text);
  };
})();
