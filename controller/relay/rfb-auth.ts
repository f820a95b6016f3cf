import { Buffer } from "node:buffer";
import { ByteQueue } from "./byte-queue.ts";
import { answerChallenge } from "./vnc-password.ts";

/** What went wrong in an RFB opening handshake. */
export type RfbAuthFault =
  /** The other side's version is not spoken here. */
  | "version"
  /** The server offers no VncAuth, or refused the connection before offering anything. */
  | "no_vnc_auth"
  /** The server did not accept the password, or has locked itself after too many failures. */
  | "rejected"
  /** The other side sent what the protocol does not allow there. */
  | "malformed"
  /** The browser chose something that was not offered. */
  | "bad_choice"
  /** The other side said nothing for too long, or went away. */
  | "timeout"
  | "closed";

/** A failed RFB opening handshake; `code` says how. */
export class RfbAuthError extends Error {
  override readonly name = "RfbAuthError";
  readonly code: RfbAuthFault;

  constructor(code: RfbAuthFault, detail: string) {
    super(`rfb: ${detail}`);
    this.code = code;
  }
}

const versionBytes = 12;
const version38 = Buffer.from("RFB 003.008\n", "latin1");
const securityNone = 1;
const securityVncAuth = 2;
const challengeBytes = 16;
const reasonLimitBytes = 1024;

/** What a handshake wants sent after a chunk was fed to it. */
export interface UpstreamStep {
  readonly send: readonly Buffer[];
  readonly done: boolean;
}

/**
 * The client's side of RFB 3.8 with VncAuth (RFC 6143, sections 7.1.1 to 7.1.3), towards Xvnc.
 * Feed it the server's bytes in chunks of any split. It is done when the server accepted the
 * password; the server then waits for ClientInit. Throws {@link RfbAuthError}.
 */
export class VncAuthClient {
  readonly #password: Uint8Array;
  readonly #bytes = new ByteQueue();
  #stage: "version" | "types" | "challenge" | "result" | "done" = "version";

  /** `password`: exactly 8 bytes. */
  constructor(password: Uint8Array) {
    this.#password = password;
  }

  push(chunk: Uint8Array): UpstreamStep {
    this.#bytes.push(chunk);
    const send: Buffer[] = [];
    while (this.#stage !== "done") {
      const answer = this.#step();
      if (answer === undefined) break;
      if (answer.length > 0) send.push(answer);
    }
    return { send, done: this.#stage === "done" };
  }

  /** Bytes that came after the handshake's last. */
  takeRest(): Buffer {
    return this.#bytes.take(this.#bytes.length) ?? Buffer.alloc(0);
  }

  /** What to send for the next message (maybe nothing), or undefined while it is incomplete. */
  #step(): Buffer | undefined {
    switch (this.#stage) {
      case "version":
        return this.#readVersion();
      case "types":
        return this.#readTypes();
      case "challenge":
        return this.#readChallenge();
      case "result":
        return this.#readResult();
      case "done":
        return undefined;
    }
  }

  #readVersion(): Buffer | undefined {
    const version = this.#bytes.take(versionBytes)?.toString("latin1");
    if (version === undefined) return undefined;
    const minor = /^RFB 003\.([0-9]{3})\n$/.exec(version)?.[1];
    if (minor === undefined || Number(minor) < 8) {
      throw new RfbAuthError("version", "the server does not speak RFB 3.8");
    }
    this.#stage = "types";
    return version38;
  }

  #readTypes(): Buffer | undefined {
    const count = this.#bytes.peek(1)?.[0];
    if (count === undefined) return undefined;
    if (count === 0) return this.#readReason(1, "no_vnc_auth");
    const types = this.#bytes.take(1 + count)?.subarray(1);
    if (types === undefined) return undefined;
    if (!types.includes(securityVncAuth)) {
      throw new RfbAuthError("no_vnc_auth", "the server does not offer VncAuth");
    }
    this.#stage = "challenge";
    return Buffer.from([securityVncAuth]);
  }

  #readChallenge(): Buffer | undefined {
    const challenge = this.#bytes.take(challengeBytes);
    if (challenge === undefined) return undefined;
    this.#stage = "result";
    return answerChallenge(this.#password, challenge);
  }

  #readResult(): Buffer | undefined {
    const result = this.#bytes.peek(4)?.readUInt32BE(0);
    if (result === undefined) return undefined;
    if (result !== 0) return this.#readReason(4, "rejected");
    this.#bytes.take(4);
    this.#stage = "done";
    return Buffer.alloc(0);
  }

  /** Throws with the server's reason once it is all there. */
  #readReason(before: number, code: RfbAuthFault): undefined {
    const length = this.#bytes.peek(before + 4)?.readUInt32BE(before);
    if (length === undefined) return undefined;
    if (length > reasonLimitBytes) throw new RfbAuthError(code, "refused, with a reason too long");
    const reason = this.#bytes.peek(before + 4 + length)?.toString("latin1", before + 4);
    if (reason === undefined) return undefined;
    throw new RfbAuthError(code, `the server refused: ${reason.replace(/[^\x20-\x7e]+/g, " ")}`);
  }
}

/** What a browser's handshake wants sent after a chunk was fed to it. */
export interface BrowserStep {
  readonly toBrowser: readonly Buffer[];
  /** Set when the handshake is over: ClientInit for the server. */
  readonly toServer: Buffer | undefined;
  /** Set when the browser must be turned away, after `toBrowser` was sent. */
  readonly failed: RfbAuthError | undefined;
}

/**
 * The server's side of RFB 3.7 and 3.8 with security type None, towards the browser, whose right
 * to be there was proven before. Send `greeting` first, then feed the browser's bytes in chunks of
 * any split. It ends with ClientInit, whose shared flag is always set, so that one person's viewer
 * never throws out another's.
 */
export class BrowserHandshake {
  readonly greeting: Buffer = version38;
  readonly #bytes = new ByteQueue();
  #stage: "version" | "choice" | "init" | "done" = "version";
  #minor = 8;

  push(chunk: Uint8Array): BrowserStep {
    this.#bytes.push(chunk);
    const toBrowser: Buffer[] = [];
    try {
      for (;;) {
        const before = this.#stage;
        const toServer = this.#step(toBrowser);
        if (toServer !== undefined) return { toBrowser, toServer, failed: undefined };
        if (this.#stage === before) return { toBrowser, toServer: undefined, failed: undefined };
      }
    } catch (error) {
      if (!(error instanceof RfbAuthError)) throw error;
      return { toBrowser, toServer: undefined, failed: error };
    }
  }

  /** The browser's bytes after ClientInit. */
  takeRest(): Buffer {
    return this.#bytes.take(this.#bytes.length) ?? Buffer.alloc(0);
  }

  #step(toBrowser: Buffer[]): Buffer | undefined {
    switch (this.#stage) {
      case "version":
        return this.#readVersion(toBrowser);
      case "choice":
        return this.#readChoice(toBrowser);
      case "init":
        return this.#readInit();
      case "done":
        return undefined;
    }
  }

  #readVersion(toBrowser: Buffer[]): undefined {
    const version = this.#bytes.take(versionBytes)?.toString("latin1");
    if (version === undefined) return;
    if (version !== "RFB 003.007\n" && version !== "RFB 003.008\n") {
      // RFB 3.3 has no choice of security: its server names one type as U32, 0 being a refusal.
      toBrowser.push(Buffer.alloc(4), reasonText("RFB 3.7 or 3.8 is needed"));
      throw new RfbAuthError("version", "the client speaks neither RFB 3.7 nor 3.8");
    }
    this.#minor = version === "RFB 003.007\n" ? 7 : 8;
    this.#stage = "choice";
    toBrowser.push(Buffer.from([1, securityNone]));
  }

  #readChoice(toBrowser: Buffer[]): undefined {
    const choice = this.#bytes.take(1)?.[0];
    if (choice === undefined) return;
    if (choice !== securityNone) {
      if (this.#minor === 8) {
        toBrowser.push(Buffer.from([0, 0, 0, 1]), reasonText("that security type was not offered"));
      }
      throw new RfbAuthError("bad_choice", "the client chose a security type not offered");
    }
    this.#stage = "init";
    // In 3.7 nothing follows security type None.
    if (this.#minor === 8) toBrowser.push(Buffer.alloc(4));
  }

  #readInit(): Buffer | undefined {
    if (this.#bytes.take(1) === undefined) return undefined;
    this.#stage = "done";
    return Buffer.from([1]);
  }
}

function reasonText(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
