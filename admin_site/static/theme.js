// Runs before the first paint: marks that scripts work, and chooses the theme and the width of the menu.
(() => {
  const root = document.documentElement;
  const stored = (key) => {
    try { return localStorage.getItem(key); } catch { return null; }
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = root.dataset.bsTheme; // kept with the account
  const apply = () => { root.dataset.bsTheme = chosen || (dark.matches ? "dark" : "light"); };
  root.classList.add("js");
  apply();
  dark.addEventListener("change", apply);
  if (stored("menu") === "rail") root.dataset.menu = "rail";
})();
