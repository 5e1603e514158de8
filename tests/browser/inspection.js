// What is wrong with the page as it stands: a list of sentences. Called with nothing.
() => {
  const problems = [];
  const root = document.documentElement;
  const name = (element) => {
    const words = element.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
    return `<${element.tagName.toLowerCase()}${element.id ? ` id=${element.id}` : ""} class="${element.getAttribute("class") || ""}">${words}`;
  };
  const isVisible = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  // Something cut to a point for the eye but left for screen readers.
  const isClippedAway = (element) => element.closest(".visually-hidden") || getComputedStyle(element).clipPath === "inset(50%)";
  const scrolls = (element) => {
    for (let parent = element.parentElement; parent && parent !== document.body; parent = parent.parentElement) {
      const style = getComputedStyle(parent);
      if (style.overflowX !== "visible" && parent.getBoundingClientRect().right <= innerWidth + 1) return true;
      if (isClippedAway(parent)) return true;
    }
    return false;
  };

  if (root.scrollWidth > innerWidth) problems.push(`the page is ${root.scrollWidth} px wide, the window ${innerWidth}`);
  for (const element of document.body.querySelectorAll("*")) {
    if (!isVisible(element) || isClippedAway(element)) continue;
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    if ((box.right > innerWidth + 1 || box.left < -1) && !scrolls(element)) problems.push(`outside the window: ${name(element)}`);
  }

  const headings = [...document.querySelectorAll("h1")].filter(isVisible);
  if (headings.length !== 1) problems.push(`${headings.length} first headings`);
  if (!document.title.trim()) problems.push("no title");
  if (!root.lang) problems.push("no language");
  if (document.querySelectorAll("main").length !== 1) problems.push("not one main part");

  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) problems.push(`two elements with the id ${id}`);
  for (const attribute of ["for", "aria-labelledby", "aria-describedby", "aria-controls", "popovertarget"]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/)) {
        if (id && !document.getElementById(id)) problems.push(`${attribute}="${id}" points nowhere: ${name(element)}`);
      }
    }
  }
  for (const use of document.querySelectorAll("use")) {
    const box = use.getBBox();
    if (isVisible(use.ownerSVGElement) && !box.width && !box.height) problems.push(`an icon is empty: ${use.getAttribute("href")}`);
  }
  for (const element of document.querySelectorAll("[style], [onclick], [onload], [onsubmit], style, script:not([src])")) {
    const isOwnScript = element.hasAttribute("style") && root.classList.contains("js");
    if (!isOwnScript) problems.push(`inline style or script: ${name(element)}`);
  }
  return problems;
}
