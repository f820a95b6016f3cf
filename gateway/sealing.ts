/** Texts that stand in the database sealed with a secret that only gateways hold. */

async function sealingKey(secret: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", secret as BufferSource, "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
}

/** AES-256-GCM: 12 bytes of nonce, then the sealed text; what it is for is authenticated with it. */
export async function seal(secret: Uint8Array, purpose: string, text: string): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = new TextEncoder().encode(purpose);
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData },
    await sealingKey(secret),
    new TextEncoder().encode(text),
  );
  return new Uint8Array([...iv, ...new Uint8Array(sealed)]);
}

/** @throws where it was sealed with another secret, or for something else */
export async function unseal(
  secret: Uint8Array,
  purpose: string,
  sealed: Uint8Array,
): Promise<string> {
  const additionalData = new TextEncoder().encode(purpose);
  const bytes = Uint8Array.from(sealed);
  const text = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv: bytes.subarray(0, 12), additionalData },
    await sealingKey(secret),
    bytes.subarray(12),
  );
  return new TextDecoder().decode(text);
}
