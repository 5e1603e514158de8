// Rows of children in the form of their parent: added, removed, brought back and moved without asking the server.
// What is in a row that nobody changed stays here when the form is sent.
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const form = one("#record-form");
  if (!form || !one("[data-inline]", form)) return;

  const rowOf = (element) => element.closest(".inline-row");
  const sectionOf = (element) => element.closest("[data-inline]");
  const rowsOf = (section) => [...one(".inline-rows", section).children];
  const named = (row) => all("input[name], select[name], textarea[name]", row);
  const own = (row) => named(row).filter((control) => rowOf(control) === row);
  const isNew = (row) => "new" in row.dataset;
  const remover = (row) => own(row).find((control) => control.name.endsWith("|:remove"));
  const isRemoved = (row) => Boolean(remover(row)?.checked);

  function icon(name) {
    const sample = one("svg.icon use");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", sample.getAttribute("href").replace(/#.*/, `#${name}`));
    svg.append(use);
    return svg;
  }

  // ---- What is said to those who do not see it -------------------------------------------------

  const voice = document.createElement("p");
  voice.className = "visually-hidden";
  voice.setAttribute("role", "status");
  form.after(voice);

  function say(words) {
    voice.textContent = "";
    setTimeout(() => { voice.textContent = words; }, 50);
  }

  // ---- Sending what was changed ----------------------------------------------------------------

  const before = new WeakMap();

  const valueOf = (control) => {
    if (control.type === "checkbox" || control.type === "radio") return String(control.checked);
    if (control.multiple && control.options) return [...control.selectedOptions].map((option) => option.value).join("\n");
    if (control.type === "file") return [...control.files].map((file) => `${file.name}:${file.size}`).join("\n");
    return control.value;
  };
  const contents = (row) => own(row).filter((control) => !control.name.endsWith("|:remove")).map((control) => `${control.name}=${valueOf(control)}`).join("\n");

  // A browser may put back what was typed before, without saying so.
  const isPutBack = (row) => own(row).some((control) => {
    if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
    return /^(INPUT|TEXTAREA)$/.test(control.tagName) && control.type !== "hidden" && control.value !== control.defaultValue;
  });

  // A row is remembered as it is when somebody first comes to it: widgets have made themselves at home by then.
  function remember(event) {
    for (let row = rowOf(event.target); row; row = rowOf(row.parentElement)) {
      if (before.has(row)) continue;
      before.set(row, contents(row));
      limit(row);
    }
  }

  // What may be typed stands in the template alone, not again in every row.
  const LIMITS = ["pattern", "title", "maxlength", "minlength", "min", "max", "step", "inputmode", "data-length"];

  function limit(row) {
    const template = templateOf(sectionOf(row.parentElement));
    if (!template || isNew(row)) return;
    for (const sample of all("[name^='__at__|']", template.content)) {
      const name = sample.name.split("|")[1];
      const control = own(row).find((each) => each.name.endsWith(`|${name}`) && each.type === sample.type);
      for (const limit of control ? LIMITS : []) {
        if (sample.hasAttribute(limit) && !control.hasAttribute(limit)) control.setAttribute(limit, sample.getAttribute(limit));
      }
    }
  }

  function isChanged(row) {
    if ("changed" in row.dataset) return true;
    return before.has(row) ? contents(row) !== before.get(row) : isPutBack(row);
  }

  function leaveOut({ formData }) {
    for (const hidden of all('[name$="|:rows"]', form)) formData.delete(hidden.name);
    for (const row of all(".inline-row", form)) {
      if (isRemoved(row)) {
        const kept = isNew(row) ? null : remover(row).name;
        for (const control of named(row)) if (control.name !== kept) formData.delete(control.name);
      } else if (!isChanged(row)) {
        for (const control of own(row)) formData.delete(control.name);
      }
    }
  }

  // ---- Removing, and bringing back -------------------------------------------------------------

  const nameOf = (row) => one(".inline-remove > span", row)?.textContent.trim() || "row";

  function switchOff(row, off) {
    for (const control of all("input, select, textarea, button", row)) {
      if (control.closest(".inline-tools") && rowOf(control) === row && !control.dataset.move) continue;
      control.disabled = off;
      if (control.tomselect) { if (off) control.tomselect.disable(); else control.tomselect.enable(); }
    }
  }

  function showRemoved(row) {
    const off = isRemoved(row);
    const button = one("[data-remove]", row);
    row.classList.toggle("removed", off);
    switchOff(row, off);
    button.replaceChildren(...(off ? ["Undo"] : [icon("trash")]));
    button.classList.toggle("quiet-button", !off);
    button.classList.toggle("btn", off);
    button.title = off ? "Bring back" : "Remove";
    button.setAttribute("aria-label", `${off ? "Bring back" : "Remove"} ${nameOf(row)}`);
  }

  function toggleRemoved(row) {
    const box = remover(row);
    box.checked = !box.checked;
    showRemoved(row);
    box.dispatchEvent(new Event("change", { bubbles: true }));
    row.dispatchEvent(new CustomEvent(box.checked ? "form:removed" : "form:added", { bubbles: true }));
    say(box.checked ? `${nameOf(row)} will be removed when you save.` : `${nameOf(row)} is kept.`);
  }

  // ---- Adding ------------------------------------------------------------------------------------

  const templateOf = (section) => all("template[data-row-of]").find((each) => each.dataset.rowOf === section.dataset.rowsOf);

  function addRow(section) {
    const template = templateOf(section);
    const token = `n${section.dataset.next}`;
    section.dataset.next = String(Number(section.dataset.next) + 1);
    const place = `${section.dataset.inline}|${token}`;
    const copy = document.createElement("template");
    copy.innerHTML = template.innerHTML.replaceAll("__at__", place).replaceAll("__id__", place.replaceAll("|", "-"));
    const row = one(".inline-row", copy.content);
    row.dataset.row = token;
    one(".inline-rows", section).append(row);
    setUpRow(row);
    show(section);
    row.dispatchEvent(new CustomEvent("form:added", { bubbles: true }));
    if (orderOf(section)) writeOrder(section);
    firstControl(row)?.focus();
    say(`New ${section.dataset.one}, row ${rowsOf(section).length}.`);
  }

  const firstControl = (row) => {
    const control = own(row).find((each) => each.type !== "hidden" && !each.closest(".inline-tools"));
    return control?.tomselect?.control_input || control;
  };

  function show(section) {
    const isEmpty = !rowsOf(section).length;
    const table = one(".inline-table", section);
    if (table && sectionOf(table) === section) table.hidden = isEmpty;
    const none = all(".inline-empty", section).find((each) => sectionOf(each) === section);
    if (none) none.hidden = !isEmpty;
  }

  // ---- Moving ------------------------------------------------------------------------------------

  const orderOf = (section) => all('[name$="|:order"]', section).find((each) => sectionOf(each) === section);
  const tokens = (section) => rowsOf(section).map((row) => row.dataset.row).join(" ");

  function writeOrder(section) {
    let order = orderOf(section);
    if (!order) {
      order = document.createElement("input");
      order.type = "hidden";
      order.name = `${section.dataset.inline}|:order`;
      section.prepend(order);
    }
    order.value = tokens(section);
    if (order.value === section.dataset.tokens) order.remove();
    section.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function move(row, by) {
    const section = sectionOf(row.parentElement);
    const rows = rowsOf(section);
    const at = rows.indexOf(row) + by;
    if (at < 0 || at >= rows.length) { say(by < 0 ? "This is the first row." : "This is the last row."); return; }
    const focused = document.activeElement;
    if (by < 0) rows[at].before(row);
    else rows[at].after(row);
    writeOrder(section);
    const hidden = focused?.dataset?.move && getComputedStyle(focused).visibility === "hidden";
    (hidden ? all("[data-move]", row).find((each) => each !== focused) : focused)?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    say(`Row ${at + 1} of ${rows.length}.`);
  }

  // ---- Everything together -----------------------------------------------------------------------

  function setUpRow(row) {
    if (row.tagName === "TR") for (const cell of row.cells) cell.classList.add("field-body");
    for (const button of all("[data-move]", row).filter((each) => rowOf(each) === row)) {
      const isUp = button.dataset.move < 0;
      button.type = "button";
      button.className = "quiet-button";
      button.title = isUp ? "Move up (Alt ↑)" : "Move down (Alt ↓)";
      button.setAttribute("aria-label", `Move ${nameOf(row)} ${isUp ? "up" : "down"}`);
      button.replaceChildren(icon(isUp ? "arrow-up" : "arrow-down"));
    }
    const link = all(".inline-tools > a", row).find((each) => rowOf(each) === row);
    if (link) {
      link.className = "quiet-button";
      link.title = "Open";
      link.setAttribute("aria-label", `Open ${nameOf(row)}`);
      link.replaceChildren(icon("external-link"));
    }
    const box = remover(row);
    if (!box) return;
    const label = box.closest(".inline-remove");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.remove = "";
    label.hidden = true;
    label.after(button);
    button.className = "quiet-button";
    showRemoved(row);
  }

  function onClick(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if ("remove" in button.dataset) toggleRemoved(rowOf(button));
    else if ("add" in button.dataset) { event.preventDefault(); addRow(sectionOf(button)); }
    else if (button.dataset.move) { event.preventDefault(); move(rowOf(button), Number(button.dataset.move)); }
    else if ("page" in button.dataset && !("dirty" in form.dataset) && !one(".unsaved", form)?.textContent.trim()) {
      event.preventDefault();
      location.assign(`${button.getAttribute("formaction")}#${sectionOf(button).id}`);
    }
  }

  function onKey(event) {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    const row = rowOf(event.target);
    const section = row && sectionOf(row.parentElement);
    if (!section || !("ordered" in section.dataset) || event.target.tagName === "SELECT") return;
    event.preventDefault();
    move(row, event.key === "ArrowUp" ? -1 : 1);
  }

  for (const section of all("[data-inline]", form)) section.dataset.tokens = orderOf(section) ? "" : tokens(section);
  for (const row of all(".inline-row", form)) setUpRow(row);
  for (const name of ["focusin", "pointerdown", "keydown"]) form.addEventListener(name, remember, true);
  form.addEventListener("formdata", leaveOut);
  form.addEventListener("click", onClick);
  form.addEventListener("keydown", onKey);
})();
