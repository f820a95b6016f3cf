import { scryptSync } from "node:crypto";
import { createHasher } from "../password.ts";

/**
 * Hashing in the isolate's one thread, by the runtime's own scrypt: some tenths of a second of CPU. What
 * waits for it waits in the runtime, so one hasher per request is enough.
 */
export const workerHasher = () =>
  createHasher(async (password, salt, { ln, r, p }, bytes) => {
    const key = scryptSync(password, salt, bytes, { N: 2 ** ln, r, p, maxmem: 256 * 2 ** ln * r });
    return new Uint8Array(key);
  });
