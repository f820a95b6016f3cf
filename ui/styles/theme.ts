import { createSignal } from "solid-js";
import { readSetting, writeSetting } from "../components/settings.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const isTheme = (value: string | null): value is Theme =>
  (themes as readonly (string | null)[]).includes(value);

const stored = readSetting("theme");
const [theme, setTheme] = createSignal<Theme>(isTheme(stored) ? stored : "system");
export { theme };

const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");

function apply(): void {
  const dark = theme() === "dark" || (theme() === "system" && prefersDark.matches);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
}

/** Fixes the theme, or follows the system again; remembered in this browser. */
export function chooseTheme(next: Theme): void {
  setTheme(next);
  writeSetting("theme", next === "system" ? null : next);
  apply();
}

/** Applies the theme and keeps following the system where nothing else was chosen. */
export function startTheme(): void {
  apply();
  prefersDark.addEventListener("change", apply);
}
