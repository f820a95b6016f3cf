/** Stations: what staff do with them, and what a browser asks that is one. */
import type { z } from "zod";
import type { Environment, Instance } from "../../gateway/schemas.ts";
import type {
  ApprovalState,
  AskedApproval,
  AtStation,
  StationCode,
  stationBody,
  stationEndingBody,
  Stations,
  stationStartBody,
} from "../../gateway/station-schemas.ts";
import { firstScreen } from "./actions.ts";
import { one, type List } from "./calls.ts";
import { call } from "./client.ts";
import { acceptInstance, markAsked } from "./instance-cache.ts";
import { keys, queryClient } from "./query-client.ts";
import { randomId } from "./random-id.ts";
import { useQuery } from "./use-query.ts";

const stationKey = ["station"] as const;
const environmentsKey = ["station", "environments"] as const;
const stationsKey = (beamline: string) => ["stations", beamline] as const;

/** Experiments begin and end by the clock, of which no event tells. */
const lookMs = 10_000;
const environmentsEveryMs = 60_000;

export const useAtStation = () =>
  useQuery(() => ({
    queryKey: stationKey,
    queryFn: ({ signal }) => call<AtStation>("GET", "/api/station", { signal }),
    refetchInterval: lookMs,
  }));

/** What may be started here, each for an experiment that runs. */
export const useStationEnvironments = () =>
  useQuery(
    () => ({
      queryKey: environmentsKey,
      queryFn: ({ signal }) =>
        call<List<Environment>>("GET", "/api/environments?limit=200", { signal }),
      refetchInterval: environmentsEveryMs,
    }),
    "slug",
  );

/** What there is to start and to see is another with other experiments. */
export function lookAnew(): void {
  for (const queryKey of [stationKey, keys.instances])
    void queryClient.invalidateQueries({ queryKey });
}

/**
 * Makes this browser a station.
 *
 * @throws {ApiError}
 */
export async function enrol(code: string): Promise<void> {
  await call<AtStation>("POST", "/api/stations/enrol", { body: { code } });
  queryClient.clear();
}

/**
 * Starts a desktop of somebody's own on this station.
 *
 * @throws {ApiError}
 */
export async function startOwn(
  wish: Omit<z.input<typeof stationStartBody>, "screen">,
): Promise<Instance> {
  const asked = markAsked();
  const body = { ...wish, ...firstScreen() };
  const idempotencyKey = randomId();
  const made = await call<Instance>("POST", "/api/station/starts", { body, idempotencyKey });
  return acceptInstance(made, asked);
}

const approvals = "/api/station/approvals";
/** Somebody has their phone in their hand, and looks at both. */
const approvalEveryMs = 2_000;

/**
 * Asks somebody to start it on their phone; what was asked before is void.
 *
 * @throws {ApiError}
 */
export const askApproval = (wish: { environment: string; experiment?: string | undefined }) =>
  call<AskedApproval>("POST", approvals, { body: { ...wish, ...firstScreen() } });

/** What comes of it, until it is known. `id`: null asks for nothing. */
export const useApproval = (id: () => string | null) =>
  useQuery(() => ({
    queryKey: ["station", "approval", id()],
    queryFn: ({ signal }) => call<ApprovalState>("GET", one(approvals, id() ?? ""), { signal }),
    enabled: id() !== null,
    refetchInterval: ({ state }) =>
      state.data === undefined || state.data.state === "open" ? approvalEveryMs : false,
  }));

export const withdrawApproval = (id: string) => call<void>("DELETE", one(approvals, id));

export const useStations = (beamline: () => string) =>
  useQuery(() => ({
    queryKey: stationsKey(beamline()),
    queryFn: ({ signal }) => call<Stations>("GET", pathOf(beamline()), { signal }),
    enabled: beamline() !== "",
    refetchInterval: lookMs,
  }));

const pathOf = (beamline: string, ...more: string[]): string =>
  ["/api/admin/beamlines", encodeURIComponent(beamline), "stations", ...more].join("/");

async function thenLook<T>(beamline: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } finally {
    await queryClient.invalidateQueries({ queryKey: stationsKey(beamline) });
  }
}

export const addStation = (beamline: string, body: z.infer<typeof stationBody>) =>
  thenLook(beamline, call<StationCode>("POST", pathOf(beamline), { body }));
export const renewCode = (beamline: string, id: string) =>
  thenLook(beamline, call<StationCode>("POST", pathOf(beamline, id, "codes"), { body: {} }));
export const revokeStation = (beamline: string, id: string) =>
  thenLook(beamline, call<void>("DELETE", pathOf(beamline, id)));
export const setEnding = (beamline: string, body: z.infer<typeof stationEndingBody>) =>
  thenLook(beamline, call<Stations>("PATCH", pathOf(beamline), { body }));
