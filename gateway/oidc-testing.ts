/** For tests: a gateway with a real provider, and browsers that sign in through it. */
import { inject } from "vitest";
import {
  startProvider,
  type TestProvider,
  type TestProviderOptions,
} from "../test/oidc-provider.ts";
import { seal } from "./sealing.ts";
import { startTestGateway, type TestGateway } from "./testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

/** A browser that follows redirects by hand, with a cookie jar for each site. */
export class Surfer {
  readonly #jars = new Map<string, Map<string, string>>();
  async go(address: string, form?: Record<string, string>): Promise<Response> {
    const { origin } = new URL(address);
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    const answer = await fetch(address, {
      redirect: "manual",
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(form && { origin }),
      },
      ...(form && { method: "POST", body: new URLSearchParams(form) }),
    });
    for (const set of answer.headers.getSetCookie()) {
      const [pair = ""] = set.split(";");
      const at = pair.indexOf("=");
      if (/expires=Thu, 01 Jan 1970|max-age=0/i.test(set)) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }
  /** Follows until there is no further, or until an address that `stop` names. */
  async follow(
    address: string,
    stop?: (url: string) => boolean,
  ): Promise<{ url: string; answer: Response }> {
    let url = address;
    for (let hops = 0; hops < 15; hops += 1) {
      const answer = await this.go(url);
      const location = answer.headers.get("location");
      if (!location) return { url, answer };
      url = new URL(location, url).href;
      if (stop?.(url)) return { url, answer };
    }
    throw new Error(`too many redirects, at ${url}`);
  }
  cookie(origin: string, name: string): string | undefined {
    return this.#jars.get(origin)?.get(name);
  }
}

export const isCallback = (url: string) => url.includes("/callback?");

export interface SignedIn {
  readonly status: number;
  /** Where it ended. */
  readonly to: string | null;
  /** Who is signed in then. */
  readonly me: Record<string, unknown> | null;
}

export interface OidcSite {
  readonly gateway: TestGateway;
  readonly provider: TestProvider;
  /** Nobody and nothing but the provider `uni`. @returns its id */
  reset(): Promise<string>;
  /** Another one. @returns its id */
  add(slug: string, provider: TestProvider): Promise<string>;
  callbackOf(slug: string): string;
  /** Up to where the provider sends the browser back. */
  toCallback(surfer: Surfer, account: string, next?: string, slug?: string): Promise<string>;
  signIn(account: string, surfer?: Surfer, next?: string, slug?: string): Promise<SignedIn>;
  close(): Promise<void>;
}

/** Through the provider's pages, as far as it shows them. */
async function follow(surfer: Surfer, start: string, account: string): Promise<string> {
  let at = await surfer.follow(start, isCallback);
  for (const form of [
    { prompt: "login", login: account, password: "any" },
    { prompt: "consent" },
  ]) {
    if (isCallback(at.url)) break;
    const answer = await surfer.go(at.url, form);
    const to = new URL(answer.headers.get("location") ?? "", at.url).href;
    at = await surfer.follow(to, isCallback);
  }
  return at.url;
}

export async function openOidcSite(
  options: (origin: string) => TestProviderOptions = () => ({}),
): Promise<OidcSite> {
  const gateway = await startTestGateway(inject("postgresUrl"), { asksOthers: true });
  const { origin } = gateway;
  const owner = gateway.database.owner.sql;
  const callbackOf = (slug: string) => `${origin}/auth/oidc/${slug}/callback`;
  const provider = await startProvider([callbackOf("uni")], options(origin));
  const add: OidcSite["add"] = async (slug, it) => {
    const id = crypto.randomUUID();
    const secret = await seal(gateway.sealingKey, `provider ${id}`, it.clientSecret);
    await owner`insert into providers (id, slug, name, issuer, client_id, sealed_secret)
      values (${id}, ${slug}, ${`The ${slug}`}, ${it.issuer}, ${it.clientId}, ${secret})`;
    return id;
  };
  const toCallback: OidcSite["toCallback"] = (surfer, account, next = "/", slug = "uni") =>
    follow(surfer, `${origin}/auth/oidc/${slug}/start?next=${encodeURIComponent(next)}`, account);
  return {
    gateway,
    provider,
    add,
    callbackOf,
    toCallback,
    async reset() {
      await emptyTables(owner, "providers, users, audit, beamlines, groups, sign_in_failures");
      provider.claims.clear();
      Object.assign(provider, { down: false, halt: false, reissue: undefined });
      provider.asked.length = 0;
      gateway.forgetLines();
      return add("uni", provider);
    },
    async signIn(account, surfer = new Surfer(), next = "/", slug = "uni") {
      const answer = await surfer.go(await toCallback(surfer, account, next, slug));
      const me = await surfer.go(`${origin}/api/me`);
      return {
        status: answer.status,
        to: answer.headers.get("location"),
        me: me.status === 200 ? ((await me.json()) as Record<string, unknown>) : null,
      };
    },
    async close() {
      await gateway.stop();
      await provider.close();
    },
  };
}
