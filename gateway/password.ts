/** Password hashes: scrypt (RFC 7914) in PHC string form, so each hash carries its parameters. */

export interface ScryptParameters {
  /** log2 of the cost. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/**
 * OWASP's scrypt setting with the least memory (32 MiB): the larger ones do not fit beside a request
 * in a Worker's 128 MiB. https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */
export const currentParameters: ScryptParameters = { ln: 15, r: 8, p: 3 };
const hashBytes = 32;
const saltBytes = 16;

/** The key derivation itself; runtimes differ in where it runs off the main thread. */
export type Scrypt = (
  password: Uint8Array,
  salt: Uint8Array,
  parameters: ScryptParameters,
  bytes: number,
) => Promise<Uint8Array>;

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /**
   * `null` for the hash takes as long as a real check and is never right. `busy` where too many checks
   * wait already: each takes a core for a tenth of a second or more.
   */
  verify(password: string, hash: string | null): Promise<boolean | "busy">;
}

const encode = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes)).replaceAll("=", "");
const decode = (text: string) => Uint8Array.from(atob(text), (it) => it.charCodeAt(0));
// The same word typed on two systems may be composed differently (NIST SP 800-63B, 5.1.1.2).
const bytesOf = (password: string) => new TextEncoder().encode(password.normalize("NFKC"));

interface ParsedHash extends ScryptParameters {
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
}

/** @returns undefined where the text is no scrypt hash within sane bounds */
export function parseHash(text: string): ParsedHash | undefined {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/.exec(text);
  if (!match) return undefined;
  const [ln, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (ln < 10 || ln > 20 || r < 1 || r > 32 || p < 1 || p > 16) return undefined;
  return { ln, r, p, salt: decode(match[4] ?? ""), key: decode(match[5] ?? "") };
}

/** Takes the same time wherever the two differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** At once, so that other work of the thread pool (ticket signatures, digests) gets its turn. */
const mostAtOnce = 2;
const mostWaiting = 16;

export function createHasher(scrypt: Scrypt): PasswordHasher {
  const waiting: (() => void)[] = [];
  let running = 0;
  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= mostAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The place is handed on, so the count stays.
      if (next) next();
      else running -= 1;
    }
  }
  const derive = (password: string, salt: Uint8Array, parameters: ScryptParameters) =>
    inTurn(() => scrypt(bytesOf(password), salt, parameters, hashBytes));
  const nobody: ParsedHash = {
    ...currentParameters,
    salt: new Uint8Array(saltBytes),
    key: new Uint8Array(0),
  };
  return {
    async hash(password) {
      const salt = crypto.getRandomValues(new Uint8Array(saltBytes));
      const { ln, r, p } = currentParameters;
      const key = await derive(password, salt, currentParameters);
      return `$scrypt$ln=${ln},r=${r},p=${p}$${encode(salt)}$${encode(key)}`;
    },
    async verify(password, hash) {
      if (waiting.length >= mostWaiting) return "busy";
      const known = (hash === null ? undefined : parseHash(hash)) ?? nobody;
      return equalBytes(await derive(password, known.salt, known), known.key);
    },
  };
}
