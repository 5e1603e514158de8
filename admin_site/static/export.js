// Downloads a list while the page tells how far it is. A list that is too long for the memory of a tab, or whose length
// nobody knows, is left to the browser, as everything is without this script.
(() => {
  "use strict";
  const form = document.querySelector("[data-export]");
  if (!form) return;

  const progress = form.querySelector("[data-progress]");
  const bar = progress.querySelector("progress");
  const numbers = progress.querySelector("p");
  const end = form.querySelector("[data-end]");
  const stop = form.querySelector("[data-stop]");
  const button = form.querySelector(".btn-primary");
  const rows = Number(form.dataset.rows);
  const isKept = form.dataset.rows !== "" && rows <= Number(form.dataset.kept);
  let controller = null;

  const size = (bytes) => {
    if (bytes < 1000) return `${bytes} bytes`;
    const unit = bytes < 1e6 ? [1e3, "kB"] : bytes < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
    return `${(bytes / unit[0]).toLocaleString(undefined, { maximumFractionDigits: 1 })} ${unit[1]}`;
  };

  const address = () => {
    const asked = new URLSearchParams(new FormData(form));
    const [format, mark] = asked.get(":format").split(".");
    asked.delete(":format");
    if (mark) asked.set(":mark", "yes");
    return `${form.getAttribute("action")}/${format}?${asked}`;
  };

  const nameOf = (response) => {
    const found = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("Content-Disposition") || "");
    return found ? decodeURIComponent(found[1]) : "rows";
  };

  const show = (received, expected) => {
    if (expected) bar.value = Math.min(received / expected, 0.99);
    numbers.textContent = expected ? `${size(received)} of about ${size(expected)}` : size(received);
  };

  const keep = (parts, response) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type: response.headers.get("Content-Type") }));
    link.download = nameOf(response);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };

  // The password is asked for on a page of its own, which goes on to the file.
  const refusal = ({ error, confirm_url: address }) => {
    if (address) location.assign(address);
    return error;
  };

  const download = async () => {
    let received = 0;
    try {
      const options = { headers: { Accept: "application/json" }, signal: controller.signal };
      const response = await fetch(address(), options);
      if (!response.ok) return refusal(await response.json());
      const expected = rows * Number(response.headers.get("X-Bytes-Per-Row"));
      const reader = response.body.getReader();
      const parts = [];
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        parts.push(part.value);
        received += part.value.length;
        show(received, expected);
      }
      keep(parts, response);
      return `Done: ${nameOf(response)}, ${size(received)}.`;
    } catch (error) {
      if (error.name === "AbortError") return "Stopped. Nothing was kept.";
      return `The download broke off after ${size(received)}, and nothing was kept. Try again, or export fewer rows.`;
    }
  };

  form.addEventListener("submit", async (event) => {
    if (!isKept) {
      end.textContent = "The browser downloads it and tells how far it is.";
      return;
    }
    event.preventDefault();
    if (controller) return;
    controller = new AbortController();
    bar.removeAttribute("value");
    numbers.textContent = end.textContent = "";
    progress.hidden = stop.hidden = false;
    button.disabled = true;
    end.textContent = await download();
    progress.hidden = stop.hidden = true;
    button.disabled = false;
    controller = null;
  });

  stop.addEventListener("click", () => controller && controller.abort());
})();
