// Scrolls and focuses; no other file does. Gradio draws a reply in several steps, and images and formulas grow later, so
// a position that is set once does not last. A request is kept, and applied after every redraw, until the person scrolls,
// clicks or types elsewhere.

const navigation = (() => {
  const NEAR_PX = 24; // the conversation counts as read to its end within this distance
  const FREE = "#foot, #setup"; // an element in here gives the focus away
  let target = null; // {find, block}: what to keep in view
  let wish = null; // {find, within, given}: what to focus; `given` is the element that got the focus
  let chatBox = null; // the scroller of the conversation
  let following = true; // whether the conversation is kept at its end
  let places = new Map(); // scroller → where it was after the last redraw

  const isDrawn = (node) => Boolean(node?.isConnected && node.checkVisibility({ visibilityProperty: true }));
  const isReady = (node) => isDrawn(node) && !node.disabled;
  const isAtEnd = () => chatBox.scrollTop + chatBox.clientHeight > chatBox.scrollHeight - NEAR_PX;
  const placeOf = (node) => ({ top: node.scrollTop, shape: `${node.scrollHeight} ${node.clientHeight}` });
  // A scroller that moved while its content kept its size was moved by the person: by wheel, by a search in the page.
  function wasMoved(node) {
    const [was, now] = [places.get(node), placeOf(node)];
    return Boolean(was && was.shape === now.shape && Math.abs(was.top - now.top) > 1);
  }
  function around(node) {
    const nodes = [];
    for (let up = node; up; up = up.parentElement) nodes.push(up);
    return nodes;
  }
  function remember(nodes) {
    const old = places;
    places = new Map(nodes.filter(Boolean).map((node) => [node, placeOf(node)]));
    return [...places].some(([node, { top, shape }]) => old.get(node)?.top !== top || old.get(node)?.shape !== shape);
  }
  function noticePerson() {
    if (target && around(target.find()).some(wasMoved)) target = null;
    const box = document.querySelector("#chat .bubble-wrap");
    if (box !== chatBox) following = true;
    else if (box && places.get(box)?.shape === placeOf(box).shape) following = isAtEnd();
    chatBox = box;
  }
  // Returns whether anything moved; something that moves now may still move in the next frame.
  function applyScroll() {
    const node = target?.find();
    if (isDrawn(node)) node.scrollIntoView({ block: target.block, behavior: "instant" });
    if (chatBox?.contains(node)) following = isAtEnd();
    else if (chatBox && following) chatBox.scrollTop = chatBox.scrollHeight;
    return remember([...around(node), chatBox]);
  }
  function applyFocus() {
    if (!wish) return;
    const active = document.activeElement;
    const node = wish.find();
    if (!isReady(wish.given)) wish.given = null; // a redraw took the focus away with its element
    if (wish.given && active !== wish.given) wish = null; // the person went on from there
    else if (active === node || !isReady(node)) return;
    else if (active && active !== document.body && !active.closest(wish.within)) wish = null; // busy elsewhere
    else {
      wish.given = node;
      node.focus({ preventScroll: true });
    }
  }
  redraw.after(() => {
    noticePerson();
    if (applyScroll()) redraw.soon();
    applyFocus();
  });

  const isTyped = (node) => node instanceof Element && Boolean(node.closest("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])"));
  const acts = {
    pointerdown() { target = null; wish = null; },
    keydown(event) {
      if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
      if (!isTyped(event.target)) target = null;
      if (event.key === "Tab") wish = null;
    },
    wheel(event) {
      target = null;
      if (event.deltaY < 0 && chatBox?.contains(event.target)) following = false;
    },
    touchmove(event) {
      target = null;
      if (chatBox?.contains(event.target)) following = false;
    },
  };
  for (const [event, act] of Object.entries(acts)) {
    addEventListener(event, (happened) => { act(happened); redraw.soon(); }, { capture: true, passive: true });
  }
  return {
    isTyped,
    // `find` returns the element, or nothing while it is not there; `block` as for scrollIntoView.
    show(find, block = "start") {
      target = { find, block };
      applyScroll();
      redraw.soon();
    },
    // Newest message: what is asked, sent or answered next belongs into view.
    followChat() {
      if (chatBox?.contains(target?.find())) target = null;
      following = true;
      applyScroll();
    },
    // The focus is taken from nothing and from what is `within`, never from what the person does elsewhere.
    focus(find, within = FREE) {
      wish = { find, within, given: null };
      applyFocus();
      redraw.soon();
    },
  };
})();
