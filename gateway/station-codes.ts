/**
 * Codes that people carry from one browser to another, each good once: with one a browser becomes a station, with
 * the other somebody agrees on their phone to what a station has asked (in the manner of RFC 8628's user codes).
 */

export const codeLifeSeconds = 600;
export const approvalLifeSeconds = 300;

/** What a code is for: one of one kind says nothing of the other. */
type CodeKind = "station" | "approval";

/** Crockford's base 32: nothing in it is taken for something else. Eight of these are 40 bits. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const length = 8;

/** As people read and type it: `7KQ2-M4XD`. */
export function newStationCode(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  const text = Array.from(bytes, (it) => alphabet[it % alphabet.length]).join("");
  return `${text.slice(0, length / 2)}-${text.slice(length / 2)}`;
}

/** However it was typed. @returns undefined where it can be none */
export function readStationCode(typed: string): string | undefined {
  const text = typed
    .toUpperCase()
    .replaceAll(/[\s_-]/g, "")
    .replaceAll(/[IL]/g, "1")
    .replaceAll("O", "0");
  return text.length === length && [...text].every((it) => alphabet.includes(it))
    ? text
    : undefined;
}

/** With the gateways' secret: so few bits alone could be guessed from a copy of the database. */
export async function hashStationCode(
  secret: Uint8Array,
  code: string,
  kind: CodeKind = "station",
): Promise<Uint8Array> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret as BufferSource, hmac, false, ["sign"]);
  const text = new TextEncoder().encode(`${kind} code ${readStationCode(code) ?? ""}`);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, text));
}
