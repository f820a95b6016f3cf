/** The calls of the administration's own pages, which come with them. */
import type { z } from "zod";
import type {
  adminEnvironmentSchema,
  adminInstanceDetailSchema,
  adminInstanceSchema,
  AdminToken,
  auditSchema,
  beamlineBody,
  beamlineSchema,
  entitlementBody,
  experimentBody,
  experimentSchema,
  groupBody,
  groupSchema,
  mayStartSchema,
  patchBeamlineBody,
  patchEnvironmentBody,
  patchExperimentBody,
  patchGroupBody,
} from "../../gateway/admin-schemas.ts";
import type {
  adminProviderSchema,
  patchProviderBody,
  providerBody,
} from "../../gateway/provider-schemas.ts";
import { one, pick, withQuery, type List, type ListQuery } from "./calls.ts";
import { call } from "./client.ts";

export type Beamline = z.infer<typeof beamlineSchema>;
export type Experiment = z.infer<typeof experimentSchema>;
export type ListedExperiment = Omit<Experiment, "members">;
export type Group = z.infer<typeof groupSchema>;
export type AdminInstance = z.infer<typeof adminInstanceSchema>;
export type AdminInstanceDetail = z.infer<typeof adminInstanceDetailSchema>;
export type AdminEnvironment = z.infer<typeof adminEnvironmentSchema>;
export type Entitlement = AdminEnvironment["entitlements"][number];
export type MayStart = z.infer<typeof mayStartSchema>;
export type AuditRecord = z.infer<typeof auditSchema>;
export type Provider = z.infer<typeof adminProviderSchema>;
export type ClaimRule = Provider["rules"][number];

const beamlines = "/api/admin/beamlines";
const experiments = "/api/admin/experiments";
const groups = "/api/admin/groups";
const environments = "/api/admin/environments";
const providers = "/api/admin/providers";

export const signOutUser = (id: string) =>
  call<void>("POST", `${one("/api/admin/users", id)}/logout`);

export const listBeamlines = (query: ListQuery, signal?: AbortSignal) =>
  call<List<Beamline>>("GET", withQuery(beamlines, query), pick(signal));
export const createBeamline = (body: z.input<typeof beamlineBody>) =>
  call<Beamline>("POST", beamlines, { body });
export const patchBeamline = (id: string, body: z.infer<typeof patchBeamlineBody>) =>
  call<Beamline>("PATCH", one(beamlines, id), { body });
export const deleteBeamline = (id: string) => call<void>("DELETE", one(beamlines, id));

export const listExperiments = (query: ListQuery, signal?: AbortSignal) =>
  call<List<ListedExperiment>>("GET", withQuery(experiments, query), pick(signal));
export const getExperiment = (id: string, signal?: AbortSignal) =>
  call<Experiment>("GET", one(experiments, id), pick(signal));
export const createExperiment = (body: z.input<typeof experimentBody>) =>
  call<Experiment>("POST", experiments, { body });
export const patchExperiment = (id: string, body: z.infer<typeof patchExperimentBody>) =>
  call<Experiment>("PATCH", one(experiments, id), { body });
export const deleteExperiment = (id: string) => call<void>("DELETE", one(experiments, id));

export const listGroups = (query: ListQuery, signal?: AbortSignal) =>
  call<List<Group>>("GET", withQuery(groups, query), pick(signal));
export const createGroup = (body: z.input<typeof groupBody>) =>
  call<Group>("POST", groups, { body });
export const patchGroup = (id: string, body: z.infer<typeof patchGroupBody>) =>
  call<Group>("PATCH", one(groups, id), { body });
export const deleteGroup = (id: string) => call<void>("DELETE", one(groups, id));

export const listAllEnvironments = (query: ListQuery, signal?: AbortSignal) =>
  call<List<AdminEnvironment>>("GET", withQuery(environments, query), pick(signal));
export const getEnvironment = (id: string, signal?: AbortSignal) =>
  call<AdminEnvironment>("GET", one(environments, id), pick(signal));
export const patchEnvironment = (id: string, body: z.infer<typeof patchEnvironmentBody>) =>
  call<AdminEnvironment>("PATCH", one(environments, id), { body });
export const openEnvironment = (id: string, body: z.input<typeof entitlementBody>) =>
  call<AdminEnvironment>("POST", `${one(environments, id)}/entitlements`, { body });
export const closeEnvironment = (id: string, entitlementId: string) =>
  call<void>("DELETE", one(`${one(environments, id)}/entitlements`, entitlementId));

export interface MayStartQuestion {
  readonly user: string;
  /** Its slug. */
  readonly environment: string;
  /** Its code; empty: without one. */
  readonly experiment: string;
}
export const askMayStart = (question: MayStartQuestion, signal?: AbortSignal) =>
  call<MayStart>("GET", withQuery("/api/admin/may-start", question), pick(signal));

export type { AdminToken };
export const listAllTokens = (query: ListQuery, signal?: AbortSignal) =>
  call<List<AdminToken>>("GET", withQuery("/api/admin/tokens", query), pick(signal));
export const listAllInstances = (query: ListQuery, signal?: AbortSignal) =>
  call<List<AdminInstance>>("GET", withQuery("/api/admin/instances", query), pick(signal));
export const getAnyInstance = (id: string, signal?: AbortSignal) =>
  call<AdminInstanceDetail>("GET", one("/api/admin/instances", id), pick(signal));
export const stopAnyInstance = (id: string) =>
  call<AdminInstance>("POST", `${one("/api/admin/instances", id)}/stop`);

export const revokeAnyToken = (id: string) => call<void>("DELETE", one("/api/admin/tokens", id));

export const listAudit = (query: ListQuery, signal?: AbortSignal) =>
  call<List<AuditRecord>>("GET", withQuery("/api/admin/audit", query), pick(signal));
/** Where the browser downloads it from. */
export const auditExport = (query: object): string => withQuery("/api/admin/audit/export", query);

export const listAdminProviders = (query: ListQuery, signal?: AbortSignal) =>
  call<List<Provider>>("GET", withQuery(providers, query), pick(signal));
export const createProvider = (body: z.input<typeof providerBody>) =>
  call<Provider>("POST", providers, { body });
export const patchProvider = (id: string, body: z.infer<typeof patchProviderBody>) =>
  call<Provider>("PATCH", one(providers, id), { body });
export const deleteProvider = (id: string) => call<void>("DELETE", one(providers, id));
