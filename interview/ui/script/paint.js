// Quotes painted in the answer's message, without touching its nodes.

const paint = (() => {
  const shown = new Map(); // root of a grade card → {turn, marks}
  const able = typeof CSS !== "undefined" && "highlights" in CSS && typeof Highlight === "function";
  let hovered = { root: null, point: null };
  // Markdown signs, spaces and the joiner stand in the source or on the page, not in both.
  const dropped = /[\s\u2060`*_~#>|\\-]/u;
  const folded = (text) => [...String(text)].filter((char) => !dropped.test(char)).join("").toLowerCase();

  function textOf(message) {
    const places = [];
    let text = "";
    const walker = document.createTreeWalker(message, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.parentElement.closest(".katex, button")) continue;
      let at = 0;
      for (const char of node.data) {
        const lower = char.toLowerCase();
        if (!dropped.test(char)) {
          text += lower;
          for (let unit = 0; unit < lower.length; unit += 1) places.push([node, at, char.length]);
        }
        at += char.length;
      }
    }
    return { text, places };
  }
  function rangeOf({ text, places }, quote) {
    const wanted = folded(quote);
    const start = wanted ? text.indexOf(wanted) : -1;
    if (start < 0) return null;
    const [first, from] = places[start];
    const [last, to, length] = places[start + wanted.length - 1];
    const range = new Range();
    range.setStart(first, from);
    range.setEnd(last, to + length);
    return range;
  }
  function answerOf(turn) {
    let row = rowOf(inChat(".v-line", turn));
    while (row && !row.classList.contains("user-row")) row = row.previousElementSibling;
    return row;
  }
  function repaint() {
    if (!able) return;
    const ranges = new Map(["covered", "partial", "missing", "contradicted", "hover"].map((name) => [name, []]));
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
    repaint,
    show(root, turn, marks) { shown.set(root, { turn, marks }); soon(); },
    hide(root) { if (shown.delete(root)) soon(); },
    hover(root, point) { hovered = { root, point }; soon(); },
  };
})();
