// What is typed into a form is not lost: it is kept as a draft meanwhile, and leaving asks.
// It comes before the scripts that change what is in a form, so that it sees the form as it arrived.
(() => {
  "use strict";

  const IDLE = 1000; // milliseconds without typing after which a draft is kept
  const AT_MOST = 10000; // milliseconds of typing without one
  const NAMES_OF_OURS = new Set([":draft", ":find", "save"]);
  const SECRET = 'input[type="password"], [autocomplete="new-password"], [autocomplete="current-password"]';
  const isMac = /mac|iphone|ipad/i.test(navigator.platform);

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const held = new Set(); // the forms that are looked after

  // ---- What is in a form ---------------------------------------------------------------------

  const isPassing = (name) => NAMES_OF_OURS.has(name) || name.endsWith(":search");

  function contents(form) {
    const found = new Map();
    for (const [name, value] of new FormData(form)) {
      if (isPassing(name)) continue;
      const text = value instanceof File ? `${value.name}:${value.size}` : value;
      found.set(name, [...(found.get(name) || []), text]);
    }
    return found;
  }

  const same = (one, other) => one?.length === other?.length && (one || []).every((text, index) => text === other[index]);

  // The fields whose controls differ; the parts of one, such as who joins and who leaves, are one field.
  function differing(before, now) {
    const names = [...new Set([...before.keys(), ...now.keys()])].filter((name) => !same(before.get(name), now.get(name)));
    return new Set(names.map((name) => name.replace(/([^|]):\w+$/, "$1")));
  }

  // Neither files nor secrets; the server looks again.
  function texts(form) {
    const secret = new Set(all(SECRET, form).map((input) => input.name));
    return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !isPassing(name) && !secret.has(name));
  }

  const hasFiles = (form) => all('input[type="file"]', form).some((input) => input.files.length);

  // Whether the browser has put back what was typed before, into a page that came anew. Of other kinds of
  // inputs browsers change the value as they like it.
  const isPutBack = (form) => [...form.elements].some((element) => {
    if (element.type === "checkbox" || element.type === "radio") return element.checked !== element.defaultChecked;
    if (element.type === "textarea") return element.value !== element.defaultValue;
    if (element.type === "text") return element.value !== element.defaultValue.replace(/[\r\n]/g, "");
    if (element.tagName !== "SELECT" || !one("option[selected]", element)) return false;
    return [...element.options].some((option) => option.selected !== option.defaultSelected);
  });

  // ---- One form ------------------------------------------------------------------------------

  class Held {
    constructor(form) {
      this.form = form;
      this.note = one(".unsaved", form);
      this.mark = form.elements[":draft"];
      this.hasDraft = Boolean(this.mark?.value);
      this.before = "dirty" in form.dataset || isPutBack(form) ? null : contents(form);
      this.leaving = false;
      this.edition = 0;
      this.trouble = "";
      this.isKept = this.hasDraft;
      form.setAttribute("autocomplete", "off"); // the draft brings back what was typed, not the browser
      for (const name of ["input", "change", "form:added", "form:removed"]) form.addEventListener(name, () => this.onEdit());
      one("[data-cancel]", form)?.addEventListener("click", (event) => this.onCancel(event));
      if (this.isChanged && !this.hasDraft) this.soon();
      this.tell();
      setTimeout(() => this.settle());
    }

    // What the page makes of its own controls, after it arrived, is nobody's change.
    settle() {
      if (this.before) this.before = contents(this.form);
      this.tell();
    }

    get changes() { return this.before ? differing(this.before, contents(this.form)).size : 1; }
    get isChanged() { return this.form.isConnected && (!this.before || this.changes > 0); }

    onEdit() {
      const words = JSON.stringify([...contents(this.form)]);
      if (words === this.words) return; // a field that is left says once more what was typed
      this.words = words;
      this.edition += 1;
      this.isKept = false;
      if (this.isChanged) this.soon();
      else this.forget();
      this.tell();
    }

    soon() {
      if (!this.form.dataset.drafts) return;
      this.waitingSince ||= Date.now();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.keep(), Math.max(0, Math.min(IDLE, this.waitingSince + AT_MOST - Date.now())));
    }

    wait() {
      clearTimeout(this.timer);
      this.waitingSince = 0;
    }

    async keep({ keepalive = false } = {}) {
      this.wait();
      if (!this.form.dataset.drafts || this.leaving || !this.isChanged) return;
      if (this.sending && !keepalive) { this.soon(); return; }
      const { edition, hasDraft } = this;
      this.sending = true;
      this.mark.value = this.form.dataset.address; // it may be kept before the answer is here
      const fields = JSON.stringify(texts(this.form));
      const [trouble, isDone] = await this.send({ fields, ":changed": this.before ? String(this.changes) : "" }, keepalive);
      this.sending = false;
      this.trouble = trouble;
      this.hasDraft = hasDraft || isDone;
      this.mark.value = this.hasDraft ? this.form.dataset.address : "";
      this.isKept = isDone && edition === this.edition;
      this.tell();
    }

    // Typed and undone: nothing is left to keep.
    async forget() {
      this.wait();
      this.trouble = "";
      if (!this.hasDraft) return;
      this.hasDraft = false;
      this.mark.value = "";
      await this.send({ discard: "yes" }, true);
    }

    // Returns what went wrong, in words, and whether it went well.
    async send(fields, keepalive) {
      const body = new FormData();
      body.set("address", this.form.dataset.address);
      for (const [name, text] of Object.entries(fields)) body.set(name, text);
      const request = { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" };
      try {
        // Browsers take no more than 64 KB along when they leave a page.
        const response = await fetch(this.form.dataset.drafts, { ...request, keepalive }).catch((error) => {
          if (keepalive) return fetch(this.form.dataset.drafts, request);
          throw error;
        });
        if (response.ok) return ["", true];
        if (response.status === 401) return ["signed out", false];
        return [(await response.json()).error, false];
      } catch {
        return ["no connection", false];
      }
    }

    tell() {
      if (!this.note) return;
      const words = !this.isChanged ? ""
        : this.trouble === "signed out" ? "Unsaved changes, not kept: you are not signed in any more. "
        : this.trouble ? `Unsaved changes, not kept: ${this.trouble}`
        : this.isKept ? `Unsaved changes · draft kept${hasFiles(this.form) ? ", without the files" : ""}`
        : "Unsaved changes";
      if (this.note.dataset.words === words) return;
      this.note.dataset.words = words;
      this.note.classList.toggle("kept", this.isKept && !this.trouble);
      this.note.replaceChildren(words);
      if (this.trouble === "signed out" && words) this.note.append(this.signInLink());
    }

    signInLink() {
      const link = document.createElement("a");
      link.href = this.form.dataset.signIn;
      link.target = "_blank";
      link.rel = "noopener";
      link.textContent = "Sign in in another tab";
      return link;
    }

    onCancel(event) {
      const dialog = this.form.closest("dialog") ? null : one("#discard-changes"); // a dialog asks by itself
      if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || !dialog || !this.isChanged) return;
      event.preventDefault();
      const { href } = event.currentTarget;
      one("[data-discard]", dialog).onclick = async () => {
        this.leaving = true;
        await this.forget();
        location.assign(href);
      };
      dialog.showModal();
    }
  }

  // ---- Everything together -------------------------------------------------------------------

  function lookAfter(within) {
    for (const form of all("form[data-unsaved]", within)) {
      if (![...held].some((each) => each.form === form)) held.add(new Held(form));
    }
    for (const each of held) if (!each.form.isConnected) held.delete(each);
  }

  function onSubmit(event) {
    if (event.defaultPrevented) return;
    const isDiscarded = event.target.closest(".draft"); // who discards what is restored has been asked enough
    for (const each of held) {
      if (each.form !== event.target && !isDiscarded) continue;
      each.leaving = true;
      each.wait();
    }
  }

  function onKey(event) {
    const command = isMac ? event.metaKey : event.ctrlKey;
    if (!command || event.altKey || event.shiftKey || event.isComposing || event.key.toLowerCase() !== "s") return;
    const form = one("dialog[open] form[data-unsaved]") || one("#record-form");
    if (!form) return;
    event.preventDefault();
    form.requestSubmit(one('.save-bar button[value="Save"]', form) || one("button:not([type=button])", form));
  }

  const keepAll = () => { for (const each of held) if (!each.isKept) each.keep({ keepalive: true }); };
  const tryAgain = () => { for (const each of held) if (each.trouble) each.soon(); };

  lookAfter(document);
  // After what other scripts do then.
  document.addEventListener("DOMContentLoaded", () => setTimeout(() => { for (const each of held) each.settle(); }));
  document.addEventListener("panel:shown", (event) => lookAfter(event.target));
  addEventListener("submit", onSubmit);
  document.addEventListener("keydown", onKey);
  addEventListener("beforeunload", (event) => {
    keepAll(); // before the next page is asked for, which may tell of it
    if ([...held].some((each) => !each.leaving && each.isChanged)) event.preventDefault();
  });
  addEventListener("pagehide", keepAll);
  document.addEventListener("visibilitychange", () => (document.hidden ? keepAll() : tryAgain()));
  addEventListener("online", tryAgain);
  addEventListener("pageshow", () => { for (const each of held) each.leaving = false; });
})();
