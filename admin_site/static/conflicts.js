// Of a field that two people changed, typing into it chooses one's own value. Without this one chooses by hand.
(() => {
  "use strict";

  for (const clash of document.querySelectorAll("[data-clash]")) {
    const mine = clash.querySelector('input[value="mine"]');
    const place = clash.parentElement;
    const choose = (event) => {
      if (!clash.contains(event.target)) mine.checked = true;
    };
    place.addEventListener("input", choose);
    place.addEventListener("change", choose);
  }
})();
