// Runs before the first paint, so that nobody in a dark hall is flashed by a white page.
// It is a file of its own because the page's security policy allows no inline script.
// styles/theme.ts takes over from here once the app has loaded.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem("asci.theme");
  } catch {
    // Storage can be closed to us; the system's choice is then the best there is.
  }
  var dark =
    choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
