// What the scripts of every page say, in Spanish.
globalThis.siteWords = {
  "Choose a file.": "Elija un archivo.",
  "Choose one.": "Elija una opción.",
  "Copied": "Copiado",
  "Dark theme": "Tema oscuro",
  "Hide password": "Ocultar la contraseña",
  "Light theme": "Tema claro",
  "Narrow menu": "Reducir el menú",
  "Show password": "Mostrar la contraseña",
  "This is needed.": "Esto es necesario.",
  "Use at least # characters.": "Use al menos # caracteres.",
  "Widen menu": "Ampliar el menú",
  "just now": "ahora mismo",
};
