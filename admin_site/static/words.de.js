// What the scripts of every page say, in German.
globalThis.siteWords = {
  "Choose a file.": "Wählen Sie eine Datei.",
  "Choose one.": "Wählen Sie etwas aus.",
  "Copied": "Kopiert",
  "Dark theme": "Dunkle Ansicht",
  "Hide password": "Passwort verbergen",
  "Light theme": "Helle Ansicht",
  "Narrow menu": "Menü verkleinern",
  "Show password": "Passwort zeigen",
  "This is needed.": "Das wird gebraucht.",
  "Use at least # characters.": "Mindestens # Zeichen, bitte.",
  "Widen menu": "Menü vergrößern",
  "just now": "gerade eben",
};
