// Draws every card of the screen from plain values, keeps drafts, paints quotes, and remembers light or dark.
// Free text goes into text nodes, `title` and `aria-label` only; classes come from closed sets; numbers through Number().
(() => {
  "use strict";

  // --- nodes ---------------------------------------------------------------------------------------------------

  const SVG = "http://www.w3.org/2000/svg";
  const VERDICTS = ["covered", "partial", "missing", "contradicted", "cannot_assess", "unknown"];
  const TONES = [
    "strong", "good", "fair", "weak", "none", "estimate", "pending", "ungraded", "skipped", "open", "unasked",
    "accent", "warn", "plain",
  ];
  const oneOf = (set, name) => (set.includes(name) ? name : "plain");
  const tone = (name) => "t-" + oneOf(TONES, name);
  const verdict = (name) => "k-" + (VERDICTS.includes(name) ? name : "unknown");

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "onclick") node.onclick = value;
      else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, String(value));
    }
    for (const child of children.flat(Infinity)) {
      if (child === undefined || child === null || child === false || child === "") continue;
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return node;
  }
  const h = (tag, className, ...children) => {
    const [first, ...rest] = children;
    const isAttributes = first && typeof first === "object" && !(first instanceof Node) && !Array.isArray(first);
    const node = document.createElement(tag);
    if (className) node.className = className;
    return fill(node, isAttributes ? first : {}, isAttributes ? rest : children);
  };
  const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
  const list = (value) => (Array.isArray(value) ? value : []);
  const dotted = (parts) => list(parts).filter(Boolean).join(" · ");

  // Bring `old` to the shape of `fresh` without replacing what is the same, so that focus and open folds survive.
  function morph(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return undefined;
    }
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    }
    for (const { name, value } of [...fresh.attributes]) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    old.onclick = fresh.onclick;
    old.onmouseenter = fresh.onmouseenter;
    old.onmouseleave = fresh.onmouseleave;
    return morphChildren(old, [...fresh.childNodes]);
  }
  function morphChildren(parent, fresh) {
    const old = [...parent.childNodes];
    fresh.forEach((node, index) => (index < old.length ? morph(old[index], node) : parent.append(node)));
    old.slice(fresh.length).forEach((node) => node.remove());
  }

  // --- pieces --------------------------------------------------------------------------------------------------

  function ring(value, size) {
    const share = Math.min(1, Math.max(0, Number(value.share) || 0)) * 100;
    const circle = (className, dashes) =>
      s("circle", { class: className, cx: 50, cy: 50, r: 45, pathLength: 100, "stroke-dasharray": dashes });
    let dashes = `${share} 100`;
    if (value.kind === "estimate") {
      const pieces = [];
      for (let at = 0; at + 2 <= share; at += 4) pieces.push("2 2");
      dashes = pieces.length ? `${pieces.join(" ")} 0 100` : "0 100";
    }
    const arc = share > 0 ? circle("v-arc", dashes) : null;
    const turned = s("g", { transform: "rotate(-90 50 50)" }, circle("v-track", "100 0"), arc);
    const svg = s("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" }, turned);
    const below = size === "large" && value.below ? h("small", "", value.below) : null;
    const text = h("span", "v-ring-text", h("b", "", value.text), below);
    return h("span", `v-ring v-ring-${size} ${tone(value.tone)} v-${value.kind === "pending" ? "spin" : "still"}`, svg, text);
  }

  function icon(name) {
    const shape = {
      covered: () => [disc(), stroke("M6 10.4 8.8 13.2 14.2 7.4")],
      partial: () => [s("circle", { cx: 10, cy: 10, r: 7.6, class: "v-outline" }), s("path", { d: "M10 2.4a7.6 7.6 0 0 0 0 15.2z", fill: "currentColor" })],
      missing: () => [s("circle", { cx: 10, cy: 10, r: 8.2, class: "v-outline v-dashed" }), stroke("M6.4 10h7.2")],
      contradicted: () => [disc(), stroke("M7 7l6 6M13 7l-6 6")],
      cannot_assess: () => [disc(), stroke("M7.8 7.9a2.3 2.3 0 1 1 3.3 2.1c-.8.4-1.1.8-1.1 1.7"), s("circle", { cx: 10, cy: 14.4, r: 1.1, fill: "currentColor" })],
    }[name];
    const disc = () => s("circle", { cx: 10, cy: 10, r: 9, class: "v-disc" });
    const stroke = (d) => s("path", { d, class: "v-stroke" });
    const parts = shape ? shape() : [s("circle", { cx: 10, cy: 10, r: 8.2, class: "v-outline" })];
    return s("svg", { viewBox: "0 0 20 20", class: `v-icon ${verdict(name)}`, "aria-hidden": "true" }, ...parts);
  }
  const infoIcon = () =>
    s("svg", { viewBox: "0 0 20 20", class: "v-icon", "aria-hidden": "true" },
      s("circle", { cx: 10, cy: 10, r: 8.2, class: "v-outline" }), s("path", { d: "M10 9v5", class: "v-stroke" }),
      s("circle", { cx: 10, cy: 6.2, r: 1.2, fill: "currentColor" }));

  const chip = (value) => h("span", `v-chip ${tone(value.tone)}`, value.text);
  const chips = (values) => list(values).map(chip);
  const bar = (share, name) => {
    const inner = h("i", "");
    inner.style.width = `${Math.min(1, Math.max(0, Number(share) || 0)) * 100}%`;
    return h("span", `v-bar ${tone(name)}`, { "aria-hidden": "true" }, inner);
  };
  const quoted = (text, name) => h("q", `v-quote ${verdict(name)}`, text);
  const squares = (marks, label) =>
    h("span", "v-squares", { role: "img", "aria-label": label, title: label },
      list(marks).map((mark) => h("i", tone(mark))));
  const notes = (texts) => list(texts).map((text) => h("p", "v-aside", text));

  // --- times: stored in UTC, shown where the reader is -----------------------------------------------------------

  const language = () => document.documentElement.lang || "en";
  function when(iso) {
    const at = new Date(iso);
    if (Number.isNaN(at.getTime())) return "";
    const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
    const days = Math.round((midnight(at) - midnight(new Date())) / 86_400_000);
    const clock = at.toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit", hour12: false });
    if (days === 0 || days === -1) {
      return `${new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(days, "day")} ${clock}`;
    }
    const year = at.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
    return at.toLocaleDateString(language(), { day: "numeric", month: "short", year });
  }
  const time = (iso) => h("time", "", { datetime: iso }, when(iso));
  const clockOf = (iso) => new Date(iso).toLocaleTimeString(language(), { hour12: false });
  const withTime = (text, iso) => (iso ? String(text).replace("{time}", () => clockOf(iso)) : text);
  const retellTimes = () => document.querySelectorAll(".viva time").forEach((node) => (node.textContent = when(node.dateTime)));

  // --- cards: value → nodes ----------------------------------------------------------------------------------------

  const views = {
    brand(value) {
      if (document.documentElement.lang !== value.lang) {
        document.documentElement.lang = value.lang;
        retellTimes();
      }
      const logo = s("svg", { viewBox: "0 0 26 26", class: "v-logo", "aria-hidden": "true" },
        s("rect", { width: 26, height: 26, rx: 6 }), s("path", { d: "M7.5 8 13 18 18.5 8" }));
      return [h("div", "v-brand", logo, h("span", "", value.name))];
    },

    banner(value) {
      const summary = h("summary", "", infoIcon(), h("span", "v-grow", h("b", "", value.title), " ", value.text), h("span", "v-link", value.action));
      return [h("details", "v-banner", summary, h("ul", "", list(value.steps).map((step) => h("li", "", step))))];
    },

    notice: (value) => [
      h("div", "v-notice", { role: "alert" }, infoIcon(), h("span", "v-grow", h("b", "", value.text), value.detail && h("span", "v-detail", value.detail))),
    ],

    setup_head: (value) => [h("div", "v-head", h("h1", "", value.title), h("p", "", value.text))],

    notes_card(value) {
      const rows = list(value.sections).map((section) =>
        h("li", "", h("span", "v-grow", section.name), section.without && h("small", "", section.without), h("b", "", section.count)));
      const problems = list(value.problems);
      return [
        h("div", "v-card-head", h("h2", "", value.title), h("p", "", value.origin)),
        value.error && views.notice(value.error),
        value.empty && h("p", "v-aside", value.empty),
        rows.length > 0 && h("ul", "v-counts", rows),
        problems.length > 0 && h("details", "v-fold", h("summary", "", value.problems_title), h("ul", "v-problems", problems.map((text) => h("li", "", text)))),
      ];
    },

    unfinished_card: (value, act) => [
      h("button", "v-row-button", { type: "button", onclick: () => act("select", { id: value.id }) },
        h("span", "v-chip t-accent", value.chip), h("span", "v-grow", value.text), h("span", "v-link", value.action)),
    ],

    question_head(value, act) {
      drafts.show(String(value.turn), value.draft_saved, Boolean(value.open));
      const dots = list(value.dots).map((dot) =>
        h("button", `v-dot ${tone(dot.tone)}`, {
          type: "button", title: dot.label, "aria-label": dot.label, disabled: dot.turn ? undefined : "",
          "aria-current": dot.current ? "true" : undefined,
          onclick: () => { scrollToTurn(dot.turn); act("select", { turn: dot.turn }); },
        }));
      const pips = list(value.pips).map((name) => h("i", verdict(name)));
      return [
        h("div", "v-qhead", { "data-turn": value.turn },
          h("nav", "v-dots", { "aria-label": value.dots_label }, dots),
          h("span", "v-position", h("span", "v-wide", value.position), h("span", "v-narrow", value.short)),
          h("span", "v-grow"),
          pips.length > 0 && h("span", "v-pips", { "aria-hidden": "true" }, pips),
          value.points && h("span", "v-points-text", value.points)),
        h("div", "v-qline", { "aria-hidden": "true" }, value.question),
      ];
    },

    separator: (value) => [
      h("div", "v-sep", { "data-turn": value.turn }, h("span", "", h("b", "", value.position), list(value.about).map((part) => ` · ${part}`)),
        list(value.tags).map((tag) => h("span", "v-tag", tag))),
    ],

    verdict_line: (value) => [
      h("button", `v-line v-is-${oneOf(["graded", "estimate", "ungraded", "pending", "waiting", "none", "self"], value.state)}`,
        { type: "button", "data-turn": value.turn, "aria-pressed": value.selected ? "true" : "false" },
        ring(value.ring, "small"), h("span", "v-line-text", h("b", `v-title ${tone(value.ring.tone)}`, value.title), h("span", "", withTime(value.clause, value.retry_at))),
        value.open && h("span", "v-link", value.open)),
    ],

    grade_card(value, act, root) {
      paint.show(root, value.turn, list(value.marks));
      const live = ["pending", "waiting"].includes(value.state);
      return [
        h("button", "v-close", { type: "button", onclick: sheet.close }, value.close),
        h("div", "v-grade-head", ring(value.ring, "large"),
          h("div", "v-grow", h("div", "v-title-row", h("h2", `v-title ${tone(value.ring.tone)}`, value.title), chips(value.chips)),
            h("p", "v-sentence", { "aria-live": live ? "polite" : undefined }, withTime(value.sentence, value.retry_at)), h("p", "v-meta", dotted(value.meta)))),
        value.doubt && h("div", "v-doubt", h("b", "", value.doubt.title), value.doubt.quote && quoted(value.doubt.quote, "partial"), h("p", "", value.doubt.reason), h("small", "", value.doubt.note)),
        list(value.points).length > 0 && h("ul", "v-points", value.points.map((point) => pointRow(point, root))),
        list(value.findings).length > 0 && [h("h3", "", value.findings_title), h("ul", "v-points", value.findings.map(findingRow))],
        list(value.bars).length > 0 && h("div", "v-bars", value.bars.map((row) => h("div", "v-bar-row", { title: row.title || undefined }, h("span", "v-bar-label", row.label), bar(row.share, "accent"), h("span", "v-bar-text", row.text)))),
        value.sum && h("p", "v-sum", `${value.sum} · ${value.sum_note}`),
        list(value.flags).length > 0 && h("ul", "v-flags", value.flags.map((flag) => h("li", "", flag))),
        notes(value.notes),
      ];
    },

    how_card: (value) => [
      h("button", "v-close", { type: "button", onclick: sheet.close }, value.close),
      h("div", "v-how", h("h2", "", value.title), h("p", "v-muted", value.text),
        list(value.parts).length > 0 && h("dl", "", value.parts.map((part) => [h("dt", "", part.label), h("dd", "", part.text), h("dd", "v-share", part.share)])),
        value.sum && h("p", "v-sum", value.sum)),
      h("div", "v-keys", h("h2", "", value.keys_title),
        list(value.keys).map((row) => h("p", "", list(row.keys).map((key) => h("kbd", "", key)), row.text))),
    ],

    report_card: (value, act) => [
      h("div", "v-grade-head v-report", ring(value.ring, "large"),
        h("div", "v-grow", h("div", "v-title-row", h("h2", `v-title ${tone(value.ring.tone)}`, value.heading)), h("p", "v-sentence", value.sentence), h("p", "v-meta", dotted([value.session, ...list(value.counts)])))),
      list(value.sections).length > 0 && [h("h3", "", value.sections_title),
        h("div", "v-bars", value.sections.map((row) => h("div", "v-bar-row v-bar-wide", h("span", "v-bar-label", row.name), bar(row.share, row.tone), h("span", "v-bar-text", dotted([row.text, row.count])))))],
      list(value.weakest).length > 0 && [h("h3", "", value.weakest_title),
        h("ul", "v-points", value.weakest.map((weak) => h("li", "", icon(weak.verdict),
          h("button", "v-plain-button v-grow", { type: "button", onclick: () => act("select", { turn: weak.turn }) }, h("span", "v-point-text", weak.text), h("small", "", weak.question)),
          h("span", `v-word ${verdict(weak.verdict)}`, weak.word))))],
    ],

    session_rows: (value, act) => [
      value.empty && h("p", "v-empty", value.empty),
      h("div", "v-rows", list(value.rows).map((row) =>
        h("button", "v-session", { type: "button", onclick: () => act("select", { id: row.id }) },
          ring(row.ring, "middle"), h("span", "v-grow v-session-text", h("b", "", row.title), h("small", "", dotted(row.meta))), squares(row.marks, row.marks_label), time(row.at)))),
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
        h("button", `v-nav-item ${tone(item.tone)}`, { type: "button", "aria-current": item.selected ? "true" : undefined, onclick: () => act("select", { turn: item.turn }) },
          ["ungraded", "estimate"].includes(item.tone) ? h("i", `v-hatch ${tone(item.tone)}`) : h("span", "v-number", item.number),
          h("span", "v-grow", h("b", "", item.question), h("small", "", dotted([...list(item.meta), item.again]))), h("span", "v-score", item.score)));
      return [h("div", "v-counters", counters), h("nav", "v-nav", { "aria-label": value.label }, items)];
    },

    answer_segments: (value) => [
      h("div", "v-card-head v-line-head", h("h2", "", value.title), value.at && h("span", "v-chip t-plain", `${value.saved} `, time(value.at))),
      value.empty && h("p", "v-aside", value.empty),
      h("p", "v-answer", list(value.segments).map((segment) =>
        segment.verdict
          ? h("mark", verdict(segment.verdict), { title: segment.title }, segment.text, list(segment.numbers).length > 0 && h("sup", "", segment.numbers.join(",")))
          : segment.text)),
    ],

    grades_list: (value) => [
      h("h2", "", value.title),
      h("div", "v-scroll", h("table", "v-compare",
        h("thead", "", h("tr", "", h("th", "", { scope: "col" }, value.point), list(value.columns).map((column) =>
          h("th", "", { scope: "col", title: column.title || undefined }, h("div", "v-column", ring(column.ring, "middle"), h("span", "", h("b", "", column.name), h("small", "", dotted(column.facts)), h("small", "", time(column.at)))))))),
        h("tbody", "", list(value.rows).map((row) => h("tr", row.differs ? "v-differs" : "", { title: row.differs ? value.differs : undefined },
          h("th", "", { scope: "row" }, row.text), list(row.cells).map((cell) => h("td", "", cell.verdict ? [icon(cell.verdict), h("span", `v-word ${verdict(cell.verdict)}`, cell.word)] : cell.word))))))),
      h("p", "v-chips", list(value.chips).map((text) => h("span", "v-chip t-plain", text))),
    ],
  };

  function pointRow(point, root) {
    const row = h("li", "", icon(point.verdict),
      h("div", "v-grow",
        h("div", "v-point-text", point.text, point.bonus && [" ", h("span", "v-tag", point.bonus)]),
        h("div", "v-proof", list(point.quotes).map((quote) => [quoted(quote, point.verdict), " "]), h("small", "", dotted([point.checked, point.reason]))),
        point.claim_note && h("div", "v-proof", h("s", "", point.claim), " ", h("small", "v-warn", point.claim_note))),
      h("span", `v-word ${verdict(point.verdict)}`, point.word));
    row.onmouseenter = () => paint.hover(root, point.id);
    row.onmouseleave = () => paint.hover(root, null);
    return row;
  }
  const findingRow = (finding) => h("li", "", icon("contradicted"),
    h("div", "v-grow", finding.text && h("div", "v-point-text", finding.text), h("div", "v-proof", quoted(finding.quote, "contradicted"), " ", h("small", "", finding.reason))),
    h("span", "v-word k-contradicted", finding.word));

  function mount(name, element, props, watch, trigger) {
    const root = element.querySelector(".viva") || element;
    const draw = () => {
      const value = props.value;
      const isEmpty = !value || typeof value !== "object" || Object.keys(value).length === 0;
      if (isEmpty) paint.hide(root);
      const nodes = isEmpty ? [] : views[name](value, trigger, root);
      morphChildren(root, [...fill(document.createElement("div"), {}, nodes).childNodes]);
    };
    root.redraw = draw;
    watch("value", draw);
    draw();
  }

  // --- the conversation ------------------------------------------------------------------------------------------

  const chat = () => document.getElementById("chat");
  const inChat = (selector, turn) =>
    [...(chat()?.querySelectorAll(selector) ?? [])].find((node) => node.dataset.turn === String(turn));
  const rowOf = (node) => node?.closest(".message-row");

  function scrollToTurn(turn) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    rowOf(inChat(".v-sep", turn))?.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
  }

  // The head repeats the question only while its own message is out of sight.
  function watchQuestion() {
    const head = document.querySelector("#q-head .v-qhead");
    const question = rowOf(inChat(".v-sep", head?.dataset.turn))?.nextElementSibling;
    const frame = chat()?.getBoundingClientRect();
    const hidden = question && frame && (question.getBoundingClientRect().bottom < frame.top + 4 || question.getBoundingClientRect().top > frame.bottom - 4);
    document.getElementById("q-head")?.toggleAttribute("data-away", Boolean(hidden));
  }
  // What stands above the conversation is taken from its height, so that the page itself does not scroll.
  function measureBanner() {
    const banner = document.querySelector("#banner .v-banner");
    const height = `${banner ? banner.offsetHeight + 16 : 0}px`;
    const style = document.documentElement.style;
    if (style.getPropertyValue("--banner") !== height) style.setProperty("--banner", height);
  }
  let frameAsked = false;
  function soon() {
    if (frameAsked) return;
    frameAsked = true;
    requestAnimationFrame(() => { frameAsked = false; measureBanner(); watchQuestion(); paint.repaint(); });
  }
  for (const event of ["scroll", "toggle", "resize"]) addEventListener(event, soon, { capture: true, passive: true });
  new MutationObserver(soon).observe(document.documentElement, { childList: true, subtree: true, characterData: true });

  // --- quotes painted in the answer's message, without touching its nodes ------------------------------------------

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

  // --- the sheet that the right column becomes on a phone ----------------------------------------------------------

  const sheet = (() => {
    let opener = null;
    const column = () => document.getElementById("practice-right");
    const isPhone = () => matchMedia("(max-width: 760px)").matches;
    return {
      open(from) {
        if (!isPhone() || !column()) return;
        opener = from;
        column().classList.add("open");
        column().querySelector(".v-close")?.focus({ preventScroll: true });
      },
      close() {
        column()?.classList.remove("open");
        opener?.focus?.({ preventScroll: true });
        opener = null;
      },
    };
  })();
  addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const line = target?.closest("#chat .v-line, #practice-reveal");
    if (line) sheet.open(line);
    else if (target && !target.closest("#practice-right") && document.querySelector("#practice-right.open")) sheet.close();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.querySelector("#practice-right.open")) sheet.close();
  });

  // --- drafts: one per Turn, in this browser -----------------------------------------------------------------------

  const memory = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); return true; } catch { return false; } },
    remove(key) { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } },
    keys() { try { return Object.keys(localStorage); } catch { return []; } },
  };

  const drafts = (() => {
    const PREFIX = "viva.draft.";
    const KEPT_MS = 30 * 86_400_000;
    let turn = "";
    let isOpen = false;
    let savedWord = "";
    const box = () => document.querySelector("#composer textarea");
    const read = (id) => {
      try { return JSON.parse(memory.get(PREFIX + id) ?? "null"); } catch { return null; }
    };
    const say = (isSaved) => {
      const foot = document.getElementById("foot");
      if (isSaved && foot) foot.dataset.saved = savedWord;
      else if (foot) delete foot.dataset.saved;
    };
    function prune() {
      for (const key of memory.keys()) {
        const id = key.slice(PREFIX.length);
        if (key.startsWith(PREFIX) && id !== turn && !(Date.now() - Number(read(id)?.at) < KEPT_MS)) memory.remove(key);
      }
    }
    function keep(text) {
      if (!turn) return;
      if (text === "") memory.remove(PREFIX + turn);
      say(text !== "" && memory.set(PREFIX + turn, JSON.stringify({ text, at: Date.now() })));
    }
    function restore(id, tries) {
      if (id !== turn) return;
      const field = box();
      if (!field) {
        if (tries > 0) setTimeout(() => restore(id, tries - 1), 50);
        return;
      }
      const text = read(id)?.text ?? "";
      if (field.value !== text) {
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true })); // so that Gradio knows it too
      }
      say(text !== "");
    }
    // Keyboard first: a new question waits in the box, an answered one at the way on. Nobody who is busy elsewhere is
    // disturbed, and no keyboard springs up on a phone.
    function lead(selector, tries) {
      const active = document.activeElement;
      if (matchMedia("(pointer: coarse)").matches || (active && active !== document.body && !active.closest("#foot, #setup"))) return;
      const target = document.querySelector(selector);
      if (target && !target.disabled && target.offsetParent) target.focus({ preventScroll: true });
      else if (tries > 0) setTimeout(() => lead(selector, tries - 1), 50);
    }
    addEventListener("input", (event) => {
      if (event.target instanceof HTMLTextAreaElement && event.target.closest("#composer")) keep(event.target.value);
    }, true);
    return {
      show(id, word, open) {
        savedWord = word ?? "";
        // Later than a second press of Enter, which would skip the grade.
        if (id === turn && isOpen && !open) setTimeout(() => lead("#next", 40), 700);
        isOpen = open;
        if (id === turn) return;
        turn = id;
        prune();
        sheet.close();
        restore(id, 100);
        if (open) lead("#composer textarea", 40);
      },
      // With `submitted`, a draft that has changed since stays.
      clear(id, submitted) {
        if (submitted !== undefined && submitted !== null && read(id)?.text !== submitted) return;
        memory.remove(PREFIX + id);
        if (String(id) === turn) say(false);
      },
    };
  })();

  // Gradio submits on keypress; an Enter that belongs to an input method's composition must not send half a word.
  addEventListener("keypress", (event) => {
    if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) {
      event.stopImmediatePropagation();
      event.preventDefault();
    }
  }, true);

  // --- light and dark: Gradio sets the class by the system's wish, the reader's own choice wins --------------------

  const dark = (() => {
    const KEY = "viva.theme";
    const apply = () => {
      const choice = memory.get(KEY);
      if (choice && document.body.classList.contains("dark") !== (choice === "dark")) {
        document.body.classList.toggle("dark", choice === "dark");
      }
    };
    const start = () => {
      apply();
      new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ["class"] });
    };
    if (document.body) start();
    else addEventListener("DOMContentLoaded", start);
    return {
      toggle() {
        memory.set(KEY, document.body.classList.contains("dark") ? "light" : "dark");
        apply();
      },
    };
  })();

  window.viva = {
    mount,
    clearDraft: drafts.clear,
    toggleDark: dark.toggle,
    scrollToTurn,
    openSheet: sheet.open,
    closeSheet: sheet.close,
  };
})();
