import { Buffer } from "node:buffer";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type OnReadOpts, type Socket, connect } from "node:net";

/** Why a container's socket could not be reached. */
export type DialFault =
  /** The name is empty, absolute, or leaves its folder. */
  | "bad_name"
  /** Nothing has that name (yet). */
  | "not_found"
  /** It is a symbolic link, a file, a fifo …: somebody put it there. */
  | "not_a_socket"
  /** Nobody listens on the socket. */
  | "refused"
  /** This process may not connect to it. */
  | "denied"
  | "timeout"
  | "aborted"
  /** The other side closed before it said what was expected. */
  | "closed"
  /** The other side is no RFB server. */
  | "bad_banner"
  | "failed";

/** A container's socket that could not be dialled; `code` says why. */
export class DialError extends Error {
  override readonly name = "DialError";
  readonly code: DialFault;

  constructor(code: DialFault, detail: string, cause?: unknown) {
    super(`dial: ${detail}`, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** What a dial may take, and how the socket is read. */
export interface DialOptions {
  readonly signal?: AbortSignal;
  /** Default 2000. */
  readonly connectTimeoutMs?: number;
  /** Given to `net.connect`: reads go to buffers of the caller's, there are no `data` events. */
  readonly onread?: OnReadOpts;
}

// Linux, include/uapi/asm-generic/fcntl.h; Node names the other flags but not this one.
const O_PATH = 0o10000000;
const folderFlags = O_PATH | constants.O_DIRECTORY;
const defaultConnectTimeoutMs = 2000;

/**
 * Connects to the unix socket `name` (like `vnc/vnc.sock`) below `root`, a folder that only
 * trusted parties write to. Everything below may belong to a hostile container: no part of `name`
 * is followed when it is a symbolic link, and what is connected to is the very file that was
 * checked to be a socket. Length limits of socket paths do not apply.
 *
 * The socket is connected, half-open allowed. It may have ended again by the time it is looked at:
 * check `readableEnded` and `destroyed`. Throws {@link DialError}.
 */
export async function dialUnix(
  root: string,
  name: string,
  options: DialOptions = {},
): Promise<Socket> {
  const file = await openSocketFile(root, name);
  try {
    return await connectTo(`/proc/self/fd/${file.fd}`, name, options);
  } finally {
    await file.close();
  }
}

async function openSocketFile(root: string, name: string): Promise<FileHandle> {
  const parts = name.split("/");
  const last = parts.pop();
  const allowed = (part: string) => !["", ".", ".."].includes(part) && !part.includes("\0");
  if (last === undefined || !allowed(last) || !parts.every(allowed)) {
    throw new DialError("bad_name", "not a name below the folder");
  }
  let folder = await openPart(root, folderFlags, root);
  try {
    for (const part of parts) {
      const inner = await openPart(below(folder, part), folderFlags | constants.O_NOFOLLOW, name);
      await folder.close();
      folder = inner;
    }
    return await openSocket(below(folder, last), name);
  } finally {
    await folder.close();
  }
}

async function openSocket(path: string, name: string): Promise<FileHandle> {
  const file = await openPart(path, O_PATH | constants.O_NOFOLLOW, name);
  try {
    if (!(await file.stat()).isSocket()) {
      throw new DialError("not_a_socket", `${name} is not a socket`);
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Like openat: the folder's descriptor cannot be swapped for another folder. */
function below(folder: FileHandle, part: string): string {
  return `/proc/self/fd/${folder.fd}/${part}`;
}

async function openPart(path: string, flags: number, name: string): Promise<FileHandle> {
  try {
    return await open(path, flags);
  } catch (error) {
    throw dialError(error, name);
  }
}

function dialError(error: unknown, name: string): DialError {
  const system = error instanceof Error && "code" in error ? error.code : undefined;
  const detail = `${name}: ${String(system ?? error)}`;
  switch (system) {
    case "ENOENT":
      return new DialError("not_found", detail, error);
    // With O_NOFOLLOW a link in the middle is "not a directory".
    case "ELOOP":
    case "ENOTDIR":
      return new DialError("not_a_socket", detail, error);
    case "ECONNREFUSED":
    // A full backlog: nobody accepts.
    case "EAGAIN":
      return new DialError("refused", detail, error);
    case "EACCES":
    case "EPERM":
      return new DialError("denied", detail, error);
    default:
      return new DialError("failed", detail, error);
  }
}

function connectTo(path: string, name: string, options: DialOptions): Promise<Socket> {
  const { signal, onread, connectTimeoutMs = defaultConnectTimeoutMs } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new DialError("aborted", `${name}: given up`));
      return;
    }
    const socket = connect({ path, allowHalfOpen: true, ...(onread && { onread }) });
    // Stays: an error that comes before the caller listens must not end the process.
    socket.on("error", () => {});
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", onError);
    };
    const fail = (error: DialError): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error): void => fail(dialError(error, name));
    const onAbort = (): void => fail(new DialError("aborted", `${name}: given up`));
    const timer = setTimeout(
      () => fail(new DialError("timeout", `${name}: no connection in ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("error", onError);
    socket.once("connect", () => {
      settle();
      resolve(socket);
    });
  });
}

const bannerBytes = 12;

/**
 * Reads an RFB server's banner, the 12 bytes `RFB 003.00x\n` (RFC 6143, section 7.1.1), from a
 * socket that was dialled without `onread`. Bytes that follow stay in the socket, which is left
 * paused. Throws {@link DialError} `bad_banner`, `closed`, `timeout` or `aborted`; the socket is
 * then the caller's to destroy.
 */
export function readBanner(
  socket: Socket,
  options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
): Promise<string> {
  const { signal, timeoutMs = 5000 } = options;
  return new Promise((resolve, reject) => {
    const settle = (done: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("readable", onReadable).off("end", onEnd).off("close", onEnd).off("error", onEnd);
      done();
    };
    const fail = (code: DialFault, detail: string): void =>
      settle(() => reject(new DialError(code, detail)));
    const onAbort = (): void => fail("aborted", "given up before the banner");
    const onEnd = (): void => fail("closed", "closed before the banner");
    const onReadable = (): void => {
      const bytes: unknown = socket.read(bannerBytes);
      if (!Buffer.isBuffer(bytes)) return;
      const banner = bytes.toString("latin1");
      if (bytes.length < bannerBytes) fail("closed", "closed within the banner");
      else if (!/^RFB 003\.00[0-9]\n$/.test(banner)) fail("bad_banner", "no RFB banner");
      else settle(() => resolve(banner));
    };
    const timer = setTimeout(() => fail("timeout", `no banner in ${timeoutMs} ms`), timeoutMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("readable", onReadable).on("end", onEnd).on("close", onEnd).on("error", onEnd);
    if (signal?.aborted === true) onAbort();
    else if (socket.readableEnded || socket.destroyed) onEnd();
    else onReadable();
  });
}
