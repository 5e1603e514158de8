// The form of a related record in a dialog over the form that refers to it. Without it the same links open the
// other form in a new tab.
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const LINKED = ["for", "aria-describedby", "aria-labelledby", "aria-controls", "aria-owns", "form", "list", "popovertarget", "data-fill", "data-show-password", "data-slug-of"];
  const UNREACHED = "The site could not be reached. Nothing was saved; what you typed is still here.";

  let number = 0;

  function element(tag, className, text = "") {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  // Two forms stand in one document: the ids of this one get a name of its own.
  function rename(root, prefix) {
    const names = new Set(all("[id]", root).map((part) => part.id));
    const renamed = (text) => text.split(" ").map((id) => (names.has(id) ? prefix + id : id)).join(" ");
    for (const part of all("[id]", root)) part.id = prefix + part.id;
    for (const attribute of LINKED) {
      for (const part of all(`[${attribute}]`, root)) part.setAttribute(attribute, renamed(part.getAttribute(attribute)));
    }
    for (const link of all('a[href^="#"]', root)) link.setAttribute("href", `#${renamed(link.getAttribute("href").slice(1))}`);
  }

  function contents(form) {
    return [...new FormData(form)].map(([name, value]) => `${name}=${value instanceof File ? `${value.name}:${value.size}` : value}`).join("\n");
  }

  function open(url, opener, whenSaved) {
    number += 1;
    const prefix = `dialog-${number}-`;
    const dialog = element("dialog", "dialog dialog-form");
    const body = element("div", "dialog-body");
    const shut = element("button", "quiet-button dialog-close", "×");
    shut.type = "button";
    shut.setAttribute("aria-label", "Close");
    dialog.append(shut, body);
    body.append(element("p", "popup-note", "Loading…"));
    document.body.append(dialog);
    dialog.showModal();
    let before = "";
    let sending = false;

    const form = () => one("form.record-form", body);
    const isChanged = () => Boolean(form()) && contents(form()) !== before;

    function close() {
      dialog.close();
      dialog.remove();
      if (opener?.isConnected) opener.focus({ preventScroll: true });
    }

    function notice(text) {
      one(".dialog-notice", dialog)?.remove();
      const words = element("p", "dialog-notice field-error", text);
      words.setAttribute("role", "alert");
      body.before(words);
      return words;
    }

    // What was typed is not thrown away by one key.
    function leave() {
      if (sending) return;
      if (!isChanged()) { close(); return; }
      const question = notice("What you typed here is not saved.");
      const drop = element("button", "btn btn-quiet-danger", "Discard it");
      const stay = element("button", "btn", "Keep editing");
      drop.type = stay.type = "button";
      drop.addEventListener("click", close);
      stay.addEventListener("click", () => { question.remove(); one("input:not([type=hidden]), textarea, select", body)?.focus(); });
      question.append(" ", stay, " ", drop);
      stay.focus();
    }

    function fill(html, isAgain) {
      one(".dialog-notice", dialog)?.remove();
      body.innerHTML = html;
      rename(body, prefix);
      const title = one(".dialog-title", body);
      if (title) {
        title.id ||= `${prefix}title`;
        dialog.setAttribute("aria-labelledby", title.id);
      }
      body.dispatchEvent(new CustomEvent("panel:shown", { bubbles: true }));
      body.dispatchEvent(new CustomEvent("form:added", { bubbles: true }));
      if (form()) before = isAgain ? before : contents(form());
      lead();
    }

    // The first problem, or else the first field, has the focus.
    function lead() {
      body.scrollTop = 0;
      const wrong = one(".notice-danger a, .notice-danger", body);
      if (wrong) { wrong.tabIndex = wrong.tagName === "A" ? 0 : -1; wrong.focus(); return; }
      const first = all("input:not([type=hidden]), textarea, select", body).find((input) => input.checkVisibility() && input.tabIndex >= 0);
      (first || shut).focus();
    }

    // A page instead of a form: sign-in, or a refusal in words.
    function explain(html, address) {
      const page = new DOMParser().parseFromString(html, "text/html");
      const words = one(".error-page p", page)?.textContent.trim();
      if (words) { notice(words); return; }
      const signIn = notice("Your session has ended. Sign in in another tab; what you typed is still here.");
      const link = element("a", "", "Sign in");
      Object.assign(link, { href: address, target: "_blank", rel: "noopener" });
      signIn.append(" ", link);
    }

    async function load(address, options) {
      let response;
      try {
        response = await fetch(address, { ...options, headers: { "X-Panel": "dialog", Accept: "text/html" }, credentials: "same-origin" });
      } catch {
        notice(UNREACHED);
        return;
      }
      if (response.headers.has("X-Record")) {
        const key = response.headers.get("X-Record");
        close();
        await whenSaved(key);
        return;
      }
      const html = await response.text();
      if (!dialog.isConnected) return;
      if (response.status === 401) {
        if (!form()) body.replaceChildren();
        notice("").innerHTML = html;
        return;
      }
      if (html.includes("<html")) {
        if (!form()) body.replaceChildren();
        explain(html, response.url);
      } else {
        fill(html, Boolean(options.method));
      }
    }

    async function send(event) {
      const sent = event.target;
      if (sent !== form()) return;
      event.preventDefault();
      event.stopPropagation();
      if (sending) return;
      sending = true;
      const contents = new FormData(sent, event.submitter);
      const focused = document.activeElement;
      // What the server answers takes the place of the form: nothing is typed into it meanwhile.
      body.inert = true;
      await load(sent.action, { method: "POST", body: contents });
      sending = false;
      body.inert = false;
      if (sent.isConnected) focused?.focus();
      else if (dialog.isConnected) lead();
    }

    shut.addEventListener("click", leave);
    dialog.addEventListener("cancel", (event) => { if (event.target === dialog) { event.preventDefault(); leave(); } });
    // A browser lets nothing stop a second Escape.
    dialog.addEventListener("close", () => {
      if (!dialog.isConnected) return;
      if (!isChanged() && !sending) { close(); return; }
      dialog.showModal();
      leave();
    });
    dialog.addEventListener("submit", send, true);
    dialog.addEventListener("click", (event) => {
      if (!event.target.closest?.("[data-cancel]")) return;
      event.preventDefault();
      leave();
    });
    dialog.addEventListener("keydown", (event) => {
      const command = /mac|iphone|ipad/i.test(navigator.platform) ? event.metaKey : event.ctrlKey;
      if (!command || event.key.toLowerCase() !== "s" || !form()) return;
      event.preventDefault();
      event.stopPropagation(); // the form below is not meant
      form().requestSubmit(one('button[name="save"]', form()));
    });
    load(url, {});
  }

  window.RelatedDialog = { open };
})();
