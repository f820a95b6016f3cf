import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBaseImage } from "../build.ts";
import { startTestDesktop, testPasswords, testUser, vncHandshake } from "../testing.ts";
import type { TestDesktop } from "../testing.ts";

const docker = new Docker();
const buildLimitMs = 1_200_000;
const limitMs = 120_000;
let image: string;

beforeAll(async () => {
  ({ image } = await ensureBaseImage(docker));
}, buildLimitMs);

describe("ensureBaseImage", () => {
  it("gives the same image again without building", async () => {
    const phases: string[] = [];
    const again = await ensureBaseImage(docker, { onProgress: ({ phase }) => phases.push(phase) });
    expect(again.image).toBe(image);
    expect(again.id).toBe((await docker.getImage(image).inspect()).Id);
    expect(phases).toEqual(["check"]);
  });
});

describe("a desktop", { timeout: limitMs }, () => {
  let desktop: TestDesktop;

  beforeAll(async () => {
    desktop = await startTestDesktop(docker, {
      image,
      prepareHome: async (home) => {
        await mkdir(join(home, "Documents"));
        await writeFile(join(home, "Documents", "mine.txt"), "mine\n");
        await writeFile(join(home, ".bashrc"), "# mine\n");
      },
    });
    await desktop.appears("panel");
  }, limitMs);

  afterAll(() => desktop.remove());

  it("has its socket, readable by the display's group only", async () => {
    const socket = await stat(join(desktop.display, "vnc.sock"));
    expect(socket.isSocket()).toBe(true);
    expect(socket.mode & 0o777).toBe(0o660);
    expect(socket.gid).toBe(testUser.displayGid);
    expect(await readFile(join(desktop.display, "renderer"), "utf8")).toBe("software\n");
  });

  it("lets in both passwords and no other, by VncAuth only", async () => {
    const path = join(desktop.display, "vnc.sock");
    const control = await vncHandshake(path, testPasswords.control);
    expect(control).toEqual({ banner: "RFB 003.008\n", securityTypes: [2], accepted: true });
    expect((await vncHandshake(path, testPasswords.view)).accepted).toBe(true);
    for (let attempt = 0; attempt < 8; attempt++) {
      expect((await vncHandshake(path, "wrong")).accepted).toBe(false);
    }
    // Wrong attempts must not lock out the relay, which is the only one that ever connects.
    expect((await vncHandshake(path, testPasswords.control)).accepted).toBe(true);
  });

  it("listens on no TCP port", async () => {
    const sockets = await desktop.run("cat /proc/net/tcp /proc/net/tcp6");
    const listening = sockets.split("\n").filter((line) => / 0A /.test(line));
    expect(listening).toEqual([]);
  });

  it("knows the person", async () => {
    const output = await desktop.run("id; whoami; getent passwd ada | cut -d: -f6");
    expect(output).toBe("uid=10001(ada) gid=10001(ada) groups=10001(ada)\nada\n/home/ada\n");
  });

  it("keeps the passwords out of the session's environment", async () => {
    const environment = await desktop.run("tr '\\0' '\\n' </proc/$(pgrep -o mate-panel)/environ");
    expect(environment).toContain("DISPLAY=:1\n");
    expect(environment).not.toContain("ASCI_VNC_PASSWD");
    const file = await desktop.run('stat -c "%a %U" "$XDG_RUNTIME_DIR/vnc-passwd"');
    expect(file).toBe("600 ada\n");
  });

  it("adds the usual folders to the home, and changes nothing that was there", async () => {
    await expect
      .poll(async () => (await readdir(desktop.home)).filter((name) => !name.startsWith(".")), {
        timeout: limitMs,
      })
      .toEqual(["Desktop", "Documents", "Downloads"]);
    expect(await readFile(join(desktop.home, "Documents", "mine.txt"), "utf8")).toBe("mine\n");
    expect(await readFile(join(desktop.home, ".bashrc"), "utf8")).toBe("# mine\n");
  });

  it("draws OpenGL in software", async () => {
    expect(await desktop.run("glxinfo -B")).toMatch(/OpenGL renderer string: llvmpipe/);
  });

  it("gets its panel back when that dies", async () => {
    const before = await desktop.run("pgrep -x mate-panel");
    await desktop.run("kill -9 $(pgrep -x mate-panel)").catch(() => undefined);
    await expect
      .poll(() => desktop.run("pgrep -x mate-panel"), { timeout: limitMs })
      .toMatch(/^\d+\n$/);
    expect(await desktop.run("pgrep -x mate-panel")).not.toBe(before);
  });
});

describe("a desktop that is given a GPU", { timeout: limitMs }, () => {
  const rendererOf = async (desktop: TestDesktop) =>
    readFile(join(desktop.display, "renderer"), "utf8");
  const env = { ASCI_RENDERING: "gpu", VGL_DISPLAY: "egl" };

  it("says that it draws in software where its image has no VirtualGL", async () => {
    const desktop = await startTestDesktop(docker, { image, env });
    try {
      await desktop.appears("panel");
      expect(await rendererOf(desktop)).toBe("software\n");
      const log = await desktop.container.logs({ stdout: true, stderr: true });
      expect(log.toString()).toContain("its image has no VirtualGL");
    } finally {
      await desktop.remove();
    }
  });

  it("starts the session's programs through VirtualGL where it is there, and says that the GPU draws", async () => {
    const folder = await mkdtemp(join(tmpdir(), "asci-vgl-"));
    const program = join(folder, "vglrun");
    // In place of VirtualGL, which is no package of Debian's: it marks what it starts.
    await writeFile(program, '#!/bin/sh\nTHROUGH_VGL=$VGL_DISPLAY exec "$@"\n', { mode: 0o755 });
    const programs = { "/usr/bin/vglrun": program };
    const desktop = await startTestDesktop(docker, { image, env, programs });
    try {
      await desktop.appears("panel");
      expect(await rendererOf(desktop)).toBe("gpu\n");
      const marked = (name: string) =>
        desktop.run(
          `tr '\\0' '\\n' </proc/$(pgrep -o ${name})/environ | grep -E '^(THROUGH|ASCI_REND)'`,
        );
      expect(await marked("mate-panel")).toContain("THROUGH_VGL=egl\n");
      expect(await marked("mate-panel")).toContain("ASCI_RENDERER=gpu\n");
      await expect
        .poll(() => marked("caja").catch(() => ""), { timeout: limitMs })
        .toContain("THROUGH_VGL=egl");
    } finally {
      await desktop.remove();
      await rm(folder, { recursive: true });
    }
  });
});

describe("the end of a desktop", { timeout: limitMs }, () => {
  async function withDesktop(use: (desktop: TestDesktop) => Promise<void>): Promise<void> {
    const desktop = await startTestDesktop(docker, { image });
    try {
      await desktop.appears("panel");
      await use(desktop);
    } finally {
      await desktop.remove();
    }
  }

  it("has exit code 0 when the person logs out", () =>
    withDesktop(async ({ container, run }) => {
      const ended = container.wait() as Promise<{ StatusCode: number }>;
      // The session manager starts after the panel: ask until it is there to hear it.
      await expect
        .poll(
          async () => {
            await run("mate-session-save --force-logout").catch(() => undefined);
            return (await container.inspect()).State.Running;
          },
          { timeout: limitMs },
        )
        .toBe(false);
      expect((await ended).StatusCode).toBe(0);
    }));

  it("has another one when the display dies", () =>
    withDesktop(async ({ container, run }) => {
      const ended = container.wait() as Promise<{ StatusCode: number }>;
      await run("kill -9 $(pgrep -x Xtigervnc || pgrep -x Xvnc)").catch(() => undefined);
      expect((await ended).StatusCode).not.toBe(0);
    }));

  it("comes at once on SIGTERM", () =>
    withDesktop(async ({ container }) => {
      const began = performance.now();
      await container.stop({ t: 30 });
      expect((await container.inspect()).State.ExitCode).toBe(143);
      // Far below the 30 s after which the engine would have killed it.
      expect(performance.now() - began).toBeLessThan(15_000);
    }));
});

describe("a desktop whose home cannot be written", { timeout: limitMs }, () => {
  it("starts all the same, and says so", async () => {
    const desktop = await startTestDesktop(docker, { image, readOnlyHome: true });
    try {
      await desktop.appears("panel");
      await expect
        .poll(() => desktop.run("xdotool search --name '^Your home folder$' || true"), {
          timeout: limitMs,
        })
        .toMatch(/\d/);
      expect(await readdir(desktop.home)).toEqual([]);
    } finally {
      await desktop.remove();
    }
  });
});
