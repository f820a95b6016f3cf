/** `npm run bench`: every figure with its floor or peer from the same run; exits 1 where a goal is missed. */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import Docker from "dockerode";
import { installTestPrograms } from "../cli/test-programs.ts";
import { ensureBaseImage } from "../images/build.ts";
import { launchBrowser, signIn, visit } from "../test/browser.ts";
import { startInstallation, type TestInstallation } from "../test/installation.ts";
import { benchAccept } from "./accept.ts";
import { benchEdge } from "./edge.ts";
import { benchExperiments } from "./experiments.ts";
import { benchQueue } from "./queue.ts";
import { benchReconnect } from "./reconnect.ts";
import {
  benchBulk,
  benchRoundTrip,
  benchSmallUpdates,
  benchStalledViewer,
  type BenchRow,
} from "./relay.ts";
import { benchRules } from "./rules.ts";
import { benchPacking, benchScheduler } from "./scheduler.ts";
import { benchStart } from "./start.ts";

const results = join(import.meta.dirname, "results");

/** Every script that the catalogue loads, as Brotli sends it. */
async function benchScripts(installation: TestInstallation): Promise<BenchRow[]> {
  const browser = await launchBrowser();
  try {
    const { page } = await visit(browser, installation.url);
    const scripts = new Set<string>();
    page.on("response", (response) => {
      if (response.request().resourceType() === "script") scripts.add(response.url());
    });
    await signIn(page, installation);
    await page.reload();
    await page.getByRole("button", { name: "Start", exact: true }).first().waitFor();
    let bytes = 0;
    for (const url of scripts) {
      const body = Buffer.from(await (await fetch(url)).arrayBuffer());
      const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
      bytes += brotliCompressSync(body, { params }).length;
    }
    const kilobytes = bytes / 1000;
    return [
      {
        name: `catalogue's scripts, Brotli (${scripts.size} files)`,
        ours: kilobytes,
        peer: 90,
        unit: "kB",
        goal: "≤ 90 kB",
        pass: kilobytes <= 90,
      },
    ];
  } finally {
    await browser.close();
  }
}

/** The second start of an installation, from the command to the ready line. */
async function benchSecondStart(
  installation: TestInstallation,
): Promise<{ rows: BenchRow[]; installation: TestInstallation }> {
  await installation.interrupt();
  const began = performance.now();
  const again = await installation.startAgain();
  const seconds = (performance.now() - began) / 1000;
  const goal = { goal: "≤ 5 s", pass: seconds <= 5 };
  return {
    installation: again,
    rows: [{ name: "second start → ready line", ours: seconds, peer: 5, unit: "s", ...goal }],
  };
}

async function benchInstallation(): Promise<BenchRow[]> {
  const { image } = await ensureBaseImage(new Docker(), { onProgress: () => {} });
  let installation = await startInstallation();
  try {
    const second = await benchSecondStart(installation);
    installation = second.installation;
    const scripts = await benchScripts(installation);
    return [
      ...(await benchStart(installation, image, {
        pairs: Number(process.env["ASCI_BENCH_PAIRS"] ?? 20),
      })),
      ...(await benchReconnect(installation)),
      ...second.rows,
      ...scripts,
    ];
  } finally {
    await installation.remove();
  }
}

const benches: Record<string, () => Promise<BenchRow[]>> = {
  installation: benchInstallation,
  accept: () => benchAccept(),
  roundTrip: () => benchRoundTrip(),
  bulk: () => benchBulk(),
  smallUpdates: () => benchSmallUpdates(),
  stalledViewer: () => benchStalledViewer(),
  experiments: () => benchExperiments(),
  rules: () => benchRules(),
  edge: () => benchEdge(),
  scheduler: () => benchScheduler(),
  queue: () => benchQueue(),
  packing: () => Promise.resolve(benchPacking()),
};

/** @param names which benches to run; all where none is named */
export async function bench(names: readonly string[]): Promise<number> {
  const unknown = names.filter((it) => !(it in benches));
  if (unknown.length > 0) {
    console.error(`No bench ${unknown.join(", ")}; there are: ${Object.keys(benches).join(", ")}`);
    return 2;
  }
  await installTestPrograms();
  const rows: BenchRow[] = [];
  for (const [name, run] of Object.entries(benches))
    if (names.length === 0 || names.includes(name)) rows.push(...(await run()));
  const shown = rows.map(({ name, ours, peer, unit, goal, pass }) => ({
    figure: name,
    ours: Number(ours.toPrecision(3)),
    beside: peer === undefined ? "" : Number(peer.toPrecision(3)),
    unit,
    goal,
    met: pass,
  }));
  console.table(shown);
  await mkdir(results, { recursive: true });
  const at = new Date().toISOString();
  const file = join(results, `${at.replaceAll(":", "-")}.json`);
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model ?? "", node: process.version };
  await writeFile(file, `${JSON.stringify({ at, machine, rows }, null, 2)}\n`);
  return rows.every((it) => it.pass) ? 0 : 1;
}
