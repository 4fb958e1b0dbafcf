// Runs what depends on the drawn page: once, in the frame after the page changed and before that frame is painted.

const redraw = (() => {
  const steps = [];
  let asked = false;
  function soon() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; steps.forEach((step) => step()); });
  }
  // Images, fonts and transitions change heights without a change of nodes. None of these events bubbles.
  for (const event of ["scroll", "toggle", "resize", "load", "error", "transitionend"]) {
    addEventListener(event, soon, { capture: true, passive: true });
  }
  document.fonts?.addEventListener("loadingdone", soon);
  new MutationObserver(soon).observe(document.documentElement, {
    childList: true, subtree: true, characterData: true,
    attributes: true, attributeFilter: ["class", "style", "disabled", "hidden", "open"],
  });
  return { soon, after(step) { steps.push(step); } };
})();
