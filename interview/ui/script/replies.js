// Replies are drawn in the order of their requests. The server answers requests side by side; a reply that was overtaken
// would put back what a later click has changed.

(() => {
  // A reply that is lost on the way must not hold the others for ever. One that comes later than this is drawn late, and
  // the tabs' own refresh repairs what it spoils.
  const AT_MOST_MS = 8_000;
  const last = new Map(); // id of a component → resolved once the last reply that draws it was read
  const fetched = window.fetch;
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  function drawnBy([address, options]) {
    if (!String(address).includes("/run/predict")) return [];
    const index = JSON.parse(options.body).fn_index;
    return window.gradio_config.dependencies.find(({ id }) => id === index)?.outputs ?? [];
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
