// Drafts: one per Turn, in this browser.

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
  let restored = ""; // the Turn whose draft is in the box
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
  function restore() {
    const field = box();
    if (restored === turn || !field) return;
    restored = turn;
    const text = read(turn)?.text ?? "";
    if (field.value !== text) {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true })); // so that Gradio knows it too
    }
    say(text !== "");
  }
  redraw.after(restore);
  // Keyboard first: a new question is answered in the box, an answered one left by the button. On a phone the focus
  // would open the keyboard.
  function lead(selector) {
    if (!matchMedia("(pointer: coarse)").matches) navigation.focus(() => document.querySelector(selector));
  }
  // What the mouse has pressed does not keep the keys: Enter would press it again, and what is typed would be nowhere.
  addEventListener("click", (event) => {
    const pressed = event.detail > 0 && event.target instanceof Element
      && event.target.closest("#q-card button, #q-card #sure label, #practice-right .label-wrap, #practice-right summary");
    if (!pressed || pressed.closest("dialog")) return;
    document.activeElement?.blur();
    lead(isOpen ? "#composer textarea" : "#next");
  });
  addEventListener("input", (event) => {
    if (event.target instanceof HTMLTextAreaElement && event.target.closest("#composer")) keep(event.target.value);
  }, true);
  return {
    lead,
    show(id, word, open) {
      savedWord = word ?? "";
      // Later than a second press of Enter, which would skip the grade.
      if (id === turn && isOpen && !open) setTimeout(() => { if (!isOpen) lead("#next"); }, 700);
      isOpen = open;
      if (id === turn) return;
      turn = id;
      prune();
      restore();
      if (open) lead("#composer textarea");
    },
    // With `submitted`, a draft that has changed since stays.
    clear(id, submitted) {
      if (submitted !== undefined && submitted !== null && read(id)?.text !== submitted) return;
      memory.remove(PREFIX + id);
      if (String(id) === turn) say(false);
    },
  };
})();
