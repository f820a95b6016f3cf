import { scrypt } from "node:crypto";
import { createHasher, type PasswordHasher } from "../password.ts";

/** Hashing in libuv's thread pool, so that open desktops keep moving meanwhile. */
export const nodeHasher: PasswordHasher = createHasher(
  (password, salt, { ln, r, p }, bytes) =>
    new Promise((resolve, reject) => {
      const options = { N: 2 ** ln, r, p, maxmem: 256 * 2 ** ln * r };
      scrypt(password, salt, bytes, options, (error, key) => {
        if (error) reject(error);
        else resolve(key);
      });
    }),
);

/** Hashes a password for storage. */
export function hashPassword(password: string): Promise<string> {
  return nodeHasher.hash(password);
}
