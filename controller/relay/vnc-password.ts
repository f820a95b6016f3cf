import { Buffer } from "node:buffer";
import { createCipheriv, randomInt } from "node:crypto";

/** VncAuth looks at so many bytes of a password. */
export const passwordBytes = 8;

/** The key every VNC server obfuscates its password file with. */
const fileKey = Buffer.from([23, 82, 107, 6, 35, 78, 88, 7]);

const firstPrintable = 0x21;
const lastPrintable = 0x7e;

/** A random password of 8 printable bytes without blanks. */
export function generatePassword(): Buffer {
  return Buffer.from(
    Array.from({ length: passwordBytes }, () => randomInt(firstPrintable, lastPrintable + 1)),
  );
}

/** The content of a VNC password file with both passwords: 16 bytes. */
export function passwordFile(control: Uint8Array, view: Uint8Array): Buffer {
  return Buffer.concat([obfuscatePassword(control), obfuscatePassword(view)]);
}

/** One password (exactly 8 bytes) as it stands in a VNC password file: 8 bytes. */
export function obfuscatePassword(password: Uint8Array): Buffer {
  return vncDes(fileKey, exactly8(password));
}

/** The answer to a VncAuth challenge of 16 bytes (RFC 6143, section 7.2.2): 16 bytes. */
export function answerChallenge(password: Uint8Array, challenge: Uint8Array): Buffer {
  return vncDes(exactly8(password), challenge);
}

function exactly8(password: Uint8Array): Uint8Array {
  if (password.length !== passwordBytes) {
    throw new RangeError(`a VNC password has ${passwordBytes} bytes, not ${password.length}`);
  }
  return password;
}

/** VNC's DES reads each key byte from its other end. OpenSSL 3 has only triple DES: key × 3. */
function vncDes(key: Uint8Array, blocks: Uint8Array): Buffer {
  const reversed = Buffer.from(key.map(reverseBits));
  const cipher = createCipheriv(
    "des-ede3-ecb",
    Buffer.concat([reversed, reversed, reversed]),
    null,
  );
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(blocks), cipher.final()]);
}

function reverseBits(byte: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit += 1) reversed |= ((byte >> bit) & 1) << (7 - bit);
  return reversed;
}
