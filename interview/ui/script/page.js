// The page as a whole: input methods, light and dark, and what Python calls.

// Gradio submits on keypress; an Enter that belongs to an input method's composition must not send half a word.
addEventListener("keypress", (event) => {
  if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) {
    event.stopImmediatePropagation();
    event.preventDefault();
  }
}, true);

// A file that is fetched by going to it breaks off what the page has under way, and Gradio then loads the page anew.
addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[href^='/export/']") : null;
  if (link) link.download = "";
}, true);

// Gradio sets the class by the system's wish, the reader's own choice wins.
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

// Which tab is seen. A tab is filled when it is entered, and again when the language changes under it.
const tabs = (() => {
  let current = 0;
  const stamp = () => String(performance.now());
  return {
    entered(place, wake) {
      if (place === current) return wake; // the first tab, on a page that opens
      current = place;
      navigation.show(() => document.documentElement);
      return stamp();
    },
    switchLanguage(wishes, ...wakes) {
      const shown = wishes?.lang || (document.documentElement.lang.startsWith("zh") ? "zh" : "en");
      const kept = { grader: "", ...wishes, lang: shown === "zh" ? "en" : "zh" };
      return [kept, ...wakes.map((wake, place) => (place === current ? stamp() : wake))];
    },
  };
})();

const showPassage = () => navigation.show(() => document.getElementById("practice-passage"), "nearest");

// The question that a click has brought up, or what came of it: seen, and at hand for the keyboard.
function showDeletion() {
  const about = document.querySelector("#deleting-target :is(input, textarea)")?.value ?? "";
  if (!about) return;
  const control = about.endsWith(":done") ? "#deleting-undo" : about.startsWith("all:") ? "#deleting-word :is(input, textarea)" : "#deleting-confirm";
  navigation.show(() => document.getElementById("deleting"), "nearest");
  navigation.focus(() => document.querySelector(control), "body");
}

// Everything was deleted: this browser forgets drafts and the session it showed, and keeps language and colours.
function forgetAll() {
  for (const key of memory.keys()) if (key.startsWith("viva.") && key !== "viva.theme") memory.remove(key);
  location.reload();
}

window.viva = {
  showDeletion,
  forgetAll,
  mount,
  clearDraft: drafts.clear,
  sending: composer.sending,
  sent: composer.sent,
  toggleDark: dark.toggle,
  signOut: refused.signOut,
  entered: tabs.entered,
  switchLanguage: tabs.switchLanguage,
  showPassage,
  followChat: navigation.followChat,
};
