/** Makes the packet filter's rules hold on this host, and takes them away again. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import {
  FirewallError,
  firewallRules,
  removalScript,
  restoreScript,
  type Family,
  type FirewallInputs,
} from "./firewall-rules.ts";

const programs: Record<Family, string> = { ipv4: "iptables", ipv6: "ip6tables" };
/** A kernel without IPv6 has nothing to filter, and no tables for it. */
const families = (): Family[] => (existsSync("/proc/net/if_inet6") ? ["ipv4", "ipv6"] : ["ipv4"]);
const attempts = 3;
const commandLimitMs = 10_000;

/**
 * Makes the rules hold; where they do already, it only looks (two short commands).
 * @throws FirewallError
 */
export async function applyFirewall(inputs: FirewallInputs): Promise<void> {
  const wanted = firewallRules(inputs);
  await Promise.all(
    families().map((it) => change(it, (shown) => restoreScript(wanted[it], shown))),
  );
}

/**
 * Takes an installation's rules away, e.g. once its desktops are gone. None there is no fault.
 * @throws FirewallError
 */
export async function removeFirewall(installationId: string): Promise<void> {
  await Promise.all(
    families().map((it) => change(it, (shown) => removalScript(installationId, shown))),
  );
}

async function change(
  family: Family,
  scriptFor: (shown: readonly string[]) => string | undefined,
): Promise<void> {
  const program = programs[family];
  for (let attempt = 1; ; attempt++) {
    const shown = (await run(program, ["-w", "5", "-t", "mangle", "-S"])).split("\n");
    const script = scriptFor(shown);
    if (script === undefined) return;
    try {
      await run(`${program}-restore`, ["--noflush", "-w", "5"], script);
      return;
    } catch (error) {
      // What was looked at may have been changed by another program before the transaction.
      if (attempt === attempts) throw error;
    }
  }
}

function run(program: string, args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      {
        // Where Debian has them, which a service's own path often lacks; messages in English.
        env: {
          PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          LC_ALL: "C",
        },
        timeout: commandLimitMs,
        maxBuffer: 16 * 1024 ** 2,
      },
      (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(faultOf(program, error, stderr)),
    );
    // A program that ends without reading is told of by its exit code.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

function faultOf(program: string, error: Error & { code?: unknown }, words: string): FirewallError {
  if (error.code === "ENOENT") {
    return new FirewallError(
      "iptables_missing",
      `Desktops cannot be kept from this host without ${program}: install it (apt-get install iptables).`,
      { cause: error },
    );
  }
  if (/permission denied|must be root|operation not permitted/i.test(words)) {
    return new FirewallError(
      "forbidden",
      "Desktops cannot be kept from this host: run the controller as root, or with CAP_NET_ADMIN.",
      { cause: error },
    );
  }
  const said = words.trim().split("\n").slice(-3).join(" ").slice(0, 300);
  return new FirewallError(
    "failed",
    `Desktops cannot be kept from this host: ${program} said: ${said || error.message}`,
    { cause: error },
  );
}
