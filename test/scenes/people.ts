/** Who and what the scenes show. */
import { until } from "../browser.ts";
import { setAdministration } from "./administration.ts";
import { setCatalogue } from "./catalogue.ts";
import type { EnvironmentProp, PersonProp, Prop, Stage } from "../stage.ts";

export const longName =
  "Röntgenabsorptionsspektroskopie 2026-11-22, sample 0042 at 12.658 keV, after the realignment";
const longWord = "Kleinwinkelstreuungsdatenreduktionsarbeitsumgebung_mit_allen_Erweiterungen";

const environments: readonly EnvironmentProp[] = [
  {
    slug: "tomography",
    name: "Tomography",
    description: "Reconstruction and segmentation, with the beamline's own scripts.",
    versions: ["2026.11", "2026.08", "2026.03"],
  },
  {
    slug: "crystallography",
    name: "Crystallography",
    description: "Indexing, integration, refinement.",
    versions: ["2026.10"],
  },
  {
    slug: "lungs",
    name: "Lung imaging",
    description: "For those who took part.",
    versions: ["2026.11"],
    experiments: ["18342", "17999"],
  },
  {
    slug: "phase",
    name: "Phase retrieval",
    versions: ["2026.10", "2026.09"],
    experiments: ["2025-LUNG-7"],
  },
  { slug: "volume", name: "Volume viewer", versions: ["2026.09"] },
  {
    slug: "notebook",
    name: "Notebook",
    kind: "service",
    description: "Python with the usual scientific packages.",
    versions: ["2026.11"],
  },
  {
    slug: "long",
    name: longWord,
    description: `${longName}. ${longWord}: ${"and so on ".repeat(30)}`,
    versions: ["2026.11-with-a-rather-long-tag-that-somebody-made-by-hand", "2026.10"],
  },
];

/** One of each state, and several of those that people ask about. */
const mixed: readonly Prop[] = [
  { environment: "Tomography", state: "running", minutesAgo: 72 },
  { environment: "Crystallography", state: "starting", reached: "container", minutesAgo: 0 },
  { environment: "Crystallography", state: "queued", minutesAgo: 3 },
  {
    environment: "Volume viewer",
    state: "lost",
    minutesAgo: 200,
    reason: [
      "node_lost",
      "node gpu-04 has not been heard of; the desktop is kept in case it returns",
    ],
  },
  { environment: "Tomography", state: "paused", minutesAgo: 3000 },
  {
    environment: "Notebook",
    state: "stopping",
    minutesAgo: 20,
    reason: ["stopped_by_person", "stopped by its owner"],
  },
  {
    environment: "Tomography",
    state: "failed",
    minutesAgo: 400,
    reason: ["out_of_memory", "it used more than 8 GiB"],
  },
  {
    environment: "Crystallography",
    state: "failed",
    minutesAgo: 500,
    reason: [
      "container_error",
      'the engine said: error during container init: exec: "/usr/lib/asci/session": stat /usr/lib/asci/session: no such file or directory: unknown',
    ],
  },
  {
    environment: "Volume viewer",
    state: "stopped",
    minutesAgo: 900,
    reason: ["stopped_by_person", "stopped by its owner"],
  },
  { environment: "Notebook", state: "shelved", minutesAgo: 9000 },
  {
    environment: "Tomography",
    state: "stopped",
    minutesAgo: 90_000,
    reason: ["logged_out", "the person logged out"],
  },
];

function many(count: number): Prop[] {
  const names = ["Tomography", "Crystallography", "Volume viewer", "Notebook"];
  return Array.from({ length: count }, (_, index): Prop => {
    const environment = names[index % names.length] ?? "Tomography";
    const name = index % 3 === 0 ? environment : `Sample ${String(index).padStart(3, "0")}`;
    const state = index % 10 === 7 ? "queued" : index % 10 === 9 ? "lost" : "running";
    return { environment, name, state, minutesAgo: index * 37 + 1 };
  });
}

const people = {
  zero: { displayName: "Maria Kovač", desktops: [] },
  one: {
    displayName: "Maria Kovač",
    desktops: [{ environment: "Tomography", state: "running", minutesAgo: 72 }],
  },
  mixed: { displayName: "Maria Kovač", desktops: mixed },
  forty: { displayName: "Maria Kovač", desktops: many(40) },
  long: {
    displayName: "Maximiliane Freifrau von Hohenstaufen-Oberwaldstätten",
    desktops: [
      { environment: longWord, name: longName, state: "running", minutesAgo: 72 },
      {
        environment: longWord,
        name: "x".repeat(100),
        state: "failed",
        minutesAgo: 400,
        reason: ["container_error", `the engine said: ${"y".repeat(180)}`],
      },
    ],
  },
  live: { displayName: "Maria Kovač", desktops: [] },
  account: { displayName: "Maria Kovač", roles: ["user", "staff"] },
  fresh: { displayName: "Maria Kovač" },
  keeper: { displayName: "Noor Haddad", roles: ["user", "staff"] },
  waiter: {
    displayName: "Maria Kovač",
    desktops: [
      { environment: "Tomography", state: "running", minutesAgo: 72 },
      { environment: "Crystallography", state: "running", minutesAgo: 20 },
      { environment: "Volume viewer", name: longName, state: "running", minutesAgo: 5 },
      { environment: "Notebook", state: "queued", minutesAgo: 3 },
    ],
  },
  watcher: { displayName: "Beamline health checks", roles: ["monitor"] },
} satisfies Record<string, PersonProp>;

export type Person =
  | keyof typeof people
  | "admin"
  | "member"
  | "grouped"
  | "professor"
  | "lengthy"
  | "single";

/** Puts everyone and everything of the scenes on the stage, and starts one desktop that really runs. */
export async function setScenes(stage: Stage): Promise<void> {
  // Environments are opened to experiments, so these come first.
  await stage.addPerson("member", { experiments: ["18342", "17999", "2025-LUNG-7"] });
  for (const it of environments) await stage.addEnvironment(it);
  for (const [username, person] of Object.entries(people)) await stage.addPerson(username, person);
  await setCatalogue(stage);
  for (let index = 1; index <= 25; index += 1)
    await stage.addPerson(`person-${index}`, {
      displayName: `Person ${index}`,
      roles: index % 5 === 0 ? ["user", "staff"] : ["user"],
    });
  await setAdministration(stage);
  const { url } = stage.installation;
  const cookie = await cookieOf(stage, "live");
  const headers = { cookie, origin: url, "content-type": "application/json" };
  const body = JSON.stringify({ environment: "mate", name: longName });
  const started = await fetch(`${url}/api/instances`, { method: "POST", headers, body });
  if (!started.ok) throw new Error(`no live desktop: ${await started.text()}`);
  await until("the live desktop runs", async () => {
    const { items } = (await (await fetch(`${url}/api/instances`, { headers })).json()) as {
      items: { state: string }[];
    };
    return items[0]?.state === "running";
  });
}

/** Signs in, as a browser's cookie. */
export async function cookieOf(stage: Stage, username: string): Promise<string> {
  const { url, password } = stage.installation;
  const answer = await fetch(`${url}/api/auth/login`, {
    method: "POST",
    headers: { origin: url, "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  const cookie = answer.headers.get("set-cookie")?.split(";")[0];
  if (!cookie) throw new Error(`${username} was not signed in: ${await answer.text()}`);
  return cookie;
}

const signedIn = new WeakMap<Stage, Map<string, string>>();

/** As `cookieOf`, but the last one again as long as it is taken: passwords are made to be slow. */
export async function keptCookieOf(stage: Stage, username: string): Promise<string> {
  const cookies = signedIn.get(stage) ?? new Map<string, string>();
  signedIn.set(stage, cookies);
  const kept = cookies.get(username);
  if (kept !== undefined) {
    const me = await fetch(`${stage.installation.url}/api/me`, { headers: { cookie: kept } });
    if (me.ok) return kept;
  }
  const cookie = await cookieOf(stage, username);
  cookies.set(username, cookie);
  return cookie;
}
