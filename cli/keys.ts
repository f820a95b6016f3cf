import type { Connection } from "../db/client.ts";
import { jwksMaxAgeSeconds, keyCopyMaxAgeSeconds, ticketLifeSeconds } from "../db/key-schedule.ts";
import { listKeyTimes, listSigningKeys, retireKey } from "../db/keys.ts";
import type { KeyTimes, Retirement } from "../db/keys.ts";
import { openKey, SealedKeyError } from "../gateway/key-sealing.ts";
import { rotate } from "../gateway/rotation.ts";
import { Failure } from "./failure.ts";
import { openDatabase, readSealingKey } from "./keys-access.ts";
import type { SealingKey } from "./keys-access.ts";
import { say } from "./terminal.ts";

type Environment = Readonly<NodeJS.ProcessEnv>;

const usage = `Usage: keys list              every key, its state and its times
       keys rotate            publish a key that takes over in some minutes; refuses nothing
       keys rotate --now      a key has leaked: replace it at once
       keys retire KEY        refuse what one key has signed, at once`;

const remnant = `tickets given out in the last ${ticketLifeSeconds} s and not used yet`;

/**
 * `asci keys`: looks at, rotates and retires the keys that sign tickets, beside an installation that runs.
 * @throws Failure
 */
export async function keys(args: readonly string[], environment: Environment): Promise<number> {
  const run = commandOf(args);
  const connection = await openDatabase(environment);
  try {
    await run(connection, environment);
    return 0;
  } finally {
    await connection.close();
  }
}

type Run = (connection: Connection, environment: Environment) => Promise<void>;

/** For the audit trail. */
function operator(environment: Environment): string {
  return `${environment["SUDO_USER"] || environment["USER"] || "operator"} (asci keys)`;
}

function commandOf([name, ...args]: readonly string[]): Run {
  const [first] = args;
  if (name === "list" && args.length === 0) return list;
  if (name === "rotate" && args.length === 0) return rotateInTurn;
  if (name === "rotate" && args.length === 1 && first === "--now") return rotateNow;
  if (name === "retire" && args.length === 1 && first !== undefined) {
    return (connection, environment) => retire(connection, environment, first);
  }
  throw new Failure("usage", usage);
}

async function list({ db }: Connection): Promise<void> {
  const found = await listKeyTimes(db);
  if (found.length === 0) say("There is no key yet: the first gateway that starts makes one.");
  else for (const line of table(found)) say(line);
}

function table(found: readonly KeyTimes[]): string[] {
  const rows = [
    ["key", "state", "published", "signs from", "signs until", "retired"],
    ...found.map((it) => [
      it.kid,
      it.state,
      toSecond(it.publishedAt),
      toSecond(it.signFrom),
      it.signUntil === null ? "-" : toSecond(it.signUntil),
      it.retiredAt === null ? "-" : toSecond(it.retiredAt),
    ]),
  ];
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

async function rotateInTurn({ db }: Connection, environment: Environment): Promise<void> {
  const sealing = await readSealingKey(environment);
  const rotation = await rotate(db, sealing.secret, { by: operator(environment) }).catch(
    (error: unknown) => {
      throw sealedOtherwise(error, sealing) ?? error;
    },
  );
  if (rotation === undefined) {
    const waiting = (await listKeyTimes(db)).find((it) => it.state === "published");
    say("Nothing to do: a key is published already and has not begun to sign.");
    if (waiting !== undefined) say(`${waiting.kid} signs from ${toSecond(waiting.signFrom)}.`);
    return;
  }
  const { published, replaced } = rotation;
  say(`Published ${published.kid}`);
  say(`It signs from ${toSecond(published.signFrom)}.`);
  for (const it of replaced) {
    if (it.signUntil !== published.signFrom || it.retiredAt === null) continue;
    say(`${it.kid} signs until then, and is retired at ${toSecond(it.retiredAt)}.`);
  }
  say("Nothing is refused meanwhile, and nothing else is to be done.");
}

async function rotateNow({ db }: Connection, environment: Environment): Promise<void> {
  const sealing = await readSealingKey(environment);
  const options = { schedule: "at once", by: operator(environment) } as const;
  const rotation = await rotate(db, sealing.secret, options).catch((error: unknown) => {
    throw sealedOtherwise(error, sealing) ?? error;
  });
  if (rotation === undefined) throw new Error("a rotation at once was not carried out");
  say(`${rotation.published.kid} signs from now on.`);
  for (const { kid } of rotation.replaced) say(`${kid} is retired.`);
  const shownSeconds = keyCopyMaxAgeSeconds + jwksMaxAgeSeconds;
  say(
    `Refused from now on: what a retired key has signed. Of what people hold that is only ${remnant}; their pages ask for new ones by themselves. Open desktops go on.`,
  );
  say(
    `Copies of /.well-known/jwks.json may show a retired key for ${shownSeconds} s more; gateways and relays do not go by them.`,
  );
}

async function retire({ db }: Connection, environment: Environment, kid: string): Promise<void> {
  const by = operator(environment);
  let done = await retireKey(db, kid, { by });
  // Where the gateways' sealing key was lost, nobody can sign with it anyway.
  if (
    done.kind === "needed" &&
    (await isSealedOtherwise(db, await readSealingKey(environment), kid))
  )
    done = await retireKey(db, kid, { by, needless: true });
  sayRetired(kid, done);
}

function sayRetired(kid: string, done: Retirement): void {
  switch (done.kind) {
    case "unknown":
      throw new Failure("key", `There is no key ${kid}. \`keys list\` shows those that there are.`);
    case "needed":
      throw new Failure(
        "key",
        `${kid} is the key that signs, and no other can yet. To replace it at once: keys rotate --now`,
      );
    case "retired_before":
      return say(`${kid} was retired before.`);
    case "retired":
      say(`${kid} is retired.`);
      if (done.was === "published") say("It had not signed anything.");
      else
        say(
          `Refused from now on: what it has signed. Of what people hold that is only ${remnant}.`,
        );
      if (done.restored !== undefined) say(`${done.restored} signs on, and is not retired.`);
  }
}

/** A key that nobody with our sealing key can sign with. */
async function isSealedOtherwise(
  db: Connection["db"],
  { secret }: SealingKey,
  kid: string,
): Promise<boolean> {
  const key = (await listSigningKeys(db)).find((it) => it.kid === kid);
  if (key === undefined) return false;
  return openKey(secret, key).then(
    () => false,
    (error: unknown) => error instanceof SealedKeyError,
  );
}

function sealedOtherwise(error: unknown, { from }: SealingKey): Failure | undefined {
  if (!(error instanceof SealedKeyError)) return undefined;
  return new Failure(
    "key",
    `${error.message} It comes from ${from}; gateways that sign have another, and could not open a new key either. Use theirs. Where theirs is lost: keys retire ${error.kid}, and the gateways make a key that they can open.`,
    { cause: error },
  );
}

/** ISO 8601 without its milliseconds. */
function toSecond(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}
