// Runs on any Node from version 20 on, with nothing installed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Installs the npm packages where they are missing, older than package-lock.json, or left half-made.
 * @param {string} root the project's folder
 * @returns {Promise<void>}
 */
export async function ensurePackages(root) {
  if (isInstalled(root)) return;
  const release = await lockInstallation(root);
  try {
    // Another command may have installed them while we waited.
    if (isInstalled(root)) return;
    const startedAt = Date.now();
    console.log("Installing npm packages: about a minute");
    await npmCi(root);
    if (!existsSync(join(root, "node_modules", ".bin", "node"))) {
      throw new Error(
        "npm installed the packages but did not run their install scripts: unset ignore-scripts in npm's configuration and try again.",
      );
    }
    writeStamp(root);
    console.log(`Installed npm packages in ${Math.round((Date.now() - startedAt) / 1000)} s`);
  } finally {
    release();
  }
}

/**
 * True where node_modules is what package-lock.json says. A stamp with that file's hash answers fast; where it differs,
 * npm's own record decides, which npm writes last, so that an interrupted installation has none.
 * @param {string} root
 * @returns {boolean}
 */
export function isInstalled(root) {
  if (!existsSync(join(root, "node_modules", ".bin", "node"))) return false;
  if (readText(stampPath(root)).trim() === hashOfLockFile(root)) return true;
  const wanted = readJson(join(root, "package-lock.json"));
  const present = readJson(join(root, "node_modules", ".package-lock.json"));
  if (!wanted.packages || !present.packages) return false;
  if (!agrees(wanted.packages, present.packages)) return false;
  writeStamp(root);
  return true;
}

/**
 * @param {Record<string, {version?: string, integrity?: string, optional?: boolean, devOptional?: boolean}>} wanted
 * @param {Record<string, {version?: string, integrity?: string}>} present
 * @returns {boolean}
 */
export function agrees(wanted, present) {
  return Object.entries(wanted).every(([path, package_]) => {
    // The project itself is not in node_modules.
    if (path === "") return true;
    const found = present[path];
    // Optional ones are left out on platforms that they are not for.
    if (found === undefined) return package_.optional === true || package_.devOptional === true;
    return found.version === package_.version && found.integrity === package_.integrity;
  });
}

async function npmCi(root) {
  // npm ci removes node_modules first, and with it the Node that may be running this very script: npm gets the
  // system's. What the person has set by npm_config_* stays as it is.
  const binDir = join(root, "node_modules", ".bin");
  const path = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((directory) => directory !== binDir);
  const env = { ...process.env, PATH: path.join(delimiter), SCARF_ANALYTICS: "false" };
  // Also under NODE_ENV=production: the pages are built here.
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund"];
  const child = spawn("npm", args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
  const forward = (signal) => child.kill(signal);
  const signals = ["SIGINT", "SIGTERM"];
  for (const signal of signals) process.on(signal, forward);
  const [code, signal] = await once(child, "exit").catch((error) => {
    throw new Error(
      error.code === "ENOENT"
        ? "There is no npm on the path: install it (on Debian: apt-get install npm) and try again."
        : `npm does not run: ${error.message}`,
    );
  });
  for (const name of signals) process.off(name, forward);
  if (signal !== null || code === 130) {
    throw Object.assign(
      new Error(
        "The installation of npm packages was interrupted; the next command goes on with it.",
      ),
      {
        exitCode: 130,
      },
    );
  }
  if (code !== 0) {
    throw new Error("npm could not install the packages: see above, mend that, and try again.");
  }
}

/**
 * Two commands at once must not run npm ci together. The kernel's lock goes with us, however we end; without the
 * program flock (util-linux) there is none.
 */
async function lockInstallation(root) {
  const file = openSync(join(root, "package-lock.json"), "r");
  const flock = async (args) => {
    const child = spawn("flock", [...args, "3"], { stdio: ["ignore", "ignore", "inherit", file] });
    return once(child, "exit").then(
      ([code]) => code,
      () => 0,
    );
  };
  if ((await flock(["-n"])) !== 0) {
    console.log("Another command is installing npm packages here: waiting for it");
    await flock([]);
  }
  return () => closeSync(file);
}

function hashOfLockFile(root) {
  const text = readText(join(root, "package-lock.json"));
  // The binaries among the packages are for one kind of machine.
  return createHash("sha256").update(`${process.platform} ${process.arch}\n${text}`).digest("hex");
}

function writeStamp(root) {
  try {
    writeFileSync(stampPath(root), `${hashOfLockFile(root)}\n`);
  } catch {
    // Somebody else's node_modules: then npm's record is compared each time.
  }
}

function stampPath(root) {
  return join(root, "node_modules", ".asci-packages");
}

function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function readJson(path) {
  try {
    return JSON.parse(readText(path));
  } catch {
    return {};
  }
}
