/*
 * Adds to package-lock.json the optional packages for other platforms that the registry at hand did
 * not have: without them `npm ci` refuses the lock. Run it after every `npm install`.
 */
import { readFileSync, writeFileSync } from "node:fs";
const path = process.argv[2] ?? "package-lock.json";
const lock = JSON.parse(readFileSync(path, "utf8"));
const added = [];
for (const [parent, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    let base = parent,
      found = false;
    for (;;) {
      // node's resolution, upwards
      if (lock.packages[(base ? base + "/" : "") + "node_modules/" + name]) {
        found = true;
        break;
      }
      if (!base) break;
      const cut = base.lastIndexOf("node_modules/");
      base = base.slice(0, Math.max(0, cut - 1));
    }
    if (found) continue;
    added.push([parent, name, version]);
  }
}
const osOf = {
  android: "android",
  darwin: "darwin",
  freebsd: "freebsd",
  linux: "linux",
  win32: "win32",
  windows: "win32",
  openharmony: "openharmony",
  openbsd: "openbsd",
  netbsd: "netbsd",
  sunos: "sunos",
  aix: "aix",
  wasm32: null,
};
for (const [parent, name, version] of added) {
  const words = name.split("/").pop().split("-");
  const os = words.map((w) => osOf[w]).find((w) => w);
  const cpu = words.find((w) =>
    /^(arm|arm64|x64|ia32|ppc64|riscv64|s390x|loong64|mips64el|wasm32)$/.test(w),
  );
  const libc = words.includes("musl")
    ? "musl"
    : words.includes("gnu") && os === "linux"
      ? "glibc"
      : undefined;
  console.log(parent, name, version, os, cpu, libc);
  if (!/^\d/.test(version)) {
    console.log("  range, skipped");
    continue;
  }
  const key = "node_modules/" + name;
  lock.packages[key] = {
    version,
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(lock.packages[parent].dev ? { dev: true } : {}),
    ...(libc ? { libc: [libc] } : {}),
    license: lock.packages[parent].license,
    optional: true,
    ...(os ? { os: [os] } : {}),
  };
}
const sorted = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
);
lock.packages = sorted;
writeFileSync(path, JSON.stringify(lock, null, 2) + "\n");
