// The visible texts whose contrast with what lies behind them is under 4.5 : 1 (WCAG 2.2, 1.4.3).
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  // Lets the browser itself turn every way of writing a colour into four numbers.
  const read = (colour) => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = read(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    const ground = read(getComputedStyle(document.body).backgroundColor);
    return layers.reverse().reduce((below, layer) => over(layer, below), ground);
  };
  const opacity = (element) => {
    let product = 1;
    for (let at = element; at; at = at.parentElement) product *= Number(getComputedStyle(at).opacity);
    return product;
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const isVisible = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && !element.closest(".visually-hidden, .skip") && element.checkVisibility({ visibilityProperty: true });
  };

  const problems = new Set();
  let checked = 0;
  const judge = (element, colour, words) => {
    const seen = opacity(element);
    if (!seen || !isVisible(element)) return;
    checked += 1;
    const ground = behind(element);
    const [r, g, b, a] = read(colour);
    const ratio = contrast(over([r, g, b, a * seen], ground), ground);
    if (ratio < 4.5) problems.add(`${ratio.toFixed(2)}: ${words.trim().slice(0, 40)} (${element.tagName.toLowerCase()}.${element.className})`);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (text.data.trim()) judge(text.parentElement, getComputedStyle(text.parentElement).color, text.data);
  }
  for (const element of document.body.querySelectorAll("*")) {
    for (const part of ["::before", "::after"]) {
      const style = getComputedStyle(element, part);
      if (/^".*\S.*"$/.test(style.content)) judge(element, style.color, style.content);
    }
    if (element.matches("input, textarea, select") && element.value) judge(element, getComputedStyle(element).color, element.value);
    if (element.matches("input, textarea") && !element.value && element.placeholder) judge(element, getComputedStyle(element, "::placeholder").color, element.placeholder);
  }
  return { problems: [...problems], checked };
}
