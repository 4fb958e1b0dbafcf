// Replies are drawn in the order of their requests. The server answers requests side by side; a reply that was overtaken
// would put back what a later click has changed. What the person does is sent at once; what the page fetches by itself is
// sent when nothing is under way, for it must not read what was stored before.

(() => {
  // A reply that is lost on the way must not hold the others for ever. One that comes later than this is drawn late, and
  // the tabs' own refresh repairs what it spoils.
  const AT_MOST_MS = 8_000;
  const BY_PERSON = ["click", "select", "submit", "input", "upload"];
  const last = new Map(); // id of a component → resolved once the last reply that draws it was read
  const fetched = window.fetch;
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  function eventOf([address, options]) {
    if (!String(address).includes("/run/predict")) return undefined;
    const index = JSON.parse(options.body).fn_index;
    return window.gradio_config.dependencies.find(({ id }) => id === index);
  }
  window.fetch = (...call) => {
    const event = eventOf(call);
    if (!event) return fetched(...call);
    const components = event.outputs;
    const earlier = Promise.race([Promise.all(components.map((id) => last.get(id))), pause(AT_MOST_MS)]);
    const isByPerson = event.targets.some(([, name]) => BY_PERSON.includes(name));
    const reply = isByPerson ? fetched(...call) : earlier.then(() => fetched(...call));
    const inTurn = Promise.allSettled([reply, earlier]).then(() => reply);
    const isRead = inTurn.then((response) => response.clone().text()).then(() => pause(0), () => undefined);
    for (const id of components) last.set(id, isRead);
    return inTurn;
  };
})();
