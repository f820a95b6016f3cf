import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splits } from "../../wire/testing.ts";
import { BrowserHandshake, RfbAuthError, VncAuthClient } from "./rfb-auth.ts";
import { generatePassword, obfuscatePassword, passwordFile } from "./vnc-password.ts";
import { answerChallenge } from "./vnc-password.ts";

const text = (value: string): Buffer => Buffer.from(value, "latin1");
const password = text("password");
const challenge = Buffer.from(Array.from({ length: 16 }, (_, i) => i));

describe("VNC passwords", () => {
  it("are obfuscated as vncpasswd does", () => {
    // `printf password | vncpasswd -f | xxd -p`
    expect(obfuscatePassword(password).toString("hex")).toBe("dbd83cfd727a1458");
  });

  it("stand in the file one after the other", () => {
    const file = passwordFile(text("controls"), text("viewonly"));
    expect(file.length).toBe(16);
    expect(file.subarray(0, 8)).toEqual(obfuscatePassword(text("controls")));
    expect(file.subarray(8)).toEqual(obfuscatePassword(text("viewonly")));
  });

  it("are 8 random printable bytes", () => {
    const made = Array.from({ length: 200 }, () => generatePassword().toString("latin1"));
    for (const one of made) expect(one).toMatch(/^[\x21-\x7e]{8}$/);
    expect(new Set(made).size).toBe(200);
  });

  it("of another length are a programming error", () => {
    expect(() => obfuscatePassword(text("short"))).toThrow(RangeError);
    expect(() => new VncAuthClient(text("muchtoolong")).push(greeting([2]))).toThrow(RangeError);
  });
});

/** A server's bytes up to and with its challenge. */
function greeting(types: number[], version = "RFB 003.008\n"): Buffer {
  return Buffer.concat([text(version), Buffer.from([types.length, ...types]), challenge]);
}

const refusal = (reason: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(reason.length);
  return Buffer.concat([length, text(reason)]);
};

/** Feeds all chunks; what was sent, and how it ended. */
function signIn(chunks: readonly Buffer[]): { sent: string; end: string; rest: string } {
  const auth = new VncAuthClient(password);
  const sent: Buffer[] = [];
  let end = "waiting";
  try {
    for (const chunk of chunks) {
      const step = auth.push(chunk);
      sent.push(...step.send);
      if (step.done) end = "done";
    }
  } catch (error) {
    if (!(error instanceof RfbAuthError)) throw error;
    end = `${error.code}: ${error.message}`;
  }
  return {
    sent: Buffer.concat(sent).toString("latin1"),
    end,
    rest: auth.takeRest().toString("latin1"),
  };
}

describe("signing in to Xvnc", () => {
  const answer = answerChallenge(password, challenge).toString("latin1");

  it("answers the challenge, and keeps what comes behind, for any split", () => {
    const all = Buffer.concat([greeting([1, 16, 2]), Buffer.alloc(4), text("rest")]);
    fc.assert(
      fc.property(splits(all), (chunks) => {
        expect(signIn(chunks)).toEqual({
          sent: `RFB 003.008\n\x02${answer}`,
          end: "done",
          rest: "rest",
        });
      }),
    );
  });

  it("answers as an independent implementation does", () => {
    // From noVNC's own DES.
    const expected = "b866924125c8eebb9debc1db61c538e2";
    expect(answerChallenge(password, challenge).toString("hex")).toBe(expected);
  });

  it("reports refusals with the server's reason, for any split", () => {
    const locked = Buffer.concat([
      text("RFB 003.008\n\x00"),
      refusal("Too many\x1b[31m security failures\n"),
    ]);
    fc.assert(
      fc.property(splits(locked), (chunks) => {
        expect(signIn(chunks).end).toBe(
          "no_vnc_auth: rfb: the server refused: Too many [31m security failures ",
        );
      }),
    );
    const wrong = Buffer.concat([
      greeting([2]),
      Buffer.from([0, 0, 0, 1]),
      refusal("Authentication failed"),
    ]);
    expect(signIn([wrong]).end).toBe("rejected: rfb: the server refused: Authentication failed");
  });

  it.each([
    ["an old version", text("RFB 003.003\n"), "version"],
    ["no RFB", text("HTTP/1.1 200"), "version"],
    ["no VncAuth", greeting([1, 19]), "no_vnc_auth"],
    ["an endless reason", Buffer.concat([text("RFB 003.008\n\0"), Buffer.alloc(4, 255)]), "no_vnc"],
  ])("stops at %s", (_, bytes, code) => {
    expect(signIn([bytes]).end).toContain(code);
  });
});

/** Feeds all chunks; what went to each side, and how it ended. */
function letIn(chunks: readonly Buffer[]): {
  toBrowser: string;
  toServer: string;
  end: string;
} {
  const handshake = new BrowserHandshake();
  const toBrowser = [handshake.greeting];
  const toServer: Buffer[] = [];
  let end = "waiting";
  for (const chunk of chunks) {
    if (end === "done") {
      toServer.push(chunk);
      continue;
    }
    const step = handshake.push(chunk);
    toBrowser.push(...step.toBrowser);
    if (step.failed !== undefined) {
      end = step.failed.code;
      break;
    }
    if (step.toServer === undefined) continue;
    toServer.push(step.toServer, handshake.takeRest());
    end = "done";
  }
  return {
    toBrowser: Buffer.concat(toBrowser).toString("latin1"),
    toServer: Buffer.concat(toServer).toString("latin1"),
    end,
  };
}

describe("letting a browser in", () => {
  it("speaks 3.8, forces the shared flag, and passes on what follows, for any split", () => {
    fc.assert(
      fc.property(splits(text("RFB 003.008\n\x01\x00and more")), (chunks) => {
        expect(letIn(chunks)).toEqual({
          toBrowser: "RFB 003.008\n\x01\x01\0\0\0\0",
          toServer: "\x01and more",
          end: "done",
        });
      }),
    );
  });

  it("speaks 3.7, which has no result for None", () => {
    fc.assert(
      fc.property(splits(text("RFB 003.007\n\x01\x01x")), (chunks) => {
        expect(letIn(chunks)).toEqual({
          toBrowser: "RFB 003.008\n\x01\x01",
          toServer: "\x01x",
          end: "done",
        });
      }),
    );
  });

  it.each(["RFB 003.003\n", "RFB 003.005\n", "RFB 003.009\n", "GET / HTTP/1"])(
    "refuses %j with a reason that RFB 3.3 understands",
    (version) => {
      expect(letIn([text(version)])).toEqual({
        toBrowser: "RFB 003.008\n\0\0\0\0\0\0\0\x18RFB 3.7 or 3.8 is needed",
        toServer: "",
        end: "version",
      });
    },
  );

  it("refuses a security type that was not offered", () => {
    expect(letIn([text("RFB 003.008\n\x02\x01")])).toEqual({
      toBrowser: "RFB 003.008\n\x01\x01\0\0\0\x01\0\0\0\x22that security type was not offered",
      toServer: "",
      end: "bad_choice",
    });
    expect(letIn([text("RFB 003.007\n\x02\x01")]).end).toBe("bad_choice");
  });
});
