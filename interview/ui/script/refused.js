// What the server refuses before the app sees it: the session has ended, or too much was sent.

const refused = (() => {
  const send = window.fetch.bind(window);
  let signedIn = null; // resolves once somebody has signed in; null while nobody has to

  async function formFrom(response) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return document.importNode(page.querySelector("form.login"), true);
  }

  function fill(dialog, form, done) {
    dialog.replaceChildren(form);
    form.querySelector("h1").id = "login-title";
    navigation.focus(() => form.querySelector("input[type=password]"), "body");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      try {
        const body = new URLSearchParams(new FormData(form));
        // Right: the server leads on to the page, which is here already.
        const response = await send(form.action, { method: "POST", body, redirect: "manual" });
        if (response.type === "opaqueredirect") {
          dialog.remove();
          done();
        } else fill(dialog, await formFrom(response), done);
      } catch { /* not reached: the button can be pressed again */ }
      button.disabled = false;
    });
  }

  async function signIn() {
    const response = await send(`/login?again&lang=${language().startsWith("zh") ? "zh" : "en"}`);
    if (!response.ok) return;
    const dialog = document.createElement("dialog");
    dialog.className = "login-dialog";
    dialog.setAttribute("aria-labelledby", "login-title");
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    const form = await formFrom(response);
    await new Promise((done) => {
      document.body.append(dialog);
      dialog.showModal();
      fill(dialog, form, done);
    });
  }

  // Gradio says nothing of a status that it does not know.
  async function say(response) {
    const text = await response.text();
    const note = document.createElement("p");
    note.className = "refused";
    note.setAttribute("role", "alert");
    try { note.textContent = JSON.parse(text).detail; } catch { note.textContent = text; }
    document.body.append(note);
    setTimeout(() => note.remove(), 15_000);
  }

  // The page's language, which may not be the browser's.
  function inLanguage(options) {
    const headers = new Headers(options?.headers);
    headers.set("accept-language", language());
    return { ...options, headers };
  }

  // A request that met an ended session waits, and goes out again: nothing of the page has to know.
  window.fetch = async (resource, options) => {
    const isRequest = resource instanceof Request;
    const again = isRequest ? resource.clone() : resource;
    const how = isRequest ? options : inLanguage(options);
    const response = await send(resource, how);
    if (response.status === 413 || response.status === 408) say(response.clone());
    if (response.status !== 401) return response;
    signedIn ??= signIn().finally(() => { signedIn = null; });
    await signedIn;
    return send(again, how);
  };

  return {
    async signOut() {
      await send("/logout", { method: "POST", redirect: "manual" });
      location.assign("/login");
    },
  };
})();
