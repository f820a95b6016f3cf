/**
 * Watches one socket. TCP notices a vanished Wi-Fi only after many minutes, so after a silence this
 * asks for one pixel: a FramebufferUpdateRequest that is not incremental (RFB protocol, 7.5.3) is
 * always answered. It is sent between noVNC's messages, which are written in one go each.
 */
export interface Liveness {
  /** Asks now; calls `stalled` where nothing comes back in time. */
  probe(): void;
  stop(): void;
}

const silenceMs = 15_000;
const answerMs = 5_000;
const tickMs = 5_000;
/** A tick that comes this late means that the computer slept. */
const sleptMs = 20_000;

const onePixel = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 1, 0, 1);

export function watchLiveness(
  socket: WebSocket,
  events: { readonly stalled: () => void; readonly woke: () => void },
): Liveness {
  let heardAtMs = Date.now();
  let tickedAtMs = Date.now();
  let deadline: ReturnType<typeof setTimeout> | undefined;

  const heard = (): void => {
    heardAtMs = Date.now();
    clearTimeout(deadline);
    deadline = undefined;
  };
  const probe = (): void => {
    if (deadline !== undefined || socket.readyState !== WebSocket.OPEN) return;
    socket.send(onePixel);
    deadline = setTimeout(events.stalled, answerMs);
  };
  const tick = (): void => {
    const now = Date.now();
    if (now - tickedAtMs > sleptMs) events.woke();
    tickedAtMs = now;
    if (now - heardAtMs > silenceMs) probe();
  };

  socket.addEventListener("message", heard);
  const ticker = setInterval(tick, tickMs);
  return {
    probe,
    stop() {
      clearInterval(ticker);
      clearTimeout(deadline);
      socket.removeEventListener("message", heard);
    },
  };
}
