import { describe, expect, it } from "vitest";
import { browserText } from "./browser-text.ts";

const mozilla = "Mozilla/5.0";
const webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
const apple = "AppleWebKit/605.1.15 (KHTML, like Gecko)";

describe("browserText", () => {
  it.each([
    [`${mozilla} (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0`, "Firefox on Linux"],
    [
      `${mozilla} (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0`,
      "Firefox on Windows",
    ],
    [`${mozilla} (X11; Linux x86_64) ${webkit} Chrome/130.0.0.0 Safari/537.36`, "Chrome on Linux"],
    [
      `${mozilla} (X11; Linux x86_64) ${webkit} HeadlessChrome/130.0.0.0 Safari/537.36`,
      "Chrome on Linux",
    ],
    [
      `${mozilla} (X11; Linux x86_64) ${webkit} Ubuntu Chromium/90.0 Chrome/90.0 Safari/537.36`,
      "Chromium on Linux",
    ],
    [
      `${mozilla} (X11; CrOS x86_64 14541.0.0) ${webkit} Chrome/130.0.0.0 Safari/537.36`,
      "Chrome on ChromeOS",
    ],
    [
      `${mozilla} (Windows NT 10.0; Win64; x64) ${webkit} Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0`,
      "Edge on Windows",
    ],
    [
      `${mozilla} (Windows NT 10.0; Win64; x64) ${webkit} Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0`,
      "Opera on Windows",
    ],
    [
      `${mozilla} (Linux; Android 14; SM-X710) ${webkit} SamsungBrowser/26.0 Chrome/122.0.0.0 Safari/537.36`,
      "Samsung Internet on Android",
    ],
    [
      `${mozilla} (Linux; Android 14; Pixel 8) ${webkit} Chrome/130.0.0.0 Mobile Safari/537.36`,
      "Chrome on Android",
    ],
    [
      `${mozilla} (Macintosh; Intel Mac OS X 10_15_7) ${apple} Version/17.6 Safari/605.1.15`,
      "Safari on macOS",
    ],
    [
      `${mozilla} (iPad; CPU OS 16_7 like Mac OS X) ${apple} Version/16.6 Mobile/15E148 Safari/604.1`,
      "Safari on iPad",
    ],
    [
      `${mozilla} (iPhone; CPU iPhone OS 17_6 like Mac OS X) ${apple} CriOS/130.0 Mobile/15E148 Safari/604.1`,
      "Chrome on iPhone",
    ],
    [
      `${mozilla} (iPhone; CPU iPhone OS 17_6 like Mac OS X) ${apple} FxiOS/130.0 Mobile/15E148 Safari/605.1.15`,
      "Firefox on iPhone",
    ],
    [`${mozilla} (X11; Linux x86_64) ${apple} Something/1.0`, "A browser on Linux"],
    ["Firefox/1.0", "Firefox"],
    ["curl/8.11.0", "An unknown browser"],
    ["node", "An unknown browser"],
    ["", "An unknown browser"],
    [null, "An unknown browser"],
  ])("%s", (userAgent, name) => {
    expect(browserText(userAgent)).toBe(name);
  });
});
