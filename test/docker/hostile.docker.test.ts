import { randomBytes } from "node:crypto";
import { access, lstat, mkdtemp, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { constants } from "node:fs";
import { createServer, type Server } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { DialError } from "../../controller/dial.ts";
import { removeFirewall } from "../../controller/firewall.ts";
import { incarnationFolder } from "../../controller/incarnation-files.ts";
import { waitForBanner, waitForPanel } from "../../controller/ready.ts";
import { RfbAuthError } from "../../controller/relay/rfb-auth.ts";
import { connectUpstream } from "../../controller/relay/upstream.ts";
import { BufferPool } from "../../wire/buffers.ts";
import { until } from "../browser.ts";
import { execIn } from "../containers.ts";
import { createTestNode, docker, type TestNode } from "../node.ts";
import { system } from "../outside.ts";
import { mountSmall, unmountSmall } from "../small-disk.ts";

const homesBytes = 96 * 1024 ** 2;
const memoryBytes = 2 * 1024 ** 3;

interface Desktop {
  readonly instanceId: string;
  readonly containerId: string;
  /** The incarnation's folder on the host. */
  readonly folder: string;
}

let scratch: string;
let node: TestNode;
let neighbour: Desktop;
const pool = new BufferPool();

async function startDesktop(): Promise<Desktop> {
  const instanceId = await node.start();
  await node.untilState(instanceId, "running");
  const [container] = await node.containers(instanceId);
  if (!container) throw new Error("it runs without a container");
  return {
    instanceId,
    containerId: container.Id,
    folder: incarnationFolder(node.runDir, instanceId, 1),
  };
}

async function end({ instanceId }: Desktop): Promise<void> {
  await node.stop(instanceId);
  await node.untilState(instanceId, "stopped");
}

const bash = async ({ containerId }: Desktop, script: string, ...args: string[]) =>
  (await execIn(containerId, ["bash", "-c", script, "bash", ...args])).toString();

/** Runs on, whatever becomes of it. */
async function leave({ containerId }: Desktop, ...Cmd: string[]): Promise<void> {
  const exec = await docker.getContainer(containerId).exec({ Cmd });
  await exec.start({ Detach: true });
}

const isThere = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** The neighbour answers, and the controller claims and finishes work, each within a bound. */
async function expectUnharmed(): Promise<void> {
  await waitForBanner(neighbour.folder, AbortSignal.timeout(20_000));
  expect((await node.get(neighbour.instanceId)).state).toBe("running");
  const another = await startDesktop();
  await end(another);
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "asci-hostile-"));
  await mountSmall(scratch, homesBytes);
  // Homes are made in the folder for temporary files.
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = scratch;
  try {
    node = await createTestNode(inject("postgresUrl"));
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
  await node.startController();
  neighbour = await startDesktop();
});

afterAll(async () => {
  await node?.remove();
  if (node) await removeFirewall(node.database.installationId);
  await unmountSmall(scratch);
  await rm(scratch, { recursive: true });
});

describe("a socket that was swapped", () => {
  let desktop: Desktop;
  const folderInside = "/run/asci";
  const victims: Server[] = [];
  let victimPath: string;
  let visits = 0;

  /** What the relay makes of the desktop now. */
  const dialled = (handshakeTimeoutMs = 2000): Promise<string> =>
    connectUpstream({
      root: desktop.folder,
      name: "vnc/vnc.sock",
      password: randomBytes(8),
      pool,
      handshakeTimeoutMs,
    }).then(
      ({ socket }) => {
        socket.destroy();
        return "open";
      },
      (error: unknown) => {
        if (error instanceof DialError) return `dial ${error.code}`;
        if (error instanceof RfbAuthError) return `rfb ${error.code}`;
        throw error;
      },
    );

  /** What the controller makes of it. Its limit may fall into a look, which is then called off. */
  const bannerWithin = (limitMs: number) =>
    waitForBanner(desktop.folder, AbortSignal.timeout(limitMs)).then(
      () => "banner",
      (error: unknown) => {
        const called = error instanceof DialError && error.code === "aborted";
        if (called || (error instanceof Error && error.name === "TimeoutError")) return "none";
        throw error;
      },
    );

  beforeAll(async () => {
    desktop = await startDesktop();
    await bash(desktop, `cd ${folderInside} && mv vnc.sock kept`);
    victimPath = join(await mkdtemp("/run/asci/v-"), "victim.sock");
    const victim = createServer((socket) => {
      visits += 1;
      socket.on("error", () => {}).end("RFB 003.008\n");
    });
    await new Promise<void>((resolve) => victim.listen(victimPath, resolve));
    await system("chmod", "0777", victimPath);
    victims.push(victim);
  });
  afterEach(() => bash(desktop, `cd ${folderInside} && rm -rf vnc.sock; pkill -f ^vnc-stand-in`));
  afterAll(async () => {
    for (const it of victims) it.close();
    await rm(dirname(victimPath), { recursive: true });
    await end(desktop);
  });

  const put = (script: string, ...args: string[]) =>
    bash(desktop, `cd ${folderInside} && ${script}`, ...args);

  it("by a link leads nowhere: no neighbour, no engine, no database", async () => {
    const { pathname } = new URL(inject("postgresUrl"));
    const targets = [
      victimPath,
      join(neighbour.folder, "vnc", "vnc.sock"),
      "/var/run/docker.sock",
      `/tmp/.s.PGSQL.${pathname}`,
      "kept",
      "/proc/self/fd/0",
    ];
    for (const target of targets) {
      await put(`ln -sfT "$1" vnc.sock`, target);
      expect(await dialled()).toBe("dial not_a_socket");
      expect(await bannerWithin(300)).toBe("none");
    }
    expect(visits).toBe(0);
  });

  it("by something that is no socket is neither read nor written", async () => {
    await put("mkfifo vnc.sock");
    const fifo = join(desktop.folder, "vnc", "vnc.sock");
    expect(await dialled()).toBe("dial not_a_socket");
    expect(await bannerWithin(300)).toBe("none");
    // Opening a fifo for writing without waiting fails while nobody reads it.
    const flags = constants.O_WRONLY | constants.O_NONBLOCK;
    await expect(open(fifo, flags)).rejects.toMatchObject({ code: "ENXIO" });

    await put("rm vnc.sock && echo precious >vnc.sock && touch -a -d 2001-01-01 vnc.sock");
    const before = await stat(fifo);
    expect(await dialled()).toBe("dial not_a_socket");
    expect(await bannerWithin(300)).toBe("none");
    expect(await stat(fifo)).toMatchObject({ mtimeMs: before.mtimeMs, atimeMs: before.atimeMs });

    await put("rm vnc.sock && mkdir vnc.sock");
    expect(await dialled()).toBe("dial not_a_socket");
    await put("rmdir vnc.sock");
    expect(await dialled()).toBe("dial not_found");
  });

  /** Servers in the desktop; each line of `serve` may use the connected socket `$one`. */
  const serving = async (serve: string) => {
    const script = `
      use IO::Socket::UNIX;
      $SIG{PIPE} = "IGNORE"; $SIG{CHLD} = "IGNORE"; $0 = "vnc-stand-in";
      my $all = IO::Socket::UNIX->new(Listen => 99, Local => "${folderInside}/next") or die;
      rename "${folderInside}/next", "${folderInside}/vnc.sock";
      while (my $one = $all->accept) { $one->autoflush(1); if (!fork) { ${serve}; exit } close $one }`;
    await leave(desktop, "perl", "-e", script);
    await until("the server listens", () => isThere(join(desktop.folder, "vnc", "vnc.sock")));
  };

  it.each<[string, string, string, string]>([
    ["speaks something else", `print $one "SSH-2.0-hello\\r\\n"; sleep 60`, "rfb version", "none"],
    ["floods with noise", `while (print $one "x" x 65536) {}`, "rfb version", "none"],
    [
      "floods with banners",
      `while (print $one "RFB 003.008\\n" x 9999) {}`,
      "rfb no_vnc_auth",
      "banner",
    ],
    ["never answers", "sleep 60", "rfb timeout", "none"],
    [
      "drips",
      `for (1..90) { print $one "R"; select(undef, undef, undef, 0.3) }`,
      "rfb timeout",
      "none",
    ],
    ["hangs up", "1", "rfb closed", "none"],
    [
      "offers no password",
      `print $one "RFB 003.008\\n\\1\\1"; sleep 60`,
      "rfb no_vnc_auth",
      "banner",
    ],
    [
      "refuses with an endless reason",
      `print $one "RFB 003.008\\n\\0\\xff\\xff\\xff\\xff"; while (print $one "x" x 65536) {}`,
      "rfb no_vnc_auth",
      "banner",
    ],
    [
      "accepts whatever is said, and says nothing more",
      `print $one "RFB 003.008\\n\\1\\2" . "c" x 16; sleep 60`,
      "rfb timeout",
      "banner",
    ],
  ])("by a server that %s is given up", async (_, serve, refusal, banner) => {
    await serving(serve);
    expect(await dialled(1000)).toBe(refusal);
    expect(await bannerWithin(1500)).toBe(banner);
  });

  it("at any moment is what was looked at: a thousand dials during a thousand swaps", async () => {
    const swap = `
      chdir "${folderInside}"; $0 = "vnc-stand-in";
      while (1) {
        symlink "${victimPath}", "next"; rename "next", "vnc.sock";
        link "kept", "next"; rename "next", "vnc.sock";
      }`;
    await leave(desktop, "perl", "-e", swap);
    await until("the first swap", () => isThere(join(desktop.folder, "vnc", "vnc.sock")));
    const seen = new Set<string>();
    // Both must be met, or the swaps did not fall between the looks.
    const both = () =>
      seen.has("dial not_a_socket") && [...seen].some((it) => it.startsWith("rfb "));
    for (let round = 0; round < 50 || (round < 500 && !both()); round++) {
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => dialled(10_000)));
      for (const it of outcomes) seen.add(it);
    }
    expect(visits).toBe(0);
    expect([...seen]).toSatisfy(both);
  });

  it("cannot be had by swapping the folder itself, from inside or as the same uid outside", async () => {
    const inside = await put(
      `cd / && { mv run/asci run/x; rmdir run/asci; ln -sfT /etc run/asci; } 2>&1; true`,
    );
    expect(inside).toMatch(/(denied|busy|cannot)/i);
    const vnc = join(desktop.folder, "vnc");
    const { uid } = await stat(vnc);
    const folder = await stat(desktop.folder);
    expect(uid).not.toBe(0);
    expect([folder.uid, folder.mode & 0o7777]).toEqual([0, 0o755]);
    const as = ["--reuid", String(uid), "--regid", String(uid), "--clear-groups"];
    for (const command of [
      ["mv", vnc, `${vnc}2`],
      ["rmdir", vnc],
      ["ln", "-s", "/etc", join(desktop.folder, "more")],
    ])
      await expect(system("setpriv", ...as, ...command)).rejects.toThrow(/denied/i);
    expect((await lstat(vnc)).isDirectory()).toBe(true);
  });

  it("does no harm by a marker that is a link: it is not followed", async () => {
    await put("rm -f panel && ln -s /nowhere panel");
    await waitForPanel(desktop.folder, AbortSignal.timeout(20_000));
  });
});

describe("a desktop that takes all it can get", () => {
  it("by forking: the limit holds, neighbours and node go on, and nothing is left of it", async () => {
    const desktop = await startDesktop();
    // The marker tells of the first refusal. It lies outside, as no look inside is possible then.
    const bomb = `while (1) { defined(fork) or do { open my $it, ">", "/run/asci/refused" } }`;
    await leave(desktop, "perl", "-e", bomb);
    await until("a fork is refused", () => isThere(join(desktop.folder, "vnc", "refused")));
    const container = docker.getContainer(desktop.containerId);
    const { pids_stats: pids } = await container.stats({ stream: false });
    const { PidsLimit: limit = 0 } = (await container.inspect()).HostConfig;
    expect(pids?.current).toBeLessThanOrEqual(limit);
    // Several of its kind leave others room.
    const pidMax = Number(await readFile("/proc/sys/kernel/pid_max", "utf8"));
    expect(8 * limit).toBeLessThanOrEqual(Math.max(8 * 1024, pidMax / 2));
    await expectUnharmed();
    // Its own session may have ended of it; where it has not, it is stopped like any other.
    await node.stop(desktop.instanceId).catch((error: unknown) => {
      if (!String(error).includes('"state":"failed"')) throw error;
    });
    await until("nothing is left of it", async () => {
      const { state } = await node.get(desktop.instanceId);
      const left = await node.containers(desktop.instanceId);
      return (state === "stopped" || state === "failed") && left.length === 0;
    });
  });

  it("by computing: its neighbours answer and others start, however many it does it with", async () => {
    const desktop = await startDesktop();
    const { HostConfig } = await docker.getContainer(desktop.containerId).inspect();
    const cores = availableParallelism();
    expect(HostConfig.NanoCpus).toBeGreaterThan(0);
    expect(HostConfig.NanoCpus).toBeLessThan(cores * 1e9);
    const hogs = 8 * cores;
    const script = `for (1..${hogs}) { fork or do { $0 = "hog"; 1 while 1 } } sleep`;
    await leave(desktop, "perl", "-e", script);
    await until("all of them compute", async () => {
      const found = await bash(desktop, "pgrep -c ^hog");
      return Number(found) === hogs;
    });
    await expectUnharmed();
    await end(desktop);
    await expectUnharmed();
  });

  it("by eating memory: the eater is killed, and it and its neighbours go on", async () => {
    const desktop = await startDesktop();
    const eaten = await bash(
      desktop,
      `perl -e 'push @all, "x" x 1e7 while 1' 2>&1; echo "ended $?"`,
    );
    expect(eaten).toMatch(/ended 137/);
    await waitForBanner(desktop.folder, AbortSignal.timeout(20_000));
    expect((await node.get(desktop.instanceId)).state).toBe("running");
    await expectUnharmed();
    await end(desktop);
  });

  it("by memory that no process holds: it ends, and the reason says why", async () => {
    await node.database.owner.db.execute(
      sql`update environments set memory_limit_bytes = ${768 * 1024 ** 2}`,
    );
    const desktop = await startDesktop();
    await node.database.owner.db.execute(
      sql`update environments set memory_limit_bytes = ${memoryBytes}`,
    );
    // Shared memory stays when its writer is killed, so one after another is.
    await leave(
      desktop,
      "sh",
      "-c",
      "while :; do dd if=/dev/zero bs=1M of=/dev/shm/$$ oflag=append conv=notrunc; done",
    );
    const failed = await node.untilState(desktop.instanceId, "failed");
    expect(failed.reason).toEqual({
      code: "out_of_memory",
      text: "it used more memory than its environment allows",
    });
    await expectUnharmed();
  });

  it("by filling the homes' disk: those that run go on, and room makes all well again", async () => {
    const desktop = await startDesktop();
    const said = await bash(
      desktop,
      "dd if=/dev/zero of=$HOME/full bs=1M 2>&1; sync $HOME/full; true",
    );
    expect(said).toContain("No space left on device");
    await waitForBanner(desktop.folder, AbortSignal.timeout(20_000));
    await waitForBanner(neighbour.folder, AbortSignal.timeout(20_000));
    // The controller still works: this one has a home, and its session copes with one that is full.
    await expectUnharmed();
    await bash(desktop, "rm $HOME/full");
    await end(desktop);
    await expectUnharmed();
  });

  it("by writing into its own runtime folder: there is next to no room, and no nest that stays", async () => {
    const desktop = await startDesktop();
    const fill = "dd if=/dev/zero of=/run/asci/fill bs=1M 2>&1; rm /run/asci/fill";
    expect(await bash(desktop, fill)).toContain("No space left on device");
    const nest = "while mkdir -p d123456789 2>/dev/null && cd d123456789; do :; done; echo nested";
    expect(await bash(desktop, `cd /run/asci; ${nest}`)).toContain("nested");
    await waitForBanner(desktop.folder, AbortSignal.timeout(20_000));
    await expectUnharmed();
    await end(desktop);
    expect(await isThere(desktop.folder)).toBe(false);
  });

  it("and is logged out of afterwards: that is no failure", async () => {
    const desktop = await startDesktop();
    await bash(desktop, `perl -e 'push @all, "x" x 1e7 while 1' 2>&1`);
    const logOut = `
      export $(tr "\\0" "\\n" </proc/$(pgrep -o mate-panel)/environ | grep -E "^(DBUS|DISPLAY|XDG|SESSION)")
      timeout 5 mate-session-save --force-logout`;
    await until("the session manager takes the log-out", async () => {
      await bash(desktop, logOut).catch(() => undefined);
      return (await node.get(desktop.instanceId)).state !== "running";
    });
    const stopped = await node.untilState(desktop.instanceId, "stopped");
    expect(stopped.reason?.code).toBe("logged_out");
  });

  it("by talking: what is kept of it stays small", async () => {
    const desktop = await startDesktop();
    const { LogPath } = await docker.getContainer(desktop.containerId).inspect();
    const flood = `open my $out, ">", "/proc/1/fd/1" or die; print $out "x" x 999, "\\n" for 1..60_000; print "done"`;
    const [said] = await Promise.all([bash(desktop, `perl -e '${flood}'`), expectUnharmed()]);
    expect(said).toBe("done");
    const names = await readdir(dirname(LogPath));
    const logs = names.filter((it) => it.startsWith(basename(LogPath)));
    const sizes = await Promise.all(
      logs.map(async (it) => (await stat(join(dirname(LogPath), it))).size),
    );
    expect(logs.length).toBe(2);
    for (const size of sizes) expect(size).toBeLessThan(6 * 1024 ** 2);
    await access(LogPath);
    await end(desktop);
  });
});
