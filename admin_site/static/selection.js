// What makes rows quicker to select: all of a page at once, ranges, a key, and a bar that says how many.
// Without it the boxes are ticked one by one, and the buttons are always there.
(() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const list = () => one("#list");
  const boxes = () => all("#selection tbody input[name=':key']");
  const isTyping = (element) => element.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) && element.type !== "checkbox");

  const BESIDE = 10; // pixels

  let last = null; // the box that was ticked last, where a range begins

  function setUp() {
    const form = one("#selection");
    if (!form || form.dataset.ready) { update(); return; }
    form.dataset.ready = "";
    last = null;
    for (const box of boxes()) {
      const cell = box.closest("th");
      const name = cell.textContent.trim();
      box.setAttribute("aria-label", `Select ${name}`);
      cell.setAttribute("aria-label", name); // the row is not called by its box, too
    }
    const head = one("thead th", form);
    const page = document.createElement("input");
    page.type = "checkbox";
    page.className = "check";
    page.setAttribute("aria-label", "Select all rows of this page");
    page.title = "Select all rows of this page";
    page.addEventListener("change", () => { tick(boxes(), page.checked); });
    head.prepend(page);
    form.addEventListener("click", onClick);
    form.addEventListener("change", update);
    update();
  }

  function tick(some, isTicked) {
    for (const box of some) box.checked = isTicked;
    update();
  }

  // A press beside a box, in the margin of its row, is meant for it.
  function onMargin(event) {
    const cell = event.target.closest?.("#selection tbody th");
    if (!cell || event.target !== cell || event.button) return;
    const box = one("input[name=':key']", cell);
    const { left, right } = box.getBoundingClientRect();
    if (event.clientX < left - BESIDE || event.clientX > right + BESIDE) return;
    event.preventDefault();
    event.stopPropagation();
    box.click();
  }

  // With Shift all boxes between the last one and this one become like this one.
  function onClick(event) {
    const box = event.target;
    if (!box.matches("tbody input[name=':key']")) return;
    const every = boxes();
    const [from, to] = [every.indexOf(last), every.indexOf(box)];
    if (event.shiftKey && from >= 0) tick(every.slice(Math.min(from, to), Math.max(from, to) + 1), box.checked);
    last = box;
  }

  function update() {
    const bar = one(".selection-bar");
    if (!bar) { list()?.classList.remove("selecting"); return; }
    const every = boxes();
    const ticked = every.filter((box) => box.checked);
    const whole = one("input[name=':all']", bar);
    const isFull = ticked.length === every.length;
    if (whole && !isFull) whole.checked = false;
    const page = one("#selection thead input");
    if (page) {
      page.checked = isFull && every.length > 0;
      page.indeterminate = ticked.length > 0 && !isFull;
    }
    list().classList.toggle("selecting", ticked.length > 0);
    one(".selection-all", bar)?.toggleAttribute("hidden", !isFull);
    const number = ticked.length.toLocaleString("en");
    one(".selection-count", bar).textContent = whole?.checked ? whole.dataset.words : isFull && every.length > 1 ? `${number} selected, all of this page` : `${number} selected`;
  }

  function clear() {
    const whole = one(".selection-bar input[name=':all']");
    if (whole) whole.checked = false;
    tick(boxes(), false);
  }

  function onKey(event) {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || isTyping(event.target) || one("dialog[open], :popover-open")) return;
    if (event.key === "x") {
      const row = document.activeElement.closest("#selection tbody tr") || one("#selection tr.current");
      const box = row && one("input[name=':key']", row);
      if (!box) return;
      box.checked = !box.checked;
      last = box;
      update();
      event.preventDefault();
    } else if (event.key === "Escape" && list()?.classList.contains("selecting")) {
      clear();
    }
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-select-page]")) tick(boxes(), true);
    if (!event.target.closest("[data-clear-selection]")) return;
    clear();
    one("#selection thead input")?.focus();
  });
  document.addEventListener("click", onMargin, true);
  document.addEventListener("change", (event) => { if (event.target.closest(".selection-bar")) update(); });
  document.addEventListener("keydown", onKey);
  document.addEventListener("htmx:afterSettle", setUp);
  addEventListener("pageshow", update);
  setUp();
})();
