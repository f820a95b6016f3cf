import {
  createEffect,
  createMemo,
  createSignal,
  on,
  onCleanup,
  untrack,
  type Accessor,
} from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { t } from "../messages/messages.ts";
import type { BarVisibility } from "./bar-visibility.ts";
import { offerClipboard } from "./clipboard.ts";
import { watchFirstPicture } from "./first-picture.ts";
import { releaseKeysOnBlur } from "./held-keys.ts";
import { isForeignSize, type Size } from "./own-size.ts";
import type { Screen } from "./screen.ts";
import { createSettled } from "./settled.ts";
import type { DesktopConnection } from "./use-connection.ts";

/** An X server is one flat colour until the session paints: wait this long for more before showing it. */
const flatMs = 3_000;
/** So that people know the way out, and see what they came back to. */
const introMs = 3_000;

export interface Picture {
  /** The open connection has painted: there is a desktop to be seen. */
  readonly visible: Accessor<boolean>;
  /** This container's desktop has been seen before, so that losing it means to come back. */
  readonly seen: Accessor<boolean>;
}

/** Follows the connection's canvas: its names, its focus, its keys, and its first picture. */
export function usePicture(
  instance: Accessor<Instance>,
  desktop: DesktopConnection,
  bar: BarVisibility,
): Picture {
  const [painted, setPainted] = createSignal<Screen | null>(null);
  const [seen, setSeen] = createSignal(false);
  const connected = (): boolean => desktop.connection().phase.kind === "connected";
  const settled = createSettled(instance);
  const visible = createMemo(
    (): boolean => connected() && painted() !== null && painted() === desktop.screen() && settled(),
  );
  createEffect(() => {
    if (!visible()) return;
    setSeen(true);
    untrack(() => bar.introduce(introMs));
  });
  createEffect(
    on([desktop.screen, connected], ([screen, isConnected]) => {
      const canvas = screen?.canvas ?? null;
      if (screen === null || canvas === null || !isConnected) return;
      describe(canvas, instance().name);
      // Someone who types in the clipboard's panel while it reconnects is left there.
      if (document.activeElement === document.body) screen.rfb.focus({ preventScroll: true });
      canvas.addEventListener("pointerdown", () => bar.hide());
      onCleanup(releaseKeysOnBlur(canvas));
      onCleanup(offerClipboard(canvas, (text) => screen.rfb.clipboardPasteFrom(text)));
      const patienceMs = seen() || hasPanel(instance()) ? 0 : flatMs;
      const fits = (): boolean => !isForeignSize(canvas, placeOf(canvas));
      onCleanup(watchFirstPicture(canvas, patienceMs, fits, () => setPainted(() => screen)));
    }),
  );
  createEffect(() => {
    if (!startsAnew(instance().state)) return;
    setSeen(false);
    desktop.forgetPicture();
  });
  return { visible, seen };
}

/** noVNC's own box around the canvas fills the place. */
function placeOf(canvas: HTMLCanvasElement): Size {
  const box = canvas.parentElement;
  return { width: box?.clientWidth ?? 0, height: box?.clientHeight ?? 0 };
}

function describe(canvas: HTMLCanvasElement, name: string): void {
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", t("viewer.desktop", { name }));
  canvas.setAttribute("aria-description", t("viewer.desktopHint"));
}

function hasPanel(instance: Instance): boolean {
  return instance.timeline.some((it) => it.phase === "panel" && it.at !== null);
}

/** What comes after these is another container with another picture. */
function startsAnew(state: Instance["state"]): boolean {
  return ["queued", "starting", "stopped", "shelved", "failed"].includes(state);
}
