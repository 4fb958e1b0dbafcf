// Cards of the Transcripts tab.

// What a candidate wrote: words, and the formulas that the server found in it.
const worded = ({ text, parts }) => list(parts).length > 0 ? parts.map((part) => (part.tex && readFormula(part.tex)) || part.text) : text;
const marked = (segments) => list(segments).map((segment) =>
  segment.verdict
    ? h("mark", verdict(segment.verdict), { title: segment.title }, worded(segment), list(segment.numbers).length > 0 && h("sup", "", segment.numbers.join(",")))
    : worded(segment));
const pieces = (parts) => list(parts).map((part) => (part.hit ? h("mark", "v-hit", part.text) : part.text));

// On a phone the room is the list of questions or one of them; a tap leads in, a link back. Told on the page itself,
// for the room may not be there yet when a tap elsewhere leads into it.
// The list that was clicked stays where it is until the room is drawn.
function showRoom(detail) {
  document.documentElement.classList.toggle("viva-detail", detail);
  navigation.show(() => document.getElementById("room")?.checkVisibility() && document.documentElement);
}
const openDetail = () => showRoom(true);
const openList = () => showRoom(false);

Object.assign(views, {
  session_rows(value, act, root) {
    root.chosen ??= new Set();
    const rows = list(value.rows);
    const there = rows.map((row) => row.id).filter((id) => root.chosen.has(id));
    const choose = (row) => h("label", "v-choose", h("input", "", {
      type: "checkbox", "aria-label": row.choose, checked: root.chosen.has(row.id),
      onclick: () => { if (!root.chosen.delete(row.id)) root.chosen.add(row.id); root.redraw(); },
    }));
    return [
      value.empty && h("p", "v-empty", value.empty),
      there.length > 0 && h("p", "v-export", h("span", "v-muted", value.export), list(value.forms).map((form) =>
        h("a", "v-pill", { href: `/export/${there.map(encodeURIComponent).join("+")}.${form.suffix}`, download: "" }, form.label))),
      h("div", "v-rows", rows.map((row) => h("div", "v-row", list(value.forms).length > 0 && (row.choose ? choose(row) : h("span", "v-choose", "")),
        h("button", "v-session", { type: "button", onclick: () => { openList(); act("select", { id: row.id }); } },
          ring(row.ring, "middle"), h("span", "v-grow v-session-text", h("b", "", row.title), h("small", "", dotted(row.meta))), squares(row.marks, row.marks_label), time(row.at))))),
    ];
  },

  hit_rows: (value, act) => [
    value.empty && h("p", "v-empty", value.empty),
    h("div", "v-rows", list(value.rows).map((row) =>
      h("button", `v-session v-found ${tone(row.tone)}`, { type: "button", onclick: () => { openDetail(); act("select", { turn: row.turn }); } },
        h("span", "v-score", row.score),
        h("span", "v-grow v-session-text",
          h("b", "", row.star && h("i", "v-star", { title: row.star }, "★"), row.question ? formulas(row.question) : pieces(row.pieces)),
          row.question && h("span", "v-snippet", h("i", "v-tag", row.field), " ", pieces(row.pieces)),
          h("small", "", dotted(row.meta))),
        time(row.at)))),
  ],

  import_card: (value) => [
    list(value.said).length > 0 && h("p", "v-job", { role: "status" }, list(value.said).map((text) => h("span", "", text, " "))),
    value.title && h("p", "v-job v-broken", { role: "alert" }, value.title),
    h("ul", "v-problems", list(value.problems).map((text) => h("li", "", text))),
    value.link && h("a", "v-pill", { href: value.link.href, download: "" }, value.link.label),
  ],

  turn_head(value, act, root) {
    paint.room("words", root, value.words);
    const wish = (name) => () => act("select", { wish: name });
    const again = () => { navigation.followChat(); act("select", { wish: "again" }); };
    return [
      h("p", "v-turn-head",
        h("button", "v-link v-to-list", { type: "button", onclick: openList }, value.back),
        h("b", "v-muted", value.place), chips(value.chips), h("span", "v-grow", ""),
        h("button", "v-pill v-star-button", { type: "button", "aria-pressed": value.starred ? "true" : "false", onclick: wish(value.starred ? "unstar" : "star") }, value.starred ? "★ " : "☆ ", value.star),
        value.again && h("button", "v-pill", { type: "button", onclick: again }, value.again),
        value.delete && h("button", "v-pill v-delete", { type: "button", onclick: wish("delete") }, value.delete)),
      value.told && h("p", "v-aside", value.told),
    ];
  },

  reference_marks(value, act, root) {
    const segments = list(value.segments);
    paint.room("lacking", root, segments);
    const pair = () => root.closest("#room-pair");
    if (!paint.able) pair()?.classList.add("source");
    const inSource = Boolean(pair()?.classList.contains("source"));
    const turn = () => { pair()?.classList.toggle("source"); root.redraw(); };
    return [
      h("p", "v-reference-tools", value.legend && h("small", "", value.legend),
        h("button", "v-link", { type: "button", "aria-pressed": inSource ? "true" : "false", onclick: turn }, inSource ? value.rendered : value.source)),
      inSource && h("pre", "v-source", segments.map((segment) =>
        segment.verdict ? h("mark", verdict(segment.verdict), { title: segment.title }, segment.text) : segment.text)),
      list(value.elsewhere).length > 0 && h("h3", "", value.elsewhere_title),
      h("ul", "v-elsewhere", list(value.elsewhere).map((point) =>
        h("li", "", icon(point.verdict), h("span", "v-grow", formulas(point.text)), h("span", `v-word ${verdict(point.verdict)}`, point.word)))),
    ];
  },

  attempts_card: (value) => [
    h("h2", "", value.title),
    h("div", "v-pair", list(value.columns).map((column) => h("section", "",
      h("div", "v-column", ring(column.ring, "middle"), h("span", "", h("b", "", column.label), h("small", "", column.help, " · ", time(column.at)))),
      h("p", "v-answer", marked(column.segments))))),
    list(value.rows).length > 0 && h("div", "v-scroll", { tabindex: "0" }, h("table", "v-compare",
      h("thead", "", h("tr", "", h("th", "", { scope: "col" }, value.point), list(value.columns).map((column) => h("th", "", { scope: "col" }, column.label)), h("th", "", { scope: "col" }, value.change))),
      h("tbody", "", list(value.rows).map((row) => h("tr", "",
        h("th", "", { scope: "row" }, formulas(row.text)),
        list(row.cells).map((cell) => h("td", "", cell.verdict ? [icon(cell.verdict), h("span", `v-word ${verdict(cell.verdict)}`, cell.word)] : cell.word)),
        h("td", `v-change c-${oneOf(["better", "worse", "same"], row.change)}`, row.change_word)))))),
  ],

  improved_card: (value) => [
    h("p", "v-card-head v-line-head", h("b", "", value.title), h("span", "v-chip t-warn", value.told), h("small", "", time(value.at))),
    h("p", "v-answer v-improved", list(value.pieces).map((piece) => piece.added ? h("ins", "", worded(piece)) : worded(piece))),
  ],

  room_head: (value) => [h("div", "v-room-head", h("h1", "", value.title), chips(value.chips), h("span", "v-chip t-plain", time(value.at)))],

  room_nav(value, act, root) {
    const chosen = root.dataset.group || "";
    const counters = list(value.counters).map((counter) =>
      h("button", `v-counter g-${oneOf(["solid", "partly", "weak", "rest"], counter.group)}`, {
        type: "button", "aria-pressed": chosen === counter.group ? "true" : "false",
        onclick: () => { root.dataset.group = chosen === counter.group ? "" : counter.group; root.redraw(); },
      }, h("b", "", counter.count), counter.label));
    const items = list(value.items).filter((item) => !chosen || item.group === chosen).map((item) =>
      h("button", `v-nav-item ${tone(item.tone)}`, { type: "button", "aria-current": item.selected ? "true" : undefined, onclick: () => { openDetail(); act("select", { turn: item.turn }); } },
        ["ungraded", "estimate"].includes(item.tone) ? h("i", `v-hatch ${tone(item.tone)}`) : h("span", "v-number", item.number),
        h("span", "v-grow", h("b", "", formulas(item.question)), h("small", "", dotted([...list(item.meta), item.again]))), h("span", "v-score", item.score)));
    return [h("div", "v-counters", counters), h("nav", "v-nav", { "aria-label": value.label }, items)];
  },

  answer_segments: (value) => [
    h("div", "v-card-head v-line-head", h("h2", "", value.title), value.at && h("span", "v-chip t-plain", `${value.saved} `, time(value.at))),
    value.empty && h("p", "v-aside", value.empty),
    h("p", "v-answer", marked(value.segments)),
  ],

  grades_list(value, act, root) {
    const pairs = list(value.pairs);
    const first = pairs.filter((one) => one.by_point).at(-1) || pairs.at(-1);
    const newest = first ? [first.one, first.other] : [];
    const graded = new Set(pairs.flatMap((pair) => [pair.one, pair.other]));
    const kept = (root.dataset.pair || "").split(" ").filter(Boolean).map(Number).filter((number) => graded.has(number));
    const chosen = kept.length ? kept : newest;
    // A third choice takes the place of the older one.
    const choose = (number) => {
      const rest = chosen.filter((other) => other !== number);
      root.dataset.pair = (rest.length < chosen.length ? rest : [...rest, number].slice(-2)).join(" ");
      root.redraw();
    };
    const pair = pairs.find((one) => chosen.includes(one.one) && chosen.includes(one.other));
    const pick = (number) => graded.size > 2 && graded.has(number) &&
      h("button", "v-pick", { type: "button", "aria-pressed": chosen.includes(number) ? "true" : "false", onclick: () => choose(number) }, value.compare);
    return [
    h("h2", "", value.title),
    h("div", "v-scroll", { tabindex: "0" }, h("table", "v-compare",
      h("thead", "", h("tr", "", h("th", "", { scope: "col" }, value.point), list(value.columns).map((column, number) =>
        h("th", "", { scope: "col", title: column.title || undefined }, h("div", "v-column", ring(column.ring, "middle"), h("span", "", h("b", "", column.name), h("small", "", dotted(column.facts)), h("small", "", time(column.at)), pick(number))))))),
      h("tbody", "", list(value.rows).map((row) => h("tr", row.differs ? "v-differs" : "", { title: row.differs ? value.differs : undefined },
        h("th", "", { scope: "row" }, formulas(row.text)), list(row.cells).map((cell) => h("td", "", cell.verdict ? [icon(cell.verdict), h("span", `v-word ${verdict(cell.verdict)}`, cell.word)] : cell.word))))))),
    pair && pairBelow(value, pair),
    h("p", "v-chips", list(value.chips).map((text) => h("span", "v-chip t-plain", text))),
    ];
  },
});

// What two grades say about each point on which they differ, with the words that each goes by.
function pairBelow(value, pair) {
  const side = (row, number) => {
    const cell = list(row.cells)[number];
    return h("div", "v-side", h("small", "", list(value.columns)[number].name),
      h("p", "", cell.verdict ? [icon(cell.verdict), " ", h("span", `v-word ${verdict(cell.verdict)}`, cell.word)] : cell.word),
      list(cell.quotes).map((quote) => h("p", "", quoted(quote, cell.verdict))), cell.reason && h("p", "v-muted", cell.reason));
  };
  const names = [pair.one, pair.other].map((number) => list(value.columns)[number].name).join(" ↔ ");
  return h("div", "v-pair", h("h3", "", names, " · ", pair.text),
    list(pair.rows).map((number) => list(value.rows)[number]).map((row) =>
      h("div", "v-pair-row", h("p", "v-point-text", formulas(row.text)), h("div", "v-sides", side(row, pair.one), side(row, pair.other)))));
}
