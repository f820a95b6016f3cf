import type RFB from "@novnc/novnc";
import type { Ticket } from "../../gateway/schemas.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { watchLiveness, type Liveness } from "./liveness.ts";
import type { RfbConstructor } from "./load-novnc.ts";
import { qualityLevels, type Quality } from "./quality.ts";

/** One noVNC connection and what hangs on it. */
export interface Screen {
  readonly rfb: RFB;
  readonly canvas: HTMLCanvasElement | null;
  probe(): void;
  /** Asks for this window's size, where the desktop has another. */
  claimSize(): void;
  /** Ends it without waiting for the other side. No event comes after this. */
  drop(): void;
}

export interface ScreenEvents {
  readonly opened: () => void;
  /** `code`: WebSocket close code; `openMs`: how long the picture had been there. */
  readonly closed: (code: number, openMs: number) => void;
  readonly stalled: () => void;
  readonly woke: () => void;
  readonly clipboard: (text: string) => void;
}

/** The opening has to come to an end, even where nothing on the way says no. */
const openingMs = 15_000;

export interface ScreenLook {
  readonly quality: Quality;
  /** Whether to give the desktop this window's size from the start. */
  readonly ownSize: boolean;
}

/** Opens the desktop's screen into `target`, with a ticket that was granted just now. */
export function openScreen(
  Rfb: RfbConstructor,
  target: HTMLElement,
  ticket: Ticket,
  look: ScreenLook,
  events: ScreenEvents,
): Screen {
  const socket = new WebSocket(ticket.url, ticket.protocols);
  let closeCode = 1006;
  let openedAtMs: number | null = null;
  let over = false;
  socket.addEventListener("close", (event) => {
    closeCode = event.code;
  });
  const rfb = new Rfb(target, socket, { shared: true });
  configure(rfb, look);
  const canvas = target.querySelector("canvas");
  // On touch devices noVNC draws the pointer itself, on a canvas beside the app.
  for (const pointer of document.querySelectorAll("body > canvas"))
    pointer.setAttribute("aria-hidden", "true");
  const liveness: Liveness = watchLiveness(socket, {
    stalled: () => !over && events.stalled(),
    woke: () => !over && events.woke(),
  });
  const opening = setTimeout(() => !over && events.stalled(), openingMs);
  const settle = (): void => {
    over = true;
    clearTimeout(opening);
    liveness.stop();
  };

  rfb.addEventListener("connect", () => {
    if (over) return;
    clearTimeout(opening);
    openedAtMs = Date.now();
    events.opened();
  });
  rfb.addEventListener("disconnect", () => {
    if (over) return;
    settle();
    events.closed(closeCode, openedAtMs === null ? 0 : Date.now() - openedAtMs);
  });
  rfb.addEventListener("securityfailure", () => {
    closeCode = closeCodes.protocolError.code;
  });
  // The relay has no password to ask for: whoever asks is not the relay.
  rfb.addEventListener("credentialsrequired", () => {
    closeCode = closeCodes.protocolError.code;
    rfb.disconnect();
  });
  rfb.addEventListener("clipboard", (event) => !over && events.clipboard(event.detail.text));

  return {
    rfb,
    canvas,
    probe: liveness.probe,
    claimSize() {
      // Setting it, even to what it is, makes noVNC compare the sizes and ask.
      if (!over) rfb.resizeSession = true;
    },
    drop() {
      if (over) return;
      settle();
      rfb.disconnect();
    },
  };
}

function configure(rfb: RFB, { quality, ownSize }: ScreenLook): void {
  // A tab that reconnects behind others would take the size from the one that is looked at.
  rfb.resizeSession = ownSize && document.visibilityState === "visible";
  // Where the server cannot take the window's size, the picture is made to fit.
  rfb.scaleViewport = true;
  rfb.focusOnClick = true;
  rfb.background = "transparent";
  applyQuality(rfb, quality);
}

export function applyQuality(rfb: RFB, quality: Quality): void {
  rfb.qualityLevel = qualityLevels[quality].qualityLevel;
  rfb.compressionLevel = qualityLevels[quality].compressionLevel;
}
