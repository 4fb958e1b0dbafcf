// What goes out of the box. Gradio drops an event while the one before it is under way: that lasts until all of the reply
// is drawn, and the next question is read before. What is sent meanwhile is held, and goes out then.

const composer = (() => {
  const AT_MOST_MS = 15_000; // whatever becomes of an event, the box is not shut for ever
  let since = -Infinity;
  let held = null; // what to send once the box is free
  const box = () => document.querySelector("#composer textarea");
  const sends = (event) => event.target instanceof Element && (event.type === "click"
    ? event.target.closest("#composer button")
    : event.key === "Enter" && !event.shiftKey && event.target.closest("#composer textarea"));
  for (const type of ["keypress", "click"]) {
    addEventListener(type, (event) => {
      if (!sends(event)) return;
      const text = box()?.value ?? "";
      const busy = performance.now() - since < AT_MOST_MS;
      // An empty box accepts and goes on; while its question waits for an answer there is nothing to send.
      const means = text.trim() || document.getElementById("next")?.offsetParent;
      if (means && !busy) return;
      if (means) held = text;
      event.stopImmediatePropagation();
      event.preventDefault();
    }, true);
  }
  return {
    sending() {
      since = performance.now();
      navigation.followChat();
    },
    sent() {
      since = -Infinity;
      const again = held !== null && box()?.value === held;
      held = null;
      if (again) document.querySelector("#composer button")?.click();
    },
  };
})();
