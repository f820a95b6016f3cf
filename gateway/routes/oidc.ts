import { Hono, type Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { writeAudit } from "../../db/audit.ts";
import { givenBy, usernameFrom } from "../../db/claims.ts";
import { loggable } from "../../db/errors.ts";
import {
  admitIdentity,
  findProvider,
  insertAttempt,
  listClaimRules,
  takeAttempt,
  type AdmitFault,
  type Provider,
} from "../../db/providers.ts";
import { insertSignIn } from "../../db/sign-ins.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import {
  hashToken,
  newSignInToken,
  setSignInCookie,
  signInLifeSeconds,
} from "../middleware/signed-in.ts";
import { begin, finish, OidcError, type Claims, type OidcFault } from "../oidc.ts";
import { notFound } from "../problem.ts";
import { unseal } from "../sealing.ts";

const attemptSeconds = 600;
const browserCookie = "asci_oidc";

type SignInFault = OidcFault | AdmitFault | "attempt_over";

/** A sign-in under way, and where it was to lead, once that is known. */
interface Failing {
  readonly provider: Provider;
  next?: string;
}

/**
 * A browser follows these addresses: what is wrong is said on a page, not in a document. From there one
 * still comes to where one wanted to be.
 */
function failed(c: Context<AppEnv>, fault: SignInFault, { provider, next = "/" }: Failing) {
  const query = new URLSearchParams({ problem: fault, provider: provider.slug });
  if (next !== "/") query.set("next", next);
  return c.redirect(`/sign-in?${query}`, 303);
}

/** Only ever a place on this site. */
function placeOf(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) ? next.slice(0, 1000) : "/";
}

const redirectUriOf = (c: Context<AppEnv>, provider: string) =>
  `${c.get("peer").origin}/auth/oidc/${provider}/callback`;

const textOf = (value: unknown): string | null =>
  typeof value === "string" && value.trim() !== "" && /^[^\p{Cc}\p{Cs}]*$/u.test(value)
    ? value.trim().slice(0, 200)
    : null;

const secretOf = (deps: Deps, { id, sealedSecret }: Provider): Promise<string | null> =>
  sealedSecret === null
    ? Promise.resolve(null)
    : unseal(deps.sealingKey, `provider ${id}`, sealedSecret);

/** The sign-in itself, what it brings up to date and its row in the trail: together or not at all. */
async function admit(deps: Deps, c: Context<AppEnv>, provider: Provider, claims: Claims) {
  const rules = await listClaimRules(deps.db, provider.id);
  const username = usernameFrom(claims[provider.usernameClaim]);
  const token = newSignInToken();
  const tokenHash = await hashToken(token);
  const audit = {
    action: "sign_in",
    subjectKind: "user",
    address: c.get("peer").address,
    requestId: c.get("requestId"),
  };
  const about = { provider: provider.slug, subject: claims.sub.slice(0, 255) };
  const outcome = await deps.db.transaction(async (tx) => {
    const admitted = await admitIdentity(tx, {
      provider,
      subject: claims.sub,
      username,
      displayName: textOf(claims["name"]),
      email: textOf(claims["email"]),
      given: givenBy(rules, claims),
    });
    if ("fault" in admitted) return admitted;
    const { userId, made, emailTaken } = admitted;
    const person = await insertSignIn(tx, {
      userId,
      tokenHash,
      lifeSeconds: signInLifeSeconds,
      address: audit.address,
      userAgent: c.req.header("user-agent")?.slice(0, 300) ?? null,
    });
    if (!person) return { fault: "disabled" as const, userId };
    await writeAudit(tx, {
      ...audit,
      actorId: userId,
      actorName: person.username,
      outcome: "allowed",
      subjectId: userId,
      detail: { ...about, ...(made ? { made } : {}), ...(emailTaken ? { emailTaken } : {}) },
    });
    return { token };
  });
  if ("token" in outcome) return outcome;
  await writeAudit(deps.db, {
    ...audit,
    actorName: username,
    outcome: "refused",
    subjectId: outcome.userId,
    detail: { ...about, reason: outcome.fault },
  });
  return outcome;
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
  const secret = await secretOf(deps, provider);
  const claims = await finish(provider, secret, { currentUrl, state, nonce, verifier });
  const outcome = await admit(deps, c, provider, claims);
  if ("fault" in outcome) {
    deps.metrics.signIn("refused");
    return failed(c, outcome.fault, failing);
  }
  deps.metrics.signIn("allowed");
  setSignInCookie(c, outcome.token, signInLifeSeconds);
  return c.redirect(next, 303);
}

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
    const cause = loggable(error.cause ?? error);
    deps.log.warn(
      { requestId, provider: provider.slug, fault: error.code, err: cause },
      "a sign-in through a provider failed",
    );
    if (begun)
      await writeAudit(deps.db, {
        action: "sign_in",
        outcome: "refused",
        subjectKind: "user",
        address: c.get("peer").address,
        requestId,
        detail: { provider: provider.slug, reason: error.code },
      });
    deps.metrics.signIn("refused");
    return failed(c, error.code, failing);
  }
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
        const next = placeOf(c.req.query("next"));
        return orFailed(deps, c, { provider, next, begun: false }, async () => {
          const secret = await secretOf(deps, provider);
          const begun = await begin(provider, secret, redirectUriOf(c, provider.slug));
          // The same for all windows of a browser, so that two sign-ins that begin at once can both end.
          const browser = getCookie(c, browserCookie) ?? newSignInToken();
          await insertAttempt(
            deps.db,
            {
              stateHash: await hashToken(begun.state),
              browserHash: await hashToken(browser),
              providerId: provider.id,
              nonce: begun.nonce,
              verifier: begun.verifier,
              next,
            },
            attemptSeconds,
          );
          setCookie(c, browserCookie, browser, {
            path: "/auth/oidc/",
            httpOnly: true,
            sameSite: "Lax",
            secure: c.get("peer").origin.startsWith("https:"),
            maxAge: attemptSeconds,
          });
          return c.redirect(begun.url.href, 303);
        });
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
        const provider = await providerOf(c);
        const failing = { provider, begun: true };
        return orFailed(deps, c, failing, () => callback(deps, c, failing));
      },
    );
}
