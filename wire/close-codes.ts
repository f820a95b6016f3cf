/**
 * Every way a desktop's connection ends, as WebSocket close code and reason (RFC 6455, section
 * 7.4; 4000 to 4999 are free for private use). Gateway and relay send them, the viewer maps them
 * to words. The browser itself reports 1006 where no close frame came: treat it like
 * `upstreamLost`.
 */
export const closeCodes = {
  /** Either side is simply done. */
  normal: { code: 1000, reason: "done" },
  /** The client broke the WebSocket protocol. */
  badFrame: { code: 1002, reason: "bad frame" },
  /** The client sent text; this path carries binary only. */
  notBinary: { code: 1003, reason: "binary only" },
  /** A text inside a control frame was not UTF-8. */
  badText: { code: 1007, reason: "bad text" },
  /** A frame was longer than the relay takes. */
  tooBig: { code: 1009, reason: "frame too big" },
  /** The desktop closed the connection: it ended, or its VNC server did. */
  desktopEnded: { code: 4000, reason: "desktop ended" },
  /** The gateway is being restarted; reconnect at once. */
  gatewayDraining: { code: 4001, reason: "gateway draining" },
  /** The node's relay is being restarted; reconnect. */
  relayRestarting: { code: 4002, reason: "relay restarting" },
  /** The right to look is gone: share revoked, signed out everywhere, person disabled. */
  grantEnded: { code: 4003, reason: "grant ended" },
  /** A part between gateway and desktop was lost without a word; reconnect. */
  upstreamLost: { code: 4004, reason: "upstream lost" },
  /** The client broke the RFB protocol, or sent what a viewer may not. */
  protocolError: { code: 4005, reason: "protocol error" },
  /** The client answered no pings; it is most likely not there any more. */
  keepaliveLost: { code: 4006, reason: "keepalive lost" },
  /** The client took too long over the opening handshake. */
  handshakeTimeout: { code: 4007, reason: "handshake timeout" },
} as const satisfies Record<string, CloseCode>;

/** A close code with its reason; the reason is at most 123 bytes of UTF-8. */
export interface CloseCode {
  readonly code: number;
  readonly reason: string;
}
