// On leaving a field that was changed, the server says what is wrong with it; saving asks again.
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const typed = 'input:not([type="hidden"], [type="password"], [type="file"], [type="search"]), select, textarea';
  const entry = (name) => name.replace(/:.*$/, ""); // an input "name:empty" belongs to "name"
  const forms = new WeakMap();

  class Checked {
    constructor(form) {
      this.form = form;
      this.needs = JSON.parse(form.dataset.checks || "{}"); // what else a field depends on
      this.asked = new Map(); // the questions under way, by field
      this.told = new Set(); // the fields beside which words of ours stand
      this.voice = document.createElement("span");
      this.voice.className = "visually-hidden";
      this.voice.setAttribute("aria-live", "polite");
      form.append(this.voice);
      form.addEventListener("submit", () => this.asked.forEach((question) => question.abort()));
    }

    changed(input) {
      const name = entry(input.name);
      this.ask(name, input);
      // What was wrong beside another one may be right now.
      for (const other of this.told) if ((this.needs[other] || []).includes(name)) this.ask(other, this.inputOf(other));
    }

    inputOf(name) {
      return all(typed, this.form).find((input) => entry(input.name) === name);
    }

    question(name) {
      const wanted = new Set([name, ...(this.needs[name] || [])]);
      const asked = new FormData();
      for (const [key, value] of new FormData(this.form)) {
        if (typeof value === "string" && (key === ":zone" || wanted.has(entry(key)))) asked.append(key, value);
      }
      asked.append(":field", name);
      asked.append(":key", this.form.dataset.checkKey || "");
      return asked;
    }

    async ask(name, input) {
      if (!input) return;
      this.asked.get(name)?.abort();
      const stop = new AbortController();
      this.asked.set(name, stop);
      try {
        const answer = await fetch(this.form.dataset.checkUrl, {
          method: "POST",
          body: this.question(name),
          headers: { Accept: "application/json" },
          signal: stop.signal,
        });
        const found = answer.ok ? await answer.json() : null; // otherwise saving says why
        if (found && this.asked.get(name) === stop) this.tell(name, input.closest(".field"), found.error);
      } catch {
        // there is no answer, or nobody wants it any more
      } finally {
        if (this.asked.get(name) === stop) this.asked.delete(name);
      }
    }

    // The words stand where those of a refused form do, and go when the field is right.
    tell(name, field, words) {
      const id = field.id.replace(/-field$/, "");
      const control = document.getElementById(id);
      const note = `${id}-error`;
      if (!control) return;
      document.getElementById(note)?.remove();
      field.classList.toggle("has-error", Boolean(words));
      const described = (control.getAttribute("aria-describedby") || "").split(" ").filter((each) => each && each !== note);
      if (words) {
        described.push(note);
        control.setAttribute("aria-invalid", "true");
        this.told.add(name);
        const body = field.querySelector(".field-body") || field;
        body.insertBefore(this.note(note, words), body.querySelector(":scope > .field-help"));
      } else {
        control.removeAttribute("aria-invalid");
        this.told.delete(name);
      }
      if (described.length) control.setAttribute("aria-describedby", described.join(" "));
      else control.removeAttribute("aria-describedby");
      this.voice.textContent = words ? `${field.querySelector("label")?.firstChild?.textContent || ""}: ${words}` : "";
    }

    note(id, words) {
      const note = document.createElement("p");
      note.className = "field-error";
      note.id = id;
      const some = document.querySelector("svg.icon use");
      if (some) {
        const icon = some.closest("svg").cloneNode(true);
        icon.setAttribute("class", "icon");
        icon.querySelector("use").setAttribute("href", some.getAttribute("href").replace(/#.*$/, "#alert-circle"));
        note.append(icon);
      }
      note.append(words);
      return note;
    }
  }

  // A form may come later than the page, in a dialog.
  document.addEventListener("change", ({ target }) => {
    const form = target.form;
    if (!form?.dataset.checkUrl || !target.name || target.name.includes("|") || /:(add|remove)$/.test(target.name)) return;
    if (!target.matches(typed) || !target.closest(".field")) return;
    if (!forms.has(form)) forms.set(form, new Checked(form));
    forms.get(form).changed(target);
  });
})();
