/** A real OpenID provider for tests: certified software, with one account per name that is typed. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";

export interface TestProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What it tells of an account, over the plain ones. */
  readonly claims: Map<string, Record<string, unknown>>;
  close(): Promise<void>;
}

/** @param callbacks addresses that it sends browsers back to */
export async function startProvider(callbacks: readonly string[]): Promise<TestProvider> {
  const claims = new Map<string, Record<string, unknown>>();
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [clientId, clientSecret] = ["asci", "a client's secret, only for tests"];
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [...callbacks],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: {
      openid: ["sub"],
      profile: ["name", "preferred_username", "groups"],
      email: ["email"],
    },
    pkce: { required: () => true },
    cookies: { keys: ["only for tests"] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, name: `Person ${id}`, ...claims.get(id) }),
    }),
  });
  const handle = provider.callback();
  return {
    issuer,
    clientId,
    clientSecret,
    claims,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
