import postgres from "postgres";

export interface Listener {
  close(): Promise<void>;
}

/**
 * Listens on channels over a connection of its own, and finds the server again after an outage.
 * A notification is a hint: it may be lost, so callers poll as well. `onListen` runs after every
 * (re)connection, when hints may have been missed.
 */
export function listen(
  url: string,
  channels: Readonly<Record<string, (payload: string) => void>>,
  onListen: () => void,
): Listener {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: 5,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: "asci-listen" },
    // Calm and bounded: the default's steps grow, and a hint that comes late is only late.
    backoff: () => 0.5 + Math.random(),
  });
  const closed = new AbortController();
  const start = async () => {
    while (!closed.signal.aborted) {
      try {
        for (const [channel, handler] of Object.entries(channels))
          await sql.listen(channel, handler, onListen);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  };
  void start();
  return {
    close: () => {
      closed.abort();
      return sql.end({ timeout: 1 });
    },
  };
}
