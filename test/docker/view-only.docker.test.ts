import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Docker from "dockerode";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import WebSocket from "ws";
import { bridge } from "../../controller/relay/bridge.ts";
import { Keepalive } from "../../controller/relay/keepalive.ts";
import { clientMessages as message, clipboardActions } from "../../controller/relay/rfb-testing.ts";
import { connectUpstream } from "../../controller/relay/upstream.ts";
import { createViewFilter, viewersRules } from "../../controller/relay/view-filter.ts";
import { ensureBaseImage } from "../../images/build.ts";
import { type TestDesktop, startTestDesktop, testPasswords } from "../../images/testing.ts";
import { BufferPool } from "../../wire/buffers.ts";
import { readHandshake, switchingProtocols } from "../../wire/upgrade.ts";
import { RfbClient } from "../rfb-client.ts";

const limit = { timeout: 30_000, interval: 50 };
const xk = { a: 0x61, b: 0x62, altLeft: 0xffe9, f2: 0xffbf } as const;
/** As they stand on a PC's keyboard. */
const keycodes = { b: 0x30, alt: 0x38, f2: 0x3c } as const;

/** What somebody else can notice inside the desktop. */
interface Sight {
  readonly pointer: readonly number[];
  readonly geometry: readonly number[];
  readonly selections: readonly { readonly owner: number; readonly text: string | null }[];
  /** Keys and buttons pressed in the window that has the focus, by name. */
  readonly pressed: readonly string[];
  readonly dialogs: string;
}

interface Attack {
  readonly name: string;
  readonly bytes: () => Buffer[];
  /** Where the control connection's success shows; "connection": Xvnc hangs up on it. */
  readonly shows: keyof Sight | "connection";
  /** The filter, which has cut −316 off the encodings, loses track and closes. */
  readonly derails?: true;
}

const middle = [400, 400] as const;
const attacks: readonly Attack[] = [
  { name: "a pointer's move", shows: "pointer", bytes: () => [message.pointer(777, 555)] },
  {
    name: "a click",
    shows: "pressed",
    bytes: () => [message.pointer(...middle, 1), message.pointer(...middle)],
  },
  {
    name: "a click with the eighth button",
    shows: "pressed",
    derails: true,
    bytes: () => [message.extendedPointer(...middle, 0x80), message.pointer(...middle)],
  },
  {
    name: "a key",
    shows: "pressed",
    bytes: () => [message.key(xk.a, true), message.key(xk.a, false)],
  },
  {
    name: "Alt+F2",
    shows: "dialogs",
    bytes: () => [
      message.key(xk.altLeft, true),
      message.key(xk.f2, true),
      message.key(xk.f2, false),
      message.key(xk.altLeft, false),
    ],
  },
  {
    name: "a key by keysym and place",
    shows: "pressed",
    bytes: () => [
      message.qemuKey(xk.b, keycodes.b, true),
      message.qemuKey(xk.b, keycodes.b, false),
    ],
  },
  {
    name: "Alt+F2 by keysym and place",
    shows: "dialogs",
    bytes: () => [
      message.qemuKey(xk.altLeft, keycodes.alt, true),
      message.qemuKey(xk.f2, keycodes.f2, true),
      message.qemuKey(xk.f2, keycodes.f2, false),
      message.qemuKey(xk.altLeft, keycodes.alt, false),
    ],
  },
  {
    name: "copied text",
    shows: "selections",
    bytes: () => [message.cutText(`planted ${Math.random()}`)],
  },
  {
    name: "copied text by the extended clipboard",
    shows: "selections",
    bytes: () => [
      message.clipboard(
        clipboardActions.caps | clipboardActions.notify | clipboardActions.provide | 1,
        Buffer.from([0, 1, 0, 0]),
      ),
      message.clipboard(clipboardActions.notify | 1),
      message.clipboardText("planted"),
    ],
  },
  { name: "a new size", shows: "geometry", bytes: () => [message.desktopSize(1000, 700)] },
  { name: "xvp: reboot", shows: "connection", bytes: () => [message.xvp(3)] },
  {
    name: "a device by gii",
    shows: "connection",
    bytes: () => [message.gii(Buffer.alloc(56, 1), true)],
  },
  { name: "audio", shows: "connection", bytes: () => [message.qemuAudio(2), message.qemuAudio(0)] },
];

const docker = new Docker();
let desktop: TestDesktop;

beforeAll(async () => {
  const { image } = await ensureBaseImage(docker, { onProgress: () => {} });
  desktop = await startTestDesktop(docker, {
    image,
    prepareHome: (home) =>
      cp(join(import.meta.dirname, "desktop-probe.py"), join(home, "desktop-probe.py")),
  });
  await desktop.appears("panel");
  await desktop.run(
    `nohup setsid -f stdbuf -oL xev -name watched -geometry 500x400+200+200 -event keyboard -event button \
       >$HOME/xev.log 2>&1 </dev/null
     xdotool search --sync --onlyvisible --name '^watched$'`,
  );
  await vi.waitFor(async () => {
    // The window manager, which starts after the panel, is there.
    await focusWatched();
    expect(await desktop.run("xdotool getactivewindow getwindowname")).toBe("watched\n");
  }, limit);
});

afterAll(() => desktop?.remove());

const windows = (name: string): Promise<string> =>
  desktop.run(`xdotool search --onlyvisible --name '${name}' || true`);

const watched = "$(xdotool search --onlyvisible --name '^watched$')";

/** Presses seen by the window that has the focus. */
async function presses(): Promise<string[]> {
  const log = await readFile(join(desktop.home, "xev.log"), "utf8");
  return log
    .split("\n\n")
    .filter((event) => /^(Key|Button)Press/.test(event))
    .map((event) => /keysym \w+, (\w+)\)|button \d+/.exec(event))
    .map((found) => found?.[1] ?? found?.[0] ?? "?");
}

async function look(): Promise<Sight> {
  const [seen, dialogs] = await Promise.all([
    desktop.run("python3 $HOME/desktop-probe.py"),
    windows("^Run Application$"),
  ]);
  const rest = JSON.parse(seen) as Omit<Sight, "pressed" | "dialogs">;
  return { ...rest, pressed: (await presses()).filter((key) => key !== "F9"), dialogs };
}

/** When a key that is pressed inside has arrived, so has everything before it. */
async function lookAfterAll(): Promise<Sight> {
  const marks = async (): Promise<number> => (await presses()).filter((key) => key === "F9").length;
  const before = await marks();
  await desktop.run("xdotool key F9");
  await expect.poll(marks, limit).toBe(before + 1);
  return look();
}

async function connect(password: string, filtered: boolean): Promise<RfbClient> {
  const client = await RfbClient.connect({
    root: desktop.display,
    password,
    filter: filtered ? createViewFilter() : undefined,
    extensions: true,
  });
  onTestFinished(() => client.close());
  return client;
}

/** Waits until Xvnc has read what other connections sent before. */
async function otherConnectionsRead(): Promise<void> {
  const witness = await RfbClient.connect({
    root: desktop.display,
    password: testPasswords.control,
  });
  // Within one round of its loop Xvnc may come to the witness first.
  for (let round = 0; round < 3; round += 1) expect(await witness.picture()).toBe(true);
  witness.close();
}

/** Closes what attacks opened and gives the focus back. */
async function focusWatched(): Promise<void> {
  if ((await windows("^Run Application$")) !== "") {
    await desktop.run(
      "xdotool search --onlyvisible --name '^Run Application$' windowactivate --sync && xdotool key Escape",
    );
    await vi.waitFor(async () => expect(await windows("^Run Application$")).toBe(""), limit);
  }
  await desktop.run(`xdotool windowactivate --sync ${watched} mousemove 350 350`);
}

beforeEach(focusWatched);

describe.each([
  { walls: "both walls", password: testPasswords.view, filtered: true },
  { walls: "the filter alone", password: testPasswords.control, filtered: true },
  { walls: "Xvnc's view-only password alone", password: testPasswords.view, filtered: false },
])("behind $walls", ({ password, filtered }) => {
  it("a viewer has the picture", async () => {
    const viewer = await connect(password, filtered);
    for (let i = 0; i < 3; i += 1) expect(await viewer.picture()).toBe(true);
  });

  it.each(attacks)("$name has no effect", async ({ bytes, derails, shows }) => {
    const before = await lookAfterAll();
    const viewer = await connect(password, filtered);
    expect(await viewer.picture()).toBe(true);
    viewer.send(...bytes());
    await otherConnectionsRead();
    expect(await lookAfterAll()).toEqual(before);
    if (filtered && derails === undefined) expect(await viewer.picture()).toBe(true);
    if (filtered)
      expect([...viewer.rectangles].filter((it) => it === -316 || it === -258)).toEqual([]);
    if (!filtered && shows === "connection") await viewer.closed;
  });
});

describe("with the control password and without the filter", () => {
  it.each(attacks)("$name has an effect", async ({ bytes, shows }) => {
    const before = await lookAfterAll();
    const person = await connect(testPasswords.control, false);
    expect(await person.picture()).toBe(true);
    person.send(...bytes());
    if (shows === "connection") await person.closed;
    else await expect.poll(async () => (await look())[shows], limit).not.toEqual(before[shows]);
  });
});

describe("what is copied inside the desktop", () => {
  it("comes to who has control, and never to a viewer", async () => {
    const person = await connect(testPasswords.control, false);
    const viewers = [
      await connect(testPasswords.view, true),
      await connect(testPasswords.view, false),
    ];
    for (const client of [person, ...viewers]) expect(await client.picture()).toBe(true);
    const before = person.cutTexts.length;
    // Xvnc tells everyone who asks what its clipboard could do.
    const abilities = viewers.map((viewer) => viewer.cutTexts.length);
    expect(abilities).toEqual([0, 1]);
    await desktop.run(
      "nohup setsid -f zenity --entry --title=copying --entry-text=secret >/dev/null 2>&1 </dev/null",
    );
    // A window that is active may not have its field ready for keys yet.
    const copy =
      "xdotool search --sync --onlyvisible --name '^copying$' windowactivate --sync key ctrl+a ctrl+c";
    const copied = async () => {
      await desktop.run(copy);
      return (await look()).selections[1]?.text;
    };
    await expect.poll(copied, limit).toBe("secret");
    await expect.poll(() => person.cutTexts.length, limit).toBeGreaterThan(before);
    for (const viewer of viewers) {
      for (let round = 0; round < 3; round += 1) expect(await viewer.picture()).toBe(true);
    }
    expect(viewers.map((viewer) => viewer.cutTexts.length)).toEqual(abilities);
  });
});

describe("a viewer that sends what it may at machine speed", () => {
  const screen = { width: 1440, height: 900 };
  const floods: readonly [string, () => Buffer][] = [
    ["requests for changes", () => message.updateRequest(true, screen.width, screen.height)],
    ["requests for everything", () => message.updateRequest(false, screen.width, screen.height)],
    ["encodings", () => message.encodings([7, 0, -308, -312])],
    ["pixel formats", () => message.pixelFormat()],
    ["fences to be answered", () => message.fence(0x8000_0000, Buffer.alloc(64))],
    ["answers to fences", () => message.fence(1, Buffer.alloc(8))],
  ];

  /** A relay for viewers of this desktop, bridging as the real one does. */
  async function openViewer(): Promise<WebSocket> {
    const pool = new BufferPool();
    const keepalive = new Keepalive();
    const server = createServer().on("upgrade", (request, client, head) => {
      void connectUpstream({
        root: desktop.display,
        name: "vnc.sock",
        password: Buffer.from(testPasswords.view),
        pool,
      }).then((upstream) => {
        client.write(switchingProtocols(readHandshake(request)?.key ?? ""));
        const stream = bridge({ client, head, upstream, keepalive, ...viewersRules() });
        onTestFinished(() => stream.destroy());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      keepalive.close();
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const viewer = new WebSocket(`ws://127.0.0.1:${port}`, ["binary"], {
      perMessageDeflate: false,
    });
    onTestFinished(() => viewer.terminate());
    let received = 0;
    viewer.on("error", () => {}).on("message", (data: Buffer) => (received += data.length));
    await new Promise((resolve) => viewer.on("open", resolve));
    // Version, security type None, ClientInit; the server's name shows that Xvnc has let it in.
    viewer.send(Buffer.from("RFB 003.008\n\x01\x01", "latin1"));
    await expect.poll(() => received, limit).toBeGreaterThan(12 + 2 + 4 + 24);
    viewer.send(message.encodings([7, 0, -308, -312]));
    return viewer;
  }

  /** Keeps its buffers full for as long as it is open. */
  function flood(viewer: WebSocket, one: Buffer): void {
    const block = Buffer.concat(Array.from({ length: Math.ceil(65_536 / one.length) }, () => one));
    const more = (): void => {
      if (viewer.readyState !== WebSocket.OPEN) return;
      while (viewer.bufferedAmount < 4_000_000) viewer.send(block);
      setImmediate(more);
    };
    more();
  }

  const memoryKb = async (): Promise<number> =>
    Number(
      await desktop.run("awk '/^VmRSS/ { print $2 }' /proc/$(pgrep -o 'Xvnc|Xtigervnc')/status"),
    );

  it.each(floods)("starves no other viewer by %s", async (_what, one) => {
    const before = await memoryKb();
    const witness = await connect(testPasswords.view, true);
    expect(await witness.picture()).toBe(true);
    const viewer = await openViewer();
    flood(viewer, one());
    // It has filled what there is between it and the relay.
    await expect.poll(() => viewer.bufferedAmount, limit).toBeGreaterThan(1_000_000);
    for (let i = 0; i < 20; i += 1) expect(await witness.picture()).toBe(true);
    expect(viewer.readyState).toBe(WebSocket.OPEN);
    expect(viewer.bufferedAmount).toBeGreaterThan(1_000_000);
    expect(await memoryKb()).toBeLessThan(before + 64 * 1024);
  });
});
