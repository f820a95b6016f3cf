// Runs before the first paint, so that nobody in a dark hall is flashed by a white page, and nobody is
// left with a blank one.
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

  // Where the network fails under the page's own files it stays blank: load it anew, then say so.
  addEventListener(
    "error",
    function (event) {
      var of = event.target;
      if (of.tagName !== "SCRIPT" && of.rel !== "stylesheet") return;
      var tries = 3;
      try {
        tries = Number(sessionStorage.getItem("asci.loads"));
        sessionStorage.setItem("asci.loads", String(tries + 1));
      } catch {
        // Without a count there would be no end to it.
      }
      if (tries < 3) setTimeout(location.reload.bind(location), 1000);
      else document.getElementById("unloaded").hidden = false;
    },
    true,
  );
})();
