import { createCipheriv, randomUUID } from "node:crypto";
import { watch } from "node:fs";
import { access, chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";

export const testUser = { name: "ada", uid: 10001, displayGid: 10002 } as const;
export const testPasswords = { control: "control1", view: "viewonly" } as const;

/** A real desktop for a test: a container of its own, a home of its own, gone with `remove`. */
export interface TestDesktop {
  container: Docker.Container;
  /** The host's end of /run/asci. */
  display: string;
  /** The host's end of the person's home. */
  home: string;
  /** Resolves when the file is in /run/asci; rejects when the limit of time is over. */
  appears: (name: string) => Promise<void>;
  /** Runs a shell command inside, as the person and within the session; resolves to its output. */
  run: (command: string) => Promise<string>;
  remove: () => Promise<void>;
}

export interface TestDesktopOptions {
  image: string;
  /** Fills the home before the start. */
  prepareHome?: (home: string) => Promise<void>;
  readOnlyHome?: boolean;
  env?: Readonly<Record<string, string>>;
  /** Programs of the host's that the container sees as well: path there → path here. */
  programs?: Readonly<Record<string, string>>;
}

const limitMs = 60_000;

export async function startTestDesktop(
  docker: Docker,
  { image, prepareHome, readOnlyHome = false, env = {}, programs = {} }: TestDesktopOptions,
): Promise<TestDesktop> {
  const directory = await mkdtemp(join(tmpdir(), "desktop-"));
  const [display, home, users] = ["vnc", "home", "users"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  await chmod(directory, 0o755);
  for (const path of [display, home, users]) await mkdir(path);
  await chown(display, testUser.uid, testUser.displayGid);
  await chmod(display, 0o2770);
  await chown(home, testUser.uid, testUser.uid);
  await prepareHome?.(home);
  const { name, uid } = testUser;
  await writeFile(join(users, "passwd"), `${name}:x:${uid}:${uid}:Ada:/home/${name}:/bin/bash\n`);
  await writeFile(join(users, "group"), `${name}:x:${uid}:\n`);
  const container = await docker.createContainer({
    name: `asci-test-${randomUUID()}`,
    Image: image,
    User: `${uid}:${uid}`,
    Hostname: "testdesk",
    Env: [
      `USER=${name}`,
      `LOGNAME=${name}`,
      `HOME=/home/${name}`,
      "LANG=en_AU.UTF-8",
      "TZ=UTC",
      `ASCI_VNC_PASSWD=${passwordFile().toString("base64")}`,
      ...Object.entries(env).map(([key, value]) => `${key}=${value}`),
    ],
    HostConfig: {
      Init: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      ShmSize: 1024 ** 3,
      PidsLimit: 2048,
      Binds: [
        `${display}:/run/asci`,
        `${users}:/var/lib/extrausers:ro`,
        `${home}:/home/${name}${readOnlyHome ? ":ro" : ""}`,
        ...Object.entries(programs).map(([inside, path]) => `${path}:${inside}:ro`),
      ],
    },
  });
  await container.start().catch(async (error: unknown) => {
    await container.remove({ force: true });
    throw error;
  });
  return {
    container,
    display,
    home,
    appears: (file) => waitForFile(display, file),
    run: (command) => runInside(container, command),
    remove: async () => {
      await container.remove({ force: true });
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function waitForFile(directory: string, name: string): Promise<void> {
  const signal = AbortSignal.timeout(limitMs);
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      access(join(directory, name)).then(
        () => {
          watcher.close();
          resolve();
        },
        () => undefined,
      );
    };
    const watcher = watch(directory, look);
    signal.addEventListener("abort", () => {
      watcher.close();
      reject(new Error(`${name} did not appear within ${limitMs / 1000} s`));
    });
    look();
  });
}

async function runInside(container: Docker.Container, command: string): Promise<string> {
  // A program that is run in the container from outside has the container's environment, not the session's.
  const session = `export $(tr '\\0' '\\n' </proc/$(pgrep -o mate-panel)/environ | grep -E '^(DISPLAY|DBUS|XDG|ICE|SESSION)')`;
  const exec = await container.exec({
    Cmd: ["sh", "-c", `${session}\n${command}`],
    AttachStdout: true,
    AttachStderr: true,
    Tty: true,
  });
  const stream = await exec.start({ Tty: true });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8").replaceAll("\r\n", "\n");
}

/** DES in single-block mode with VNC's habit of reading each byte of the key from its lowest bit on. */
function vncEncrypt(key: Buffer, block: Buffer): Buffer {
  const mirrored = Buffer.from(
    key.map((byte) =>
      Number.parseInt(byte.toString(2).padStart(8, "0").split("").reverse().join(""), 2),
    ),
  );
  const cipher = createCipheriv(
    "des-ede3-ecb",
    Buffer.concat([mirrored, mirrored, mirrored]),
    null,
  );
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]);
}

function paddedPassword(password: string): Buffer {
  const block = Buffer.alloc(8);
  block.write(password, "latin1");
  return block;
}

function passwordFile(): Buffer {
  const key = Buffer.from([23, 82, 107, 6, 35, 78, 88, 7]);
  return Buffer.concat(
    [testPasswords.control, testPasswords.view].map((password) =>
      vncEncrypt(key, paddedPassword(password)),
    ),
  );
}

/** Does the VNC handshake up to its result (RFC 6143, 7.1 and 7.2.2); resolves to what was said. */
export async function vncHandshake(
  socketPath: string,
  password: string,
): Promise<{ banner: string; securityTypes: number[]; accepted: boolean }> {
  const socket = connect(socketPath);
  try {
    const banner = (await readExactly(socket, 12)).toString("latin1");
    socket.write("RFB 003.008\n");
    const count = (await readExactly(socket, 1)).readUInt8();
    const securityTypes = [...(await readExactly(socket, count))];
    socket.write(Buffer.from([2]));
    const challenge = await readExactly(socket, 16);
    socket.write(vncEncrypt(paddedPassword(password), challenge));
    const accepted = (await readExactly(socket, 4)).readUInt32BE() === 0;
    return { banner, securityTypes, accepted };
  } finally {
    socket.destroy();
  }
}

async function readExactly(socket: NodeJS.ReadableStream, length: number): Promise<Buffer> {
  for (;;) {
    const data = socket.read(length) as Buffer | null;
    if (data !== null) return data;
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => {
        socket.off("readable", settle as () => void);
        socket.off("end", ended);
        socket.off("error", settle);
        if (error === undefined) resolve();
        else reject(error);
      };
      const ended = (): void => settle(new Error("the display closed the connection"));
      socket.once("readable", settle as () => void);
      socket.once("end", ended);
      socket.once("error", settle);
    });
  }
}
