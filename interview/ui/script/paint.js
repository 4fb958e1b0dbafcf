// Quotes painted in the answer's message, without touching its nodes.

const paint = (() => {
  const shown = new Map(); // root of a grade card → {turn, marks}
  const able = typeof CSS !== "undefined" && "highlights" in CSS && typeof Highlight === "function";
  let hovered = { root: null, point: null };
  // Markdown signs, spaces, the joiner and what encloses a formula stand in the source or on the page, not in both.
  const dropped = /[\s\u2060`*_~#>|$\\-]/u;
  const folded = (text) => [...String(text).replace(/\\[()]/g, "")].filter((char) => !dropped.test(char)).join("").toLowerCase();

  // A drawn formula counts by its source, and is painted whole; `words`: formulas do not count.
  function textOf(message, words = false) {
    const places = [];
    let text = "";
    const walker = document.createTreeWalker(message, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const formula = node.parentElement.closest(".katex");
      if (node.parentElement.closest("button") || (formula && (words || !node.parentElement.closest("annotation")))) continue;
      let at = 0;
      for (const char of node.data) {
        const lower = char.toLowerCase();
        if (!dropped.test(char)) {
          text += lower;
          for (let unit = 0; unit < lower.length; unit += 1) places.push(formula ? [formula] : [node, at, char.length]);
        }
        at += char.length;
      }
    }
    return { text, places };
  }
  function rangeOf({ text, places }, quote) {
    const wanted = folded(quote);
    const start = wanted ? text.indexOf(wanted) : -1;
    return start < 0 ? null : rangeAt({ places }, start, wanted.length);
  }
  function rangeAt({ places }, start, count) {
    const [first, from] = places[start];
    const [last, to, length] = places[start + count - 1];
    const range = new Range();
    if (from === undefined) range.setStartBefore(first);
    else range.setStart(first, from);
    if (to === undefined) range.setEndAfter(last);
    else range.setEnd(last, to + length);
    return range;
  }
  function answerOf(turn) {
    let row = rowOf(inChat(".v-line", turn));
    while (row && !row.classList.contains("user-row")) row = row.previousElementSibling;
    return row;
  }
  // In the review room: what the reference says and the answer lacks, and the words that were searched for.
  const room = { lacking: [], words: [] };
  const roots = new Map(); // root of a card → what it has painted there
  const FORMULA = /\$\$[\s\S]*?\$\$|\\\([\s\S]*?\\\)|\$[^\s$][^$\n]*\$|!?\[|\]\([^)\n]*\)|^[ \t]*(?:[-+*]|\d{1,3}[.)])(?=\s)/gm;
  // Of equal words those count that stand nearest to where the source has them.
  function nearest(text, wanted, at) {
    let best = -1;
    for (let found = text.indexOf(wanted); found >= 0; found = text.indexOf(wanted, found + 1)) {
      if (best < 0 || Math.abs(found - at) < Math.abs(best - at)) best = found;
    }
    return best;
  }
  function paintLacking(ranges) {
    const reference = room.lacking.length > 0 && document.getElementById("room-reference");
    if (!reference) return;
    const rendered = textOf(reference, true);
    let at = 0;
    for (const segment of room.lacking) {
      for (const line of String(segment.text).split(FORMULA).flatMap((part) => part.split("\n"))) {
        const wanted = folded(line);
        const start = segment.verdict && wanted.length > 1 ? nearest(rendered.text, wanted, at) : -1;
        if (start >= 0) ranges.get(segment.verdict)?.push(rangeAt(rendered, start, wanted.length));
        at += wanted.length;
      }
    }
  }
  function paintWords(ranges) {
    for (const id of room.words.length > 0 ? ["room-question", "room-answer", "room-reference", "room-feedback"] : []) {
      const element = document.getElementById(id);
      const text = element && textOf(element);
      for (const word of text ? room.words.map(folded).filter(Boolean) : []) {
        for (let at = text.text.indexOf(word); at >= 0; at = text.text.indexOf(word, at + word.length)) {
          ranges.get("hit").push(rangeAt(text, at, word.length));
        }
      }
    }
  }
  function repaint() {
    if (!able) return;
    const ranges = new Map(["covered", "partial", "missing", "contradicted", "hover", "hit"].map((name) => [name, []]));
    paintLacking(ranges);
    paintWords(ranges);
    for (const [root, { turn, marks }] of shown) {
      const message = root.isConnected && marks.length > 0 ? answerOf(turn) : null;
      if (!message) continue;
      const text = textOf(message);
      for (const mark of marks) {
        const range = rangeOf(text, mark.quote);
        if (!range) continue;
        ranges.get(mark.verdict)?.push(range);
        if (hovered.root === root && hovered.point === mark.point) ranges.get("hover").push(range);
      }
    }
    for (const [name, found] of ranges) {
      if (found.length) CSS.highlights.set(`viva-${name}`, new Highlight(...found));
      else CSS.highlights.delete(`viva-${name}`);
    }
  }
  return {
    able,
    repaint,
    room(kind, root, items) { room[kind] = list(items); roots.set(root, kind); redraw.soon(); },
    show(root, turn, marks) { shown.set(root, { turn, marks }); redraw.soon(); },
    hide(root) {
      if (roots.has(root)) room[roots.get(root)] = [];
      if (shown.delete(root) || roots.delete(root)) redraw.soon();
    },
    hover(root, point) { hovered = { root, point }; redraw.soon(); },
  };
})();
redraw.after(paint.repaint);
