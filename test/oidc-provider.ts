/** A real OpenID provider for tests: certified software, with one account per name that is typed. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  decodeJwt,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from "jose";
import { Provider, type Configuration } from "oidc-provider";

/** How an ID token leaves the provider, where it is not to leave as it is. */
export interface Reissue {
  readonly claims?: (claims: JWTPayload) => JWTPayload;
  /** By a key that the provider never had. */
  readonly foreign?: boolean;
}

export interface TestProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What it tells of an account, over the plain ones. */
  readonly claims: Map<string, Record<string, unknown>>;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  /** Of the ID tokens from now on. */
  reissue: Reissue | undefined;
  /** Keeps the browser when it would send it back, and shows it the address in place of going there. */
  halt: boolean;
  /** Nothing is answered before that. */
  until: Promise<unknown> | undefined;
  /** While it is true nobody answers. */
  down: boolean;
  /** Signs with its own key, as a logout token for example. */
  sign(
    claims: JWTPayload,
    options?: { readonly typ?: string; readonly foreign?: boolean },
  ): Promise<string>;
  /** Has another key from now on, and the one of before no more. */
  rotate(): Promise<void>;
  close(): Promise<void>;
}

export interface TestProviderOptions {
  /** Addresses that it sends browsers back to after signing out. */
  readonly logoutUris?: readonly string[];
  /** Where it tells of those who sign out there. */
  readonly backchannel?: string;
  /** Default: it has a sign-out. */
  readonly endSession?: boolean;
}

interface Key {
  readonly kid: string;
  readonly key: CryptoKey;
  readonly jwk: JWK;
}

let keys = 0;
async function newKey(): Promise<Key> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  keys += 1;
  const kid = `key-${keys}`;
  const jwk = { ...(await exportJWK(privateKey)), kid, use: "sig", alg: "RS256" };
  return { kid, key: privateKey, jwk };
}

const [clientId, clientSecret] = ["asci", "a client's secret, only for tests"];

/** Pages of its own, which load nothing from elsewhere. */
const leavePage = (form: string) => `<!doctype html><html lang="en"><title>Sign out</title>
  <h1>Sign out at the provider?</h1>${form}
  <button type="submit" form="op.logoutForm" value="yes" name="logout">Yes, sign me out</button></html>`;

function configOf(
  callbacks: readonly string[],
  { logoutUris = [], backchannel, endSession = true }: TestProviderOptions,
  { key, port, claims }: { key: Key; port: number; claims: TestProvider["claims"] },
): Configuration {
  return {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [...callbacks],
        ...(endSession ? { post_logout_redirect_uris: [...logoutUris] } : {}),
        grant_types: ["authorization_code"],
        response_types: ["code"],
        ...(backchannel
          ? { backchannel_logout_uri: backchannel, backchannel_logout_session_required: true }
          : {}),
      },
    ],
    jwks: { keys: [key.jwk as never] },
    claims: {
      openid: ["sub"],
      profile: ["name", "preferred_username", "groups"],
      email: ["email"],
    },
    features: {
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: endSession,
        logoutSource: (context, form) => {
          context.body = leavePage(form);
        },
      },
    },
    // Tests run on one machine, which its own dispatcher keeps from itself, and slow ones are given time.
    fetch: (url, { method, headers, body, redirect }: RequestInit = {}) =>
      fetch(url, { method, headers, body, redirect } as RequestInit),
    pkce: { required: () => true },
    cookies: {
      keys: [`only for tests ${port}`],
      // Browsers do not keep the cookies of two ports apart.
      names: {
        session: `session_${port}`,
        interaction: `interaction_${port}`,
        resume: `resume_${port}`,
      },
    },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, name: `Person ${id}`, ...claims.get(id) }),
    }),
  };
}

/** @param callbacks addresses that it sends browsers back to */
export async function startProvider(
  callbacks: readonly string[],
  options: TestProviderOptions = {},
): Promise<TestProvider> {
  let handle: ReturnType<Provider["callback"]>;
  const server = createServer((request, response) => {
    it.asked.push(new URL(request.url ?? "/", issuer).pathname);
    void answer(request, response);
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    await it.until;
    if (it.down) request.socket.destroy();
    else await handle(request, response);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  let key = await newKey();
  const stranger = await newKey();
  const sign: TestProvider["sign"] = (claims, { typ = "JWT", foreign = false } = {}) =>
    // It says that it is the provider's key.
    new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", typ, kid: key.kid })
      .sign(foreign ? stranger.key : key.key);
  const open = () => {
    const provider = new Provider(
      issuer,
      configOf(callbacks, options, { key, port, claims: it.claims }),
    );
    provider.use(async (context, next) => {
      await next();
      const location: string | undefined = context.response.get("location");
      if (it.halt && location?.includes("/callback?"))
        Object.assign(context, { status: 200, type: "text", body: location });
      const body = context.body as { id_token?: string } | undefined;
      if (context.path !== "/token" || !body?.id_token || !it.reissue) return;
      const { claims = (same: JWTPayload) => same, foreign = false } = it.reissue;
      body.id_token = await sign(claims(decodeJwt(body.id_token)), { foreign });
    });
    handle = provider.callback();
  };
  const it: TestProvider = {
    issuer,
    clientId,
    clientSecret,
    claims: new Map<string, Record<string, unknown>>(),
    asked: [],
    reissue: undefined,
    halt: false,
    until: undefined,
    down: false,
    sign,
    async rotate() {
      key = await newKey();
      open();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  open();
  return it;
}
