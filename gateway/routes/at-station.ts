/** What a shared computer does: it becomes a station, and asks what there is there. */
import { Hono, type Context } from "hono";
import { writeAudit, writeLimited, writeRefusal } from "../../db/audit.ts";
import { getAtStation } from "../../db/at-station.ts";
import { getInstance } from "../../db/instances.ts";
import {
  countAttempt,
  forgiveAttempts,
  insertSignIn,
  revokeSignIn,
  revokeStationSignIns,
  type Bucket,
  type PersonRow,
} from "../../db/sign-ins.ts";
import { leaveStation, takeStationCode } from "../../db/stations.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { findBrowser } from "../middleware/guard.ts";
import {
  hashToken,
  newSignInToken,
  setSignInCookie,
  signedIn,
  stationLifeSeconds,
} from "../middleware/signed-in.ts";
import { networkOf } from "../network.ts";
import { mayCall, policyOf } from "../policy.ts";
import { notFound, ProblemError } from "../problem.ts";
import { instanceSchema, type Instance } from "../schemas.ts";
import { provePerson, tooMany } from "../sign-in.ts";
import { startInstance } from "../start.ts";
import { hashStationCode, readStationCode } from "../station-codes.ts";
import { atStationSchema, enrolBody, stationStartBody } from "../station-schemas.ts";
import { jsonBody } from "../validation.ts";

/** Wrong codes in 15 minutes from one address before the next one has to wait. */
function bucketsOf(c: Context<AppEnv>): { own: Bucket; shared: Bucket[] } {
  const from = networkOf(c.get("peer").address);
  return {
    own: { name: `enrol:${from}`, allowed: 8 },
    // The one that passwords are counted in.
    shared: [{ name: `address:${from}`, allowed: 40 }],
  };
}

async function refuseCode(
  deps: Deps,
  c: Context<AppEnv>,
  reason: "wrong_code" | "too_many_attempts",
  answer: ProblemError,
): Promise<never> {
  const entry = {
    action: "station.enrol",
    subjectKind: "station",
    address: c.get("peer").address,
    requestId: c.get("requestId"),
    detail: { reason },
  };
  const { own, shared } = bucketsOf(c);
  if (reason === "too_many_attempts") await writeLimited(deps.db, [own, ...shared], entry);
  else await writeAudit(deps.db, { ...entry, outcome: "refused" });
  throw answer;
}

/** The code, the station's sign-in in the place of any before, and its row in the trail: all or nothing. */
async function enrol(
  deps: Deps,
  c: Context<AppEnv>,
  typed: string,
  tokenHash: Uint8Array,
): Promise<PersonRow | undefined> {
  const code = readStationCode(typed);
  if (code === undefined) return undefined;
  const codeHash = await hashStationCode(deps.sealingKey, code);
  const { address } = c.get("peer");
  const userAgent = c.req.header("user-agent")?.slice(0, 300) ?? null;
  const before = await findBrowser(deps, c);
  return deps.db.transaction(async (tx) => {
    const taken = await takeStationCode(tx, codeHash);
    if (!taken) return undefined;
    const { stationId, userId } = taken;
    const ended = await revokeStationSignIns(tx, userId);
    // Another computer: who let the one before at their own files did not let this one.
    const left = await leaveStation(tx, stationId);
    const signIn = { userId, tokenHash, lifeSeconds: stationLifeSeconds, address, userAgent };
    const account = await insertSignIn(tx, signIn);
    if (!account) return undefined;
    // Whoever was signed in at this computer is so no more: their cookie is the station's now.
    if (before) await revokeSignIn(tx, before.id);
    const { own, shared } = bucketsOf(c);
    await forgiveAttempts(tx, own, shared);
    await writeAudit(tx, {
      actorId: userId,
      actorName: account.username,
      action: "station.enrol",
      outcome: "allowed",
      subjectKind: "station",
      subjectId: stationId,
      address,
      requestId: c.get("requestId"),
      detail: { ...(ended > 0 ? { ended } : {}), ...(left > 0 ? { left } : {}) },
    });
    return account;
  });
}

async function hereOf(deps: Deps, c: Context<AppEnv>) {
  const here = await getAtStation(deps.db, signedIn(c).person.id);
  if (!here) throw notFound("station");
  return here;
}

/** Starts a desktop of a person's own on the station that asks, which they prove to be with this call alone. */
async function startOwn(
  deps: Deps,
  c: Context<AppEnv>,
  { username, password, ...body }: ReturnType<typeof stationStartBody.parse>,
): Promise<Instance> {
  const here = await hereOf(deps, c);
  const { id: signInId, person: account } = signedIn(c);
  const audit = { address: c.get("peer").address, requestId: c.get("requestId") };
  const person = await provePerson(deps, {
    username: username.trim().toLowerCase(),
    password,
    userAgent: null,
    station: account.username,
    ...audit,
  });
  const line = policyOf("POST", "/api/instances");
  if (!line || !mayCall(line, person.roles)) {
    await writeRefusal(deps.db, {
      ...audit,
      actorId: person.id,
      actorName: person.username,
      signInId,
      action: "instance.start",
      outcome: "refused",
      detail: { reason: "role_missing", station: account.username },
    });
    throw new ProblemError(403, "role_missing", "This account does not work in desktops.");
  }
  const [first, ...more] = here.experiments;
  const experiment = body.experiment ?? (more.length === 0 ? first?.code : undefined);
  const id = await startInstance(deps.db, {
    person,
    body: { ...body, experiment },
    station: here,
    idempotencyKey: c.req.header("idempotency-key"),
    audit: { ...audit, signInId },
  });
  const instance = await getInstance(deps.db, account.id, id);
  if (!instance) throw notFound("instance");
  return instance;
}

export function atStationRoutes(deps: Deps) {
  const tag = "Stations";
  return new Hono<AppEnv>()
    .post(
      "/stations/enrol",
      describe({
        tag,
        summary: "Make this browser a station, with its code",
        description:
          "Sets the station's cookie. The computer that was the station before is signed out, and so is who was signed in here.",
        status: 200,
        body: atStationSchema,
        refusals: [400, 401, 403, 413, 429],
      }),
      jsonBody(enrolBody),
      async (c) => {
        const { own, shared } = bucketsOf(c);
        const waitSeconds = await countAttempt(deps.db, [own, ...shared]);
        if (waitSeconds > 0) return refuseCode(deps, c, "too_many_attempts", tooMany(waitSeconds));
        const token = newSignInToken();
        const account = await enrol(deps, c, c.req.valid("json").code, await hashToken(token));
        if (!account) {
          const words = "The code is wrong, was used, or is over. Ask for a new one.";
          return refuseCode(deps, c, "wrong_code", new ProblemError(401, "wrong_code", words));
        }
        setSignInCookie(c, token, stationLifeSeconds);
        const here = await getAtStation(deps.db, account.id);
        if (!here) throw notFound("station");
        return c.json(here, 200);
      },
    )
    .get(
      "/station",
      describe({
        tag,
        summary: "The station that asks, and what runs there now",
        status: 200,
        body: atStationSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => c.json(await hereOf(deps, c), 200),
    )
    .post(
      "/station/starts",
      describe({
        tag,
        summary: "Start a desktop of a person's own on the station, with their home",
        description:
          "The password counts for this one start, with the limits of signing in; nobody is signed in by it. Whoever it is takes part in an experiment that runs there now, or looks after the beamline. `Idempotency-Key` as for any start.",
        status: 202,
        body: instanceSchema,
        refusals: [400, 401, 403, 404, 409, 413, 429],
      }),
      jsonBody(stationStartBody),
      async (c) => c.json(await startOwn(deps, c, c.req.valid("json")), 202),
    );
}
