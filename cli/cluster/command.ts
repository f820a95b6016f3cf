/** `npm run cluster`: several nodes on one machine, to play with. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Docker from "dockerode";
import { z } from "zod";
import { ensureDemo } from "../../db/seed.ts";
import { generatedPassword } from "../data-folder.ts";
import { prepareDesktopImage } from "../desktop-image.ts";
import { stopEngine } from "../engine.ts";
import type { BaseImage } from "../../images/build.ts";
import { Failure } from "../failure.ts";
import { isAlive } from "../process-identity.ts";
import { dataDirOf, readSettings } from "../settings.ts";
import { onEndingSignal } from "../signals.ts";
import { readState } from "../state-file.ts";
import { Calm, say } from "../terminal.ts";
import { ensureUi, uiDir } from "../ui-build.ts";
import { startCluster, type Cluster } from "./cluster.ts";
import { cutLink, mendLink } from "./network.ts";
import type { NodeWish } from "./node.ts";
import { unlessAborted } from "./unless-aborted.ts";

const defaultNodes = 3;
const mostPlayed = 9;

const usage = `Say "npm run cluster", with a number of nodes from 1 to ${mostPlayed} if it is not to be ${defaultNodes}; or "npm run cluster cut NODE" or "npm run cluster mend NODE" while one runs.`;

export async function cluster(
  args: readonly string[],
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<number> {
  if (process.platform !== "linux")
    throw new Failure(
      "forbidden",
      "Several nodes on one machine need Linux, which gives each a network of its own: run this there.",
    );
  const [word, name, ...more] = args;
  const home = join(dataDirOf(environment), "cluster");
  if ((word === "cut" || word === "mend") && name !== undefined && more.length === 0)
    return setLink(runFolder(home), word, name);
  const count = word === undefined ? defaultNodes : Number(word);
  if (name !== undefined || !Number.isInteger(count) || count < 1 || count > mostPlayed)
    throw new Failure("usage", usage);
  return play(home, count, environment);
}

/** Two zones, and a GPU's place in every second node, so that there is something to choose by. */
function wishes(count: number): NodeWish[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `node-${at + 1}`,
    labels: {
      "asci.zone": at < count / 2 ? "north" : "south",
      "asci.gpu": at % 2 === 0 ? "none" : "demo",
    },
  }));
}

async function play(
  home: string,
  count: number,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<number> {
  const requested = new AbortController();
  const release = onEndingSignal((request) => {
    // What is left then is cleared away by the next start.
    if (request > 1) process.exit(130);
    say("Ending the cluster");
    requested.abort();
  });
  try {
    const image = await prepare(home, requested.signal);
    const started = await start(home, { count, image, environment, signal: requested.signal });
    try {
      await writeFile(linksFile(runFolder(home)), JSON.stringify(started.nodes.map(linkOf)));
      await explain(started, runFolder(home));
      if (!requested.signal.aborted)
        await new Promise((resolve) => requested.signal.addEventListener("abort", resolve));
    } finally {
      await started.stop();
    }
    say("The cluster is gone");
    return 0;
  } finally {
    await stopHostEngine(join(home, "engine"));
    release();
  }
}

function prepare(home: string, signal: AbortSignal): Promise<BaseImage> {
  const image = prepareDesktopImage(join(home, "engine"), join(home, "setup.log"));
  return unlessAborted(
    signal,
    Promise.all([image, ensureUi(say)]).then(([image]) => image),
  );
}

interface Wanted {
  readonly count: number;
  readonly image: BaseImage;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  readonly signal: AbortSignal;
}

function start(home: string, { count, image, environment, signal }: Wanted): Promise<Cluster> {
  const calm = new Calm();
  // Not a site's homes, data or database, which a shell may have set for its installation.
  const { ASCI_PORT = "8090", ASCI_HOST, ASCI_ADMIN_PASSWORD } = environment;
  const settings = readSettings({
    ASCI_PORT,
    ASCI_HOST,
    ASCI_ADMIN_PASSWORD,
    ASCI_DATA: runFolder(home),
  });
  say(`Starting ${count === 1 ? "1 node" : `${count} nodes`}`);
  return startCluster({
    nodes: wishes(count),
    settings,
    uiDir,
    signal,
    images: {
      folder: join(home, "image"),
      content: image.id,
      async fill(engine) {
        say("Giving the desktop image to the nodes (once)");
        await engine.load(await new Docker().getImage(image.id).get());
      },
    },
    fillCatalogue: (ownerUrl) => ensureDemo(ownerUrl, { ...image, digest: image.id }),
    onLine: (line) => {
      if (calm.isNews(line, performance.now())) say(line);
    },
  });
}

async function explain({ url, nodes }: Cluster, root: string): Promise<void> {
  const last = nodes.at(-1)?.name ?? "";
  const password = await generatedPassword.read(root);
  say(`ASCI is ready at ${url}`);
  if (password !== undefined) say(`Sign in as admin with password ${password}`);
  for (const { name, labels = {}, engine } of nodes) {
    const shown = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    say(`  ${name}: ${shown.join(" ")}; its engine: docker -H ${engine.url}`);
  }
  say(`Cut a node off in another terminal: npm run cluster cut ${last}`);
  say(`And let it come back: npm run cluster mend ${last}`);
  say("Ctrl-C ends the cluster and removes everything of it but the copy of the image");
}

/** Everything in it is thrown away at the end. */
const runFolder = (home: string): string => join(home, "run");

const links = z.array(z.object({ name: z.string(), link: z.string() }));
const linksFile = (root: string): string => join(root, "links.json");
const linkOf = ({ name, network }: Cluster["nodes"][number]) => ({ name, link: network.name });

async function setLink(root: string, word: "cut" | "mend", name: string): Promise<number> {
  const state = await readState(root);
  const text = await readFile(linksFile(root), "utf8").catch(() => "");
  if (state === undefined || text === "" || !(await isAlive(state.supervisor)))
    throw new Failure("not_running", "No cluster runs here: npm run cluster starts one.");
  const all = links.parse(JSON.parse(text));
  const found = all.find((it) => it.name === name);
  if (found === undefined) {
    const names = all.map((it) => it.name).join(", ");
    throw new Failure("usage", `There is no node ${name}: the cluster has ${names}.`);
  }
  await (word === "cut" ? cutLink(found.link) : mendLink(found.link));
  say(
    word === "cut"
      ? `${name} is cut off: in 10 s it is not ready, in a minute what runs there counts as lost`
      : `${name} has its link again: what runs there comes back by itself`,
  );
  return 0;
}

/** It was there to give its image; it goes only where we started it and nobody else came to use it. */
async function stopHostEngine(stateDir: string): Promise<void> {
  const running = await new Docker().listContainers().catch(() => []);
  if (running.length === 0) await stopEngine(stateDir).catch(() => undefined);
}
