import { createSignal, onCleanup, untrack, type Accessor } from "solid-js";
import type { Ticket } from "../../gateway/schemas.ts";
import { createTicket } from "../api/calls.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { ApiError } from "../api/errors.ts";
import { noteGrantEnded } from "../api/session.ts";
import { keys, noticeSignedOut, queryClient } from "../api/query-client.ts";
import {
  firstConnection,
  step,
  type Connection,
  type ConnectionEvent,
  type Effect,
} from "./connection.ts";
import { loadNoVnc, type RfbConstructor } from "./load-novnc.ts";
import { isForeignSize } from "./own-size.ts";
import { readQuality } from "./quality.ts";
import { openScreen, type Screen } from "./screen.ts";

export interface DesktopConnection {
  readonly connection: Accessor<Connection>;
  /** The open screen, or null. */
  readonly screen: Accessor<Screen | null>;
  /** The last picture of the screen before, kept while there is no other. */
  readonly lastPicture: Accessor<HTMLCanvasElement | null>;
  /** The refusal that ended it, to be explained. */
  readonly refusal: Accessor<unknown>;
  /** The next picture will be of another container: the last one would mislead. */
  forgetPicture(): void;
  send(event: ConnectionEvent): void;
}

/**
 * Drives the state machine of connection.ts with real tickets, sockets and timers, until the owner
 * is disposed. `target` is where noVNC puts its canvas.
 */
export function useConnection(
  id: string,
  target: () => HTMLElement | undefined,
  clipboard: (text: string) => void,
): DesktopConnection {
  const [connection, setConnection] = createSignal<Connection>({
    ...firstConnection,
    online: navigator.onLine,
  });
  const [screen, setScreen] = createSignal<Screen | null>(null);
  const [lastPicture, setLastPicture] = createSignal<HTMLCanvasElement | null>(null);
  const [refusal, setRefusal] = createSignal<unknown>(null);
  /** When a part in between restarts, every window comes back: each with the size it left with. */
  let ownSize = true;
  let ticket: Ticket | undefined;
  let asking: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const send = (event: ConnectionEvent): void => {
    const next = step(untrack(connection), event, Math.random());
    setConnection(next.connection);
    for (const effect of next.effects) perform(effect);
  };

  const perform = (effect: Effect): void => {
    switch (effect.type) {
      case "askTicket":
        return void askTicket();
      case "open":
        return void open();
      case "drop":
        return drop();
      case "timer":
        clearTimeout(timer);
        timer = setTimeout(() => send({ type: "timer" }), effect.delayMs);
        return;
      case "probe":
        return untrack(screen)?.probe();
      case "refresh":
        return void queryClient.invalidateQueries({ queryKey: keys.instance(id) });
      case "signIn":
        return noticeSignedOut();
    }
  };

  const askTicket = async (): Promise<void> => {
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    try {
      const loading = loadNoVnc().then(
        () => true,
        () => false,
      );
      const granted = await createTicket(id, "control", mine.signal);
      const loaded = await loading;
      if (mine.signal.aborted) return;
      if (!loaded) return send({ type: "outdated" });
      ticket = granted;
      setRefusal(null);
      send({ type: "ticket" });
    } catch (error) {
      if (mine.signal.aborted) return;
      setRefusal(() => error);
      const api = error instanceof ApiError ? error : null;
      const status = api?.code === "problem" ? api.status : 0;
      send({ type: "refused", status, retryAfterMs: api?.retryAfterMs ?? null });
    }
  };

  const open = async (): Promise<void> => {
    const mine = asking;
    const Rfb = await loadNoVnc();
    const place = target();
    if (place === undefined || ticket === undefined || mine?.signal.aborted === true) return;
    const granted = ticket;
    ticket = undefined;
    try {
      setScreen(openHere(Rfb, place, granted));
    } catch (error) {
      // The browser itself forbids the socket: mixed content, for example.
      console.error(error);
      send({ type: "closed", code: closeCodes.protocolError.code, openMs: 0 });
    }
  };

  const openHere = (Rfb: RfbConstructor, place: HTMLElement, granted: Ticket): Screen => {
    const opened: Screen = openScreen(
      Rfb,
      place,
      granted,
      { quality: readQuality(), ownSize },
      {
        opened: () => send({ type: "opened" }),
        closed: (code, openMs) => {
          keepPicture(opened);
          if (code === closeCodes.grantEnded.code) noteGrantEnded();
          send({ type: "closed", code, openMs });
        },
        stalled: () => send({ type: "stalled" }),
        woke: () => send({ type: "woke" }),
        clipboard,
      },
    );
    return opened;
  };

  const keepPicture = (from: Screen): void => {
    // noVNC takes its canvas off the page, but the pixels stay in it: it becomes the greyed picture.
    const { canvas } = from;
    if (canvas !== null && canvas.width > 0 && wasPainted(canvas)) {
      setLastPicture(canvas);
      const { clientWidth: width = 0, clientHeight: height = 0 } = target() ?? {};
      ownSize = !isForeignSize(canvas, { width, height });
    }
    if (untrack(screen) === from) setScreen(null);
  };

  const forgetPicture = (): void => {
    setLastPicture(null);
    ownSize = true;
  };

  const drop = (): void => {
    asking?.abort();
    clearTimeout(timer);
    const current = untrack(screen);
    if (current === null) return;
    current.drop();
    keepPicture(current);
  };

  const offline = (): void => send({ type: "offline" });
  const online = (): void => send({ type: "online" });
  const seen = (): void => {
    if (document.visibilityState === "visible") send({ type: "woke" });
  };
  window.addEventListener("offline", offline);
  window.addEventListener("online", online);
  document.addEventListener("visibilitychange", seen);
  onCleanup(() => {
    window.removeEventListener("offline", offline);
    window.removeEventListener("online", online);
    document.removeEventListener("visibilitychange", seen);
    drop();
  });

  return { connection, screen, lastPicture, refusal, forgetPicture, send };
}

/** A canvas without one opaque pixel was never painted: the picture before it is the better one. */
function wasPainted(canvas: HTMLCanvasElement): boolean {
  const pixel = document.createElement("canvas");
  pixel.width = 1;
  pixel.height = 1;
  const context = pixel.getContext("2d", { willReadFrequently: true });
  context?.drawImage(canvas, 0, 0, 1, 1, 0, 0, 1, 1);
  return context?.getImageData(0, 0, 1, 1).data[3] === 255;
}
