/** What the keepalive needs of a connection. */
export interface KeepalivePeer {
  /** Sends a ping. Returns false when an answer cannot be expected, as nothing is read now. */
  ping(): boolean;
  /** No answer to as many pings in a row as allowed. */
  lost(): void;
}

/** A watched connection. */
export interface KeepaliveWatch {
  /** Something came from the other side; it lives. */
  heard(): void;
  stop(): void;
}

/** How often, how patient, and by which clock. */
export interface KeepaliveOptions {
  /** Default 20,000: shorter than the idle limit of any common proxy. */
  readonly intervalMs?: number;
  /** Default 2. */
  readonly missesAllowed?: number;
  /** Default `setInterval`, not keeping the process alive. Returns how to end it. */
  readonly every?: (periodMs: number, tick: () => void) => () => void;
}

interface Entry {
  readonly peer: KeepalivePeer;
  misses: number;
}

/** Parts of the interval over which connections are spread, so that pings do not come in bursts. */
const slotCount = 20;

/** Pings all connections of a process with one timer, and tells those that answer no more. */
export class Keepalive {
  readonly #missesAllowed: number;
  readonly #slots: Set<Entry>[] = Array.from({ length: slotCount }, () => new Set<Entry>());
  readonly #endTimer: () => void;
  #slot = 0;

  constructor(options: KeepaliveOptions = {}) {
    const { intervalMs = 20_000, missesAllowed = 2, every = everyUnref } = options;
    this.#missesAllowed = missesAllowed;
    this.#endTimer = every(intervalMs / slotCount, () => this.#tick());
  }

  /** Begins to ping `peer`, first after one whole interval. */
  watch(peer: KeepalivePeer): KeepaliveWatch {
    const entry: Entry = { peer, misses: 0 };
    const slot = this.#slots[this.#slot];
    slot?.add(entry);
    return {
      heard: () => {
        entry.misses = 0;
      },
      stop: () => {
        slot?.delete(entry);
      },
    };
  }

  /** How many connections are watched. */
  get watched(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.size, 0);
  }

  /** Ends the timer. */
  close(): void {
    this.#endTimer();
  }

  #tick(): void {
    this.#slot = (this.#slot + 1) % slotCount;
    for (const entry of this.#slots[this.#slot] ?? []) {
      if (entry.misses >= this.#missesAllowed) entry.peer.lost();
      else if (entry.peer.ping()) entry.misses += 1;
    }
  }
}

function everyUnref(periodMs: number, tick: () => void): () => void {
  const timer = setInterval(tick, periodMs);
  timer.unref();
  return () => clearInterval(timer);
}
