import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeHasher } from "./node/password.ts";
import { createHasher, equalBytes, parseHash } from "./password.ts";

describe("password hashes", () => {
  it("carry their parameters, differ each time, and fit their password only", async () => {
    const [one, two] = [
      await nodeHasher.hash("horse battery"),
      await nodeHasher.hash("horse battery"),
    ];
    expect(one).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    expect(one).not.toBe(two);
    expect(await nodeHasher.verify("horse battery", one)).toBe(true);
    expect(await nodeHasher.verify("horse batterz", one)).toBe(false);
  });

  it("are checked with the parameters that they were made with", async () => {
    // RFC 7914, section 12: P "pleaseletmein", S "SodiumChloride", N 16384, r 8, p 1; first 32 bytes.
    const salt = btoa("SodiumChloride").replaceAll("=", "");
    const key = Buffer.from(
      "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2",
      "hex",
    );
    const hash = `$scrypt$ln=14,r=8,p=1$${salt}$${key.toString("base64").replaceAll("=", "")}`;
    expect(await nodeHasher.verify("pleaseletmein", hash)).toBe(true);
  });

  it("take the two ways of writing an accent as one", async () => {
    const hash = await nodeHasher.hash("caf\u00e9 au lait");
    expect(await nodeHasher.verify("cafe\u0301 au lait", hash)).toBe(true);
  });

  it("derive a key for nobody as well, and are never right then", async () => {
    let derived = 0;
    const hasher = createHasher(async (_password, _salt, _parameters, bytes) => {
      derived += 1;
      return new Uint8Array(bytes);
    });
    expect(await hasher.verify("x", null)).toBe(false);
    expect(await hasher.verify("x", "not a hash")).toBe(false);
    expect(derived).toBe(2);
  });

  it("are checked two at a time, and no more wait than a few", async () => {
    let running = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    const hasher = createHasher(async (_password, _salt, _parameters, bytes) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => gates.push(resolve));
      running -= 1;
      return new Uint8Array(bytes);
    });
    const checks = Array.from({ length: 30 }, () => hasher.verify("x", null));
    let open = true;
    const letThrough = async () => {
      while (open) {
        gates.shift()?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const opening = letThrough();
    const results = await Promise.all(checks);
    open = false;
    await opening;
    expect(most).toBe(2);
    expect(results.filter((it) => it === "busy").length).toBe(30 - 18);
  });

  it("refuse parameters that would take the machine down", () => {
    for (const text of [
      "$scrypt$ln=30,r=8,p=1$YQ$YQ",
      "$scrypt$ln=15,r=99,p=1$YQ$YQ",
      "$argon2id$v=19$x",
    ])
      expect(parseHash(text)).toBeUndefined();
  });

  it("compare bytes wholly", () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(equalBytes(a, Uint8Array.from(a))).toBe(true);
      }),
    );
  });
});
