import type { Connection } from "./connection.ts";

export type ConnectionWord = "connecting" | "connected" | "reconnecting" | "offline" | "ended";

/** One word for the state of the connection. `seen`: the desktop has been on screen before. */
export function connectionWord(connection: Connection, seen: boolean): ConnectionWord {
  switch (connection.phase.kind) {
    case "connected":
      return "connected";
    case "asking":
    case "opening":
      return seen ? "reconnecting" : "connecting";
    case "waiting":
      return connection.online ? (seen ? "reconnecting" : "connecting") : "offline";
    case "idle":
    case "over":
      return "ended";
  }
}
