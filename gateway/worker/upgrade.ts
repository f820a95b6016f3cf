/** Desktops' WebSockets on Workers: the runtime joins the sockets once the relay has said yes. */
import { loggable } from "../../db/errors.ts";
import type { Deps } from "../deps.ts";
import { problemDocument, ProblemError } from "../problem.ts";
import { admitStream, type Admitted } from "../stream/admit.ts";
import {
  nothingToUpgrade,
  offeredProtocols,
  refusalOf,
  upgradeProblem,
} from "../stream/refusal.ts";
import { withinTimeLimit } from "../time-limit.ts";
import type { WorkerConfig } from "./config.ts";
import { passThrough, type Fetcher, type WorkerResponse } from "./runtime.ts";

/** How long a node may take to answer. */
const answerLimitMs = 10_000;
const bodyLimitBytes = 64 * 1024;

export interface UpgradeContext {
  readonly deps: Deps;
  readonly config: WorkerConfig;
  /** How nodes are reached. */
  readonly nodes: Fetcher;
}

/** Nothing of the client's own request goes on but what the relay has to know. */
function askRelay(
  { config, nodes }: UpgradeContext,
  admitted: Admitted,
  requestId: string,
  signal: AbortSignal,
): Promise<WorkerResponse> {
  const base = config.ASCI_NODE_URL.replaceAll("{node}", encodeURIComponent(admitted.nodeName));
  const headers = new Headers({
    upgrade: "websocket",
    "sec-websocket-protocol": admitted.protocols.join(", "),
    "x-request-id": requestId,
  });
  const { ASCI_ACCESS_CLIENT_ID: accessId, ASCI_ACCESS_CLIENT_SECRET: accessSecret } = config;
  if (accessId !== undefined && accessSecret !== undefined) {
    headers.set("cf-access-client-id", accessId);
    headers.set("cf-access-client-secret", accessSecret);
  }
  const url = `${base}/vnc/${admitted.instanceId}`;
  return nodes.fetch(url, { headers, redirect: "manual", signal });
}

type RelayAnswer =
  | { readonly kind: "accepted"; readonly webSocket: object }
  | { readonly kind: "refused"; readonly status: number; readonly problem: unknown }
  | { readonly kind: "unreachable"; readonly reason: string };

async function readAnswer(answer: WorkerResponse): Promise<RelayAnswer> {
  const { webSocket, status } = answer;
  if (!webSocket) {
    // What stands between, a tunnel for example, has refusals of its own: those are no relay's.
    const problem = await problemOf(answer);
    return problem === undefined
      ? { kind: "unreachable", reason: `answered ${status}` }
      : { kind: "refused", status, problem };
  }
  return answer.headers.get("sec-websocket-protocol") === "binary"
    ? { kind: "accepted", webSocket }
    : { kind: "unreachable", reason: "chose a subprotocol that was not asked for" };
}

/** The relay's word, refusal's body included, within the limit; a late one is cut off. */
async function hearRelay(
  context: UpgradeContext,
  admitted: Admitted,
  requestId: string,
): Promise<RelayAnswer> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), answerLimitMs);
  try {
    return await readAnswer(await askRelay(context, admitted, requestId, late.signal));
  } catch (error) {
    const reason = error instanceof Error ? error.message : "no answer";
    const slow = `no answer within ${answerLimitMs} ms`;
    return { kind: "unreachable", reason: late.signal.aborted ? slow : reason };
  } finally {
    clearTimeout(timer);
  }
}

/** The body of a refusal, as far as it is short JSON. */
async function problemOf(answer: Response): Promise<unknown> {
  const length = Number(answer.headers.get("content-length") ?? Number.NaN);
  const json = /^application\/(problem\+)?json\b/.test(answer.headers.get("content-type") ?? "");
  if (!json || !(length <= bodyLimitBytes)) {
    await answer.body?.cancel();
    return undefined;
  }
  return answer.json().catch(() => undefined);
}

async function connect(
  context: UpgradeContext,
  request: Request,
  requestId: string,
): Promise<Response> {
  const { deps, config } = context;
  const { pathname } = new URL(request.url);
  if (!pathname.startsWith("/vnc/")) throw nothingToUpgrade();
  const admitted = await withinTimeLimit(
    admitStream(deps, {
      path: pathname,
      origin: request.headers.get("origin") ?? undefined,
      protocols: offeredProtocols(request.headers.get("sec-websocket-protocol")),
      peer: deps.peer(request, config),
    }),
  );
  const answer = await hearRelay(context, admitted, requestId);
  if (answer.kind === "accepted") return passThrough(answer.webSocket, "binary");
  if (answer.kind === "unreachable")
    deps.log.warn(
      { requestId, node: admitted.nodeName, reason: answer.reason },
      "relay out of reach",
    );
  throw refusalOf(answer);
}

/** Answers an upgrade request: 101 with the desktop behind it, or a problem document. */
export async function handleUpgrade(context: UpgradeContext, request: Request): Promise<Response> {
  const requestId = crypto.randomUUID();
  try {
    return await connect(context, request, requestId);
  } catch (error) {
    const problem = upgradeProblem(error);
    if (!(error instanceof ProblemError))
      context.deps.log.error({ requestId, err: loggable(error) }, "an upgrade failed");
    return new Response(JSON.stringify(problemDocument(problem, requestId)), {
      status: problem.status,
      headers: {
        "content-type": "application/problem+json",
        "cache-control": "no-store",
        ...problem.headers,
        "x-request-id": requestId,
      },
    });
  }
}
