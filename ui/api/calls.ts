import type { z } from "zod";
import type { AdminUser, createUserBody, patchUserBody } from "../../gateway/admin-schemas.ts";
import type { Catalogue } from "../../gateway/catalogue-schemas.ts";
import type { Availability } from "../../gateway/use-schemas.ts";
import type { OfferedProvider } from "../../gateway/provider-schemas.ts";
import type {
  AccessToken,
  Home,
  Instance,
  Me,
  NewToken,
  OwnSignIn,
  SignedOut,
  startBody,
  Ticket,
  ticketBody,
  tokenBody,
} from "../../gateway/schemas.ts";
import { call } from "./client.ts";

/** Every list of the API. `nextCursor` is null on the last page. */
export interface List<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

export interface ListQuery {
  readonly search?: string | undefined;
  readonly sort?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

type Permission = z.infer<typeof ticketBody>["permission"];

export const one = (path: string, id: string): string => `${path}/${encodeURIComponent(id)}`;

export function withQuery(path: string, query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}

export const getProviders = () => call<List<OfferedProvider>>("GET", "/api/auth/providers");
export const login = (body: { username: string; password: string }) =>
  call<{ user: Me }>("POST", "/api/auth/login", { body });
export const logout = () => call<SignedOut | undefined>("POST", "/api/auth/logout");
export const logoutEverywhere = () =>
  call<SignedOut | undefined>("POST", "/api/auth/logout/everywhere");
export const getMe = (signal?: AbortSignal) => call<Me>("GET", "/api/me", pick(signal));

export const listSignIns = (query: ListQuery, signal?: AbortSignal) =>
  call<List<OwnSignIn>>("GET", withQuery("/api/sign-ins", query), pick(signal));
export const getHome = (signal?: AbortSignal) => call<Home>("GET", "/api/home", pick(signal));
export const endSignIn = (id: string) => call<void>("DELETE", one("/api/sign-ins", id));
/** More than anyone may have. */
const everyToken = { limit: 200 };
export const listTokens = (signal?: AbortSignal) =>
  call<List<AccessToken>>("GET", withQuery("/api/tokens", everyToken), pick(signal));
export const createToken = (body: z.infer<typeof tokenBody>) =>
  call<NewToken>("POST", "/api/tokens", { body });
export const revokeToken = (id: string) => call<void>("DELETE", one("/api/tokens", id));

export const getCatalogue = (signal?: AbortSignal) =>
  call<Catalogue>("GET", "/api/catalogue", pick(signal));
export const getAvailability = (slug: string, experiment: string, signal?: AbortSignal) =>
  call<Availability>(
    "GET",
    withQuery(`${one("/api/environments", slug)}/availability`, { experiment }),
    pick(signal),
  );
export const addFavourite = (slug: string) => call<void>("PUT", one("/api/favourites", slug));
export const removeFavourite = (slug: string) => call<void>("DELETE", one("/api/favourites", slug));

/** So many pages: what runs may be older than hundreds that have ended. */
const mostPages = 5;

export async function listInstances(signal?: AbortSignal): Promise<List<Instance>> {
  const items: Instance[] = [];
  let cursor: string | null = null;
  for (let page = 1; page <= mostPages; page += 1) {
    const query = { limit: 200, cursor: cursor ?? undefined };
    const path = withQuery("/api/instances", query);
    const list: List<Instance> = await call("GET", path, pick(signal));
    items.push(...list.items);
    cursor = list.nextCursor;
    if (cursor === null) break;
  }
  return { items, nextCursor: cursor };
}
export const getInstance = (id: string, signal?: AbortSignal) =>
  call<Instance>("GET", one("/api/instances", id), pick(signal));
export const startInstance = (body: z.infer<typeof startBody>, idempotencyKey: string) =>
  call<Instance>("POST", "/api/instances", { body, idempotencyKey });
export const stopInstance = (id: string) =>
  call<Instance>("POST", `${one("/api/instances", id)}/stop`);
export const restartInstance = (id: string) =>
  call<Instance>("POST", `${one("/api/instances", id)}/restart`);
export const extendInstance = (id: string) =>
  call<Instance>("POST", `${one("/api/instances", id)}/extend`);
export const createTicket = (id: string, permission: Permission, signal?: AbortSignal) =>
  call<Ticket>("POST", `${one("/api/instances", id)}/tickets`, {
    body: { permission },
    ...pick(signal),
  });

export const listUsers = (query: ListQuery, signal?: AbortSignal) =>
  call<List<AdminUser>>("GET", withQuery("/api/admin/users", query), pick(signal));
export const createUser = (body: z.infer<typeof createUserBody>) =>
  call<AdminUser>("POST", "/api/admin/users", { body });
export const patchUser = (id: string, body: z.infer<typeof patchUserBody>) =>
  call<AdminUser>("PATCH", one("/api/admin/users", id), { body });

export function pick(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
