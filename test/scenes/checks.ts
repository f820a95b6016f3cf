/** What every page has to be, whatever it shows. */
import axe from "axe-core";
import type { Page } from "playwright-core";

const standards = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Looks of text that were found to be easy to read; those of any page, as what matters is in them. */
export type ReadableLooks = Set<number>;

/**
 * What axe finds against WCAG 2.2 AA and below, and against its own good practice; or only what a theme can break.
 *
 * @param readable is added to, and what is in it is not judged again
 */
export async function faultsOf(
  page: Page,
  only: "all" | "colours" = "all",
  readable: ReadableLooks = new Set(),
): Promise<string[]> {
  // Not @axe-core/playwright: it opens one more page, and loads axe twice, for each look.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const contrast = await contrastFaultsOf(page, readable);
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
 * alike, it is shown one: what a table has in forty rows is judged once, and what a hundred pages have as well.
 */
async function contrastFaultsOf(page: Page, readable: ReadableLooks): Promise<string[]> {
  const { faults, passed } = await page.evaluate(
    async (known) => {
      // FNV-1a, twice with different beginnings, as far as a number reaches.
      const print = (text: string): number => {
        let [low, high] = [0x811c9dc5, 0x01000193];
        for (let at = 0; at < text.length; at++) {
          low = Math.imul(low ^ text.charCodeAt(at), 0x01000193);
          high = Math.imul(high ^ text.charCodeAt(at), 0x85ebca6b);
        }
        return (low >>> 0) * 2 ** 21 + (high >>> 11);
      };
      const judged = new Set(known);
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
        [...element.childNodes].some(
          (it) => it.nodeType === Node.TEXT_NODE && it.nodeValue?.trim(),
        );
      const looks = new Map<number, Element>();
      for (const element of document.querySelectorAll("body *")) {
        if (!hasText(element) || !element.checkVisibility()) continue;
        const { color, fontSize, fontWeight, textShadow } = getComputedStyle(element);
        // Two that are disabled look alike, and only one of them may be hard to read.
        const off = element.closest("[aria-disabled=true], :disabled, label, [inert]") !== null;
        const look = print(
          [color, fontSize, fontWeight, textShadow, off, groundOf(element)].join(" "),
        );
        if (!judged.has(look) && !looks.has(look)) looks.set(look, element);
      }
      if (looks.size === 0) return { faults: [], passed: [] };
      const { violations, passes } = await window.axe.run(
        { include: [...looks.values()] },
        {
          runOnly: { type: "rule", values: ["color-contrast"] },
          resultTypes: ["violations", "passes"],
          elementRef: true,
        },
      );
      // What axe could not decide here, behind something say, is looked at where it comes again.
      const clear = new Set(passes.flatMap((it) => it.nodes.map(({ element }) => element)));
      const faults = violations.flatMap((it) =>
        it.nodes.map((node) => `${it.id}: ${node.html.slice(0, 160)}`),
      );
      const passed = [...looks].flatMap(([look, element]) =>
        clear.has(element as HTMLElement) ? look : [],
      );
      return { faults, passed };
    },
    [...readable],
  );
  for (const look of passed) readable.add(look);
  return faults;
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
