import { Hono, type Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { writeAudit } from "../../db/audit.ts";
import { loggable } from "../../db/errors.ts";
import { endProviderSignIns, insertLogoutToken } from "../../db/provider-logout.ts";
import { findProvider, type Provider } from "../../db/providers.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { hashToken } from "../middleware/signed-in.ts";
import { OidcError } from "../oidc-fault.ts";
import { logoutTokenKeptSeconds, type LogoutToken } from "../oidc-tokens.ts";
import { readLogout } from "../oidc.ts";
import { notFound, ProblemError } from "../problem.ts";
import { providerSecretOf } from "../provider-secret.ts";

const refusal = (code: string, detail: string) => new ProblemError(400, code, detail);

async function tokenIn(c: Context<AppEnv>): Promise<string> {
  const form = /^application\/x-www-form-urlencoded *(;|$)/i.test(
    c.req.header("content-type") ?? "",
  );
  const token = form ? new URLSearchParams(await c.req.text()).get("logout_token") : null;
  if (token === null) throw refusal("malformed", "A form with a logout_token is needed.");
  return token;
}

/** Followed once, and written down, together or not at all. @returns whether it is new */
async function follow(
  deps: Deps,
  c: Context<AppEnv>,
  provider: Provider,
  { jti, subject, sid }: LogoutToken,
): Promise<boolean> {
  const jtiHash = await hashToken(jti);
  return deps.db.transaction(async (tx) => {
    const number = { providerId: provider.id, jtiHash, lifeSeconds: logoutTokenKeptSeconds };
    if (!(await insertLogoutToken(tx, number))) return false;
    const ended = await endProviderSignIns(tx, { providerId: provider.id, subject, sid });
    for (const { userId, signIns } of ended)
      await writeAudit(tx, {
        action: "sign_out.provider",
        outcome: "allowed",
        subjectKind: "user",
        subjectId: userId,
        address: c.get("peer").address,
        requestId: c.get("requestId"),
        detail: { provider: provider.slug, signIns },
      });
    return true;
  });
}

/** Anyone may send anything here: what is refused is logged, and is not in the trail. */
async function read(deps: Deps, c: Context<AppEnv>, provider: Provider): Promise<LogoutToken> {
  const token = await tokenIn(c);
  try {
    return await readLogout(provider, await providerSecretOf(deps, provider), token);
  } catch (error) {
    if (!(error instanceof OidcError)) throw error;
    const { code, why } = error;
    deps.log.warn(
      {
        requestId: c.get("requestId"),
        provider: provider.slug,
        fault: code,
        why,
        err: loggable(error.cause ?? error),
      },
      "a logout token was refused",
    );
    if (code === "provider_unreachable")
      throw refusal(code, "The provider's keys could not be fetched. Send it again.");
    throw refusal("logout_token_invalid", `This is no logout token for this site: ${why ?? code}.`);
  }
}

/** OpenID Connect Back-Channel Logout 1.0, section 2.5: the provider itself calls. */
export function backchannelRoutes(deps: Deps) {
  return new Hono<AppEnv>().post(
    "/auth/oidc/:provider/backchannel-logout",
    describe({
      tag: "Sign-in",
      summary: "A provider tells that somebody signed out there",
      description:
        "A form with a `logout_token` that the provider has signed. Every sign-in through it of that person, or of that session there, is dead at once. Each token is followed once.",
      status: 200,
      refusals: [400, 404],
    }),
    bodyLimit({
      maxSize: 64 * 1024,
      onError: () => {
        throw refusal("malformed", "The form is over 64 KiB.");
      },
    }),
    async (c) => {
      // One that is switched off may still sign people out.
      const provider = await findProvider(deps.db, c.req.param("provider"), true);
      if (!provider) throw notFound("sign-in provider");
      c.header("cache-control", "no-store");
      const token = await read(deps, c, provider);
      if (!(await follow(deps, c, provider, token)))
        throw refusal("logout_token_used", "This logout token was followed before.");
      return c.body(null, 200);
    },
  );
}
