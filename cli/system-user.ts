import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { execFile } from "node:child_process";
import { Failure } from "./failure.ts";

const execute = promisify(execFile);

export interface SystemUser {
  name: string;
  uid: number;
  gid: number;
}

/**
 * The system's user of that name, made where it is missing (root only): without a home, a shell or a password.
 * @throws Failure `system_user`
 */
export async function ensureSystemUser(name: string): Promise<SystemUser> {
  const present = await findUser(name);
  if (present !== undefined) return present;
  try {
    await execute(
      "useradd",
      ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"].concat([
        "--shell",
        "/usr/sbin/nologin",
        "--comment",
        "ASCI",
        name,
      ]),
      { env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" } },
    );
  } catch (error) {
    // Another start may have made it at the same moment.
    const made = await findUser(name);
    if (made !== undefined) return made;
    throw new Failure(
      "system_user",
      `The system user ${name} could not be made: make it (useradd --system ${name}) and start ASCI again.`,
      { cause: error },
    );
  }
  const made = await findUser(name);
  if (made === undefined) {
    throw new Failure("system_user", `The system user ${name} was made but is not in /etc/passwd.`);
  }
  return made;
}

async function findUser(name: string): Promise<SystemUser | undefined> {
  for (const line of (await readFile("/etc/passwd", "utf8")).split("\n")) {
    const fields = line.split(":");
    if (fields[0] !== name) continue;
    const [uid, gid] = [Number(fields[2]), Number(fields[3])];
    // Uid 0 under such a name would undo the reason for having it.
    if (uid > 0 && gid > 0) return { name, uid, gid };
    throw new Failure("system_user", `The system user ${name} must not be root: remove it.`);
  }
  return undefined;
}
