import { Hono, type Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { writeAudit } from "../../db/audit.ts";
import { loggable } from "../../db/errors.ts";
import {
  findProvider,
  insertAttempt,
  takeAttempt,
  type AdmitFault,
  type Provider,
} from "../../db/providers.ts";
import { countAttempt, uncountAttempt, type Bucket } from "../../db/sign-ins.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { isAtStation } from "../middleware/guard.ts";
import {
  hashToken,
  newSignInToken,
  setSignInCookie,
  signInLifeSeconds,
} from "../middleware/signed-in.ts";
import { networkOf } from "../network.ts";
import { admitArrival } from "../oidc-admit.ts";
import { OidcError, type OidcFault } from "../oidc-fault.ts";
import { begin, finish } from "../oidc.ts";
import { notFound } from "../problem.ts";
import { providerSecretOf } from "../provider-secret.ts";

const attemptSeconds = 600;
const browserCookie = "asci_oidc";

/** A sign-in under way, and where it was to lead, once that is known. */
interface Failing {
  readonly provider: Provider;
  next?: string;
}

type SignInFault = OidcFault | AdmitFault | "attempt_over" | "too_many_begun";

/**
 * A browser follows these addresses: what is wrong is said on a page, not in a document. From there one
 * still comes to where one wanted to be.
 */
function failed(
  c: Context<AppEnv>,
  fault: SignInFault,
  { provider, next = "/" }: Failing,
  more: Record<string, string> = {},
) {
  const query = new URLSearchParams({ problem: fault, provider: provider.slug, ...more });
  if (next !== "/") query.set("next", next);
  return c.redirect(`/sign-in?${query}`, 303);
}

/** Only ever a place on this site. */
function placeOf(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) ? next.slice(0, 1000) : "/";
}

const redirectUriOf = (c: Context<AppEnv>, provider: string) =>
  `${c.get("peer").origin}/auth/oidc/${provider}/callback`;

/**
 * Sign-ins that are begun from one network and not finished, in 15 minutes. Many people may share an
 * address, so it is wide: it keeps strangers from filling the table, and from asking providers without end.
 */
const begunBucket = (c: Context<AppEnv>): Bucket => ({
  name: `oidc:${networkOf(c.get("peer").address)}`,
  allowed: 200,
});

/**
 * What keeps a provider's part from happening is said on the sign-in page. In the trail it is once a
 * provider has sent somebody back: anyone can begin as often as they like.
 */
async function orFailed(
  deps: Deps,
  c: Context<AppEnv>,
  failing: Failing & { readonly begun: boolean },
  attempt: () => Promise<Response>,
): Promise<Response> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof OidcError)) throw error;
    const { requestId } = c.var;
    const { provider, begun } = failing;
    const { code, why } = error;
    const err = loggable(error.cause ?? error);
    deps.log.warn(
      { requestId, provider: provider.slug, fault: code, why, err },
      "a sign-in through a provider failed",
    );
    if (begun)
      await writeAudit(deps.db, {
        action: "sign_in",
        outcome: "refused",
        subjectKind: "user",
        address: c.get("peer").address,
        requestId,
        detail: { provider: provider.slug, reason: code, ...(why ? { why } : {}) },
      });
    deps.metrics.signIn("refused");
    return failed(c, code, failing);
  }
}

async function start(deps: Deps, c: Context<AppEnv>, failing: Failing): Promise<Response> {
  const { provider, next = "/" } = failing;
  const waitSeconds = await countAttempt(deps.db, [begunBucket(c)]);
  if (waitSeconds > 0) {
    deps.metrics.signIn("limited");
    return failed(c, "too_many_begun", failing, { wait: String(waitSeconds) });
  }
  const secret = await providerSecretOf(deps, provider);
  const { url, state, nonce, verifier } = await begin(
    provider,
    secret,
    redirectUriOf(c, provider.slug),
  );
  // The same for all windows of a browser, so that two sign-ins that begin at once can both end.
  const browser = getCookie(c, browserCookie) ?? newSignInToken();
  const [stateHash, browserHash] = [await hashToken(state), await hashToken(browser)];
  const attempt = { stateHash, browserHash, providerId: provider.id, nonce, verifier, next };
  await insertAttempt(deps.db, attempt, attemptSeconds);
  setCookie(c, browserCookie, browser, {
    path: "/auth/oidc/",
    httpOnly: true,
    sameSite: "Lax",
    secure: c.get("peer").origin.startsWith("https:"),
    maxAge: attemptSeconds,
  });
  return c.redirect(url.href, 303);
}

async function callback(deps: Deps, c: Context<AppEnv>, failing: Failing): Promise<Response> {
  const { provider } = failing;
  const url = new URL(c.req.url);
  const state = url.searchParams.get("state") ?? "";
  const browser = getCookie(c, browserCookie) ?? "";
  const attempt = await takeAttempt(deps.db, {
    stateHash: await hashToken(state),
    browserHash: await hashToken(browser),
    providerId: provider.id,
  });
  if (!attempt) return failed(c, "attempt_over", failing);
  // As the browser saw it: behind a proxy the request's own address is another one.
  const currentUrl = new URL(redirectUriOf(c, provider.slug));
  currentUrl.search = url.search;
  const { nonce, verifier, next } = attempt;
  failing.next = next;
  const secret = await providerSecretOf(deps, provider);
  const finished = await finish(provider, secret, { currentUrl, state, nonce, verifier });
  const outcome = await admitArrival(deps, {
    provider,
    finished,
    address: c.get("peer").address,
    userAgent: c.req.header("user-agent")?.slice(0, 300) ?? null,
    requestId: c.get("requestId"),
  });
  if ("fault" in outcome) {
    deps.metrics.signIn("refused");
    return failed(c, outcome.fault, failing);
  }
  // What ended well was no attempt of a stranger's.
  await uncountAttempt(deps.db, [begunBucket(c)]);
  deps.metrics.signIn("allowed");
  setSignInCookie(c, outcome.token, signInLifeSeconds);
  return c.redirect(next, 303);
}

export function oidcRoutes(deps: Deps) {
  const tag = "Sign-in";
  const providerOf = async (c: Context<AppEnv>): Promise<Provider> => {
    const found = await findProvider(deps.db, c.req.param("provider") ?? "");
    if (!found) throw notFound("sign-in provider");
    return found;
  };
  return new Hono<AppEnv>()
    .get(
      "/auth/oidc/:provider/start",
      describe({
        tag,
        summary: "Sign in through a provider: sends the browser there",
        description: "`next` is where on this site it comes back to.",
        status: 303,
        refusals: [404],
      }),
      async (c) => {
        const provider = await providerOf(c);
        if (await isAtStation(deps, c)) return c.redirect("/", 303);
        const failing = { provider, next: placeOf(c.req.query("next")), begun: false };
        return orFailed(deps, c, failing, () => start(deps, c, failing));
      },
    )
    .get(
      "/auth/oidc/:provider/callback",
      describe({
        tag,
        summary: "Where a provider sends the browser back to",
        status: 303,
        refusals: [404],
      }),
      async (c) => {
        const failing = { provider: await providerOf(c), begun: true };
        // Begun before this browser became a station.
        if (await isAtStation(deps, c)) return c.redirect("/", 303);
        return orFailed(deps, c, failing, () => callback(deps, c, failing));
      },
    );
}
