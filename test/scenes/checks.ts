/** What every page has to be, whatever it shows. */
import axe from "axe-core";
import type { Page } from "playwright-core";

const standards = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds against WCAG 2.2 AA and below, and against its own good practice; or only what a theme can break. */
export async function faultsOf(page: Page, only: "all" | "colours" = "all"): Promise<string[]> {
  // Not @axe-core/playwright: it opens one more page, and loads axe twice, for each look.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const contrast = await contrastFaultsOf(page);
  const runOnly: axe.RunOnly =
    only === "all"
      ? { type: "tag", values: standards }
      : { type: "rule", values: ["link-in-text-block"] };
  const others = await page.evaluate(async (runOnly) => {
    const rules = { "color-contrast": { enabled: false } };
    const { violations } = await window.axe.run(document, {
      runOnly,
      resultTypes: ["violations"],
      ...(runOnly.type === "tag" ? { rules } : {}),
    });
    return violations.flatMap((it) =>
      it.nodes.map((node) => `${it.id}: ${node.html.slice(0, 160)}`),
    );
  }, runOnly);
  return [...contrast, ...others];
}

/**
 * Text that is hard to read. Axe takes most of its time for this, so of texts that look alike, on grounds that look
 * alike, it is shown one: what a table has in forty rows is judged once.
 */
async function contrastFaultsOf(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const grounds = new Map<Element, string>();
    const groundOf = (element: Element | null): string => {
      if (element === null) return "";
      let ground = grounds.get(element);
      if (ground === undefined) {
        const { backgroundColor, backgroundImage, opacity, position, zIndex } =
          getComputedStyle(element);
        const own = [backgroundColor, backgroundImage, opacity, position, zIndex].join(" ");
        ground = `${groundOf(element.parentElement)} / ${own}`;
        grounds.set(element, ground);
      }
      return ground;
    };
    const hasText = (element: Element) =>
      element.matches("input, select, textarea") ||
      [...element.childNodes].some((it) => it.nodeType === Node.TEXT_NODE && it.nodeValue?.trim());
    const looks = new Map<string, Element>();
    for (const element of document.querySelectorAll("body *")) {
      if (!hasText(element) || !element.checkVisibility()) continue;
      const { color, fontSize, fontWeight, textShadow } = getComputedStyle(element);
      // Two that are disabled look alike, and only one of them may be hard to read.
      const off = element.closest("[aria-disabled=true], :disabled, label, [inert]") !== null;
      const look = [color, fontSize, fontWeight, textShadow, off, groundOf(element)].join(" ");
      if (!looks.has(look)) looks.set(look, element);
    }
    if (looks.size === 0) return [];
    const { violations } = await window.axe.run(
      { include: [...looks.values()] },
      { runOnly: { type: "rule", values: ["color-contrast"] }, resultTypes: ["violations"] },
    );
    return violations.flatMap((it) =>
      it.nodes.map((node) => `${it.id}: ${node.html.slice(0, 160)}`),
    );
  });
}

declare global {
  interface Window {
    readonly axe: typeof axe;
  }
}

/** By how many pixels the page is wider than its window. */
export async function overflowOf(page: Page): Promise<number> {
  return page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
}

/** Text and controls that stick out of the window at a side, where nothing scrolls to them. */
export async function clippedOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const scrolls = (element: Element | null): boolean =>
      element !== null &&
      element !== document.documentElement &&
      (/auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX) ||
        scrolls(element.parentElement));
    return [...document.querySelectorAll("main *, header *, nav *, [role=dialog] *")]
      .filter((it) => it.checkVisibility() && !it.closest(".visually-hidden"))
      .filter((it) => {
        const { left, right, width } = it.getBoundingClientRect();
        return width > 0 && (left < -1 || right > window.innerWidth + 1) && !scrolls(it);
      })
      .map((it) => it.outerHTML.slice(0, 120));
  });
}

/**
 * What can be pressed and is smaller than `least` CSS pixels in either direction. A box with its label
 * is as large as both; a heading that repeats the button beside it is not counted (WCAG 2.2, 2.5.8:
 * "equivalent"), nor is what is only seen with the keyboard's focus on it.
 */
export async function smallTargets(page: Page, least: number): Promise<string[]> {
  return page.evaluate((least) => {
    const pressed = "a[href], button, input, select, textarea, [role^=menuitem], [role=switch]";
    return [...document.querySelectorAll<HTMLElement>(pressed)]
      .filter((it) => it.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
      .filter((it) => !it.closest("[inert], h3, .visually-hidden") && it.tabIndex >= -1)
      .map((it) => ({ it, box: (it.closest("label") ?? it).getBoundingClientRect() }))
      .filter(({ box }) => box.width > 1 && box.bottom > 0)
      .filter(({ box }) => box.width < least - 0.5 || box.height < least - 0.5)
      .map(
        ({ it, box }) =>
          `${Math.round(box.width)}×${Math.round(box.height)} ${it.outerHTML.slice(0, 120)}`,
      );
  }, least);
}
