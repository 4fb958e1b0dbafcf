// Replies to what the person did are drawn in the order in which it was done. The server answers requests side by side;
// a reply that is overtaken would undo what the later click has drawn. What the page fetches by itself does not wait,
// and nothing waits for it: it is repeated until it is up to date.

(() => {
  const AT_MOST_MS = 15_000; // a reply that does not come at all does not hold the others for ever
  const BY_PERSON = ["click", "select", "submit", "input"];
  const last = new Map(); // id of a component → resolved when the last reply that draws it was read
  const fetched = window.fetch;
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  function drawnBy(call) {
    if (!String(call[0]).includes("/run/predict")) return [];
    try {
      const index = JSON.parse(call[1].body).fn_index;
      const event = window.gradio_config.dependencies.find(({ id }) => id === index);
      return event.targets.some(([, name]) => BY_PERSON.includes(name)) ? event.outputs : [];
    } catch { return []; }
  }
  window.fetch = (...call) => {
    const reply = fetched(...call);
    const components = drawnBy(call);
    if (components.length === 0) return reply;
    const earlier = Promise.race([Promise.all(components.map((id) => last.get(id))), pause(AT_MOST_MS)]);
    const inTurn = Promise.allSettled([reply, earlier]).then(() => reply);
    const isRead = inTurn.then((response) => response.clone().text()).then(() => pause(0), () => undefined);
    for (const id of components) last.set(id, isRead);
    return inTurn;
  };
})();
