import { Hono } from "hono";
import type { Router } from "hono/router";
import type { H, RouterRoute } from "hono/types";
import { createMiddleware } from "hono/factory";
import { HTTPException } from "hono/http-exception";
import { openAPIRouteHandler } from "hono-openapi";
import { isDatabaseAway, loggable, sqlState } from "../db/errors.ts";
import type { AppEnv, Deps } from "./deps.ts";
import { limitBody } from "./middleware/body.ts";
import { guard } from "./middleware/guard.ts";
import { requireSameOrigin } from "./middleware/origin.ts";
import { apiHeaders, limitTime, requestContext } from "./middleware/request.ts";
import { ProblemError, problemResponse } from "./problem.ts";
import { adminInstanceRoutes } from "./routes/admin-instances.ts";
import { adminEnvironmentRoutes } from "./routes/admin-environments.ts";
import { adminRoutes } from "./routes/admin.ts";
import { approvalRoutes } from "./routes/approvals.ts";
import { askedApprovalRoutes } from "./routes/asked-approvals.ts";
import { atStationRoutes } from "./routes/at-station.ts";
import { auditRoutes } from "./routes/audit.ts";
import { authRoutes } from "./routes/auth.ts";
import { backchannelRoutes } from "./routes/backchannel-logout.ts";
import { beamlineRoutes } from "./routes/beamlines.ts";
import { catalogueRoutes } from "./routes/catalogue.ts";
import { environmentRoutes } from "./routes/environments.ts";
import { eventRoutes } from "./routes/events.ts";
import { experimentRoutes } from "./routes/experiments.ts";
import { adminTokenRoutes } from "./routes/admin-tokens.ts";
import { groupRoutes } from "./routes/groups.ts";
import { healthRoutes } from "./routes/health.ts";
import { importPath, importRoutes } from "./routes/imports.ts";
import { instanceRoutes } from "./routes/instances.ts";
import { mayStartRoutes } from "./routes/may-start.ts";
import { nodeRoutes } from "./routes/nodes.ts";
import { oidcRoutes } from "./routes/oidc.ts";
import { homeRoutes } from "./routes/home.ts";
import { ownSignInRoutes } from "./routes/own-sign-ins.ts";
import { providerRoutes } from "./routes/providers.ts";
import { referenceRoutes } from "./routes/reference.ts";
import { reservationRoutes } from "./routes/reservations.ts";
import { rulePreviewRoutes } from "./routes/rule-preview.ts";
import { ruleRoutes } from "./routes/rules.ts";
import { stationRoutes } from "./routes/stations.ts";
import { syncRoutes } from "./routes/sync.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { useRoutes } from "./routes/use.ts";

const limitUsual = limitBody(1);
/** Imports look at who asks before they read, as they read more. */
const limitBodies = createMiddleware<AppEnv>((c, next) =>
  c.req.path.startsWith(importPath) ? next() : limitUsual(c, next),
);

function toProblem(error: Error): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof HTTPException && error.status === 400)
    return new ProblemError(400, "malformed", "The body is not valid JSON.", {
      errors: [{ path: "", message: "not valid JSON" }],
    });
  const state = sqlState(error);
  // Class 22, data exception: a text or number that no column can hold and no schema has caught.
  if (state?.code.startsWith("22"))
    return new ProblemError(400, "malformed", "The request holds a value that cannot be stored.");
  if (isDatabaseAway(error))
    return new ProblemError(
      503,
      "database_unreachable",
      "The database does not answer. Running desktops go on; try again in a moment.",
      { headers: { "retry-after": "2" } },
    );
  return new ProblemError(
    500,
    "internal",
    "Something went wrong on our side. Look at the page again before you repeat it, and tell support the request id.",
  );
}

/** The API: everything but the UI's files and the WebSockets. */
export function createApi(deps: Deps) {
  return new Hono<AppEnv>()
    .use(apiHeaders)
    .use(limitTime)
    .use(limitBodies)
    .use(requireSameOrigin)
    .use(guard(deps))
    .route("/", authRoutes(deps))
    .route("/", ownSignInRoutes(deps))
    .route("/", homeRoutes(deps))
    .route("/", tokenRoutes(deps))
    .route("/", environmentRoutes(deps))
    .route("/", catalogueRoutes(deps))
    .route("/", instanceRoutes(deps))
    .route("/", eventRoutes(deps))
    .route("/", atStationRoutes(deps))
    .route("/", askedApprovalRoutes(deps))
    .route("/", approvalRoutes(deps))
    .route("/", adminRoutes(deps))
    .route("/", nodeRoutes(deps))
    .route("/", useRoutes(deps))
    .route("/", reservationRoutes(deps))
    .route("/", ruleRoutes(deps))
    .route("/", rulePreviewRoutes(deps))
    .route("/", auditRoutes(deps))
    .route("/", mayStartRoutes(deps))
    .route("/", syncRoutes(deps))
    .route("/", importRoutes(deps))
    .route("/", experimentRoutes(deps))
    .route("/", beamlineRoutes(deps))
    .route("/", stationRoutes(deps))
    .route("/", groupRoutes(deps))
    .route("/", adminTokenRoutes(deps))
    .route("/", providerRoutes(deps))
    .route("/", adminEnvironmentRoutes(deps))
    .route("/", adminInstanceRoutes(deps));
}

export interface AppOptions {
  /**
   * How addresses are found; Hono's own choice where this is not given. That compiles all of them at the first
   * request, which takes longer than a request: one that is made for a single request looks along the list.
   */
  readonly router?: Router<[H, RouterRoute]>;
}

/**
 * The whole gateway as a fetch handler, the same on every runtime. It keeps nothing between requests.
 */
export function createApp(deps: Deps, options: AppOptions = {}) {
  const app = new Hono<AppEnv>(options)
    .use(requestContext(deps))
    .route("/", healthRoutes(deps))
    .route("/", oidcRoutes(deps))
    .route("/", backchannelRoutes(deps))
    .route("/api", createApi(deps));
  app.get(
    "/api/openapi.json",
    openAPIRouteHandler(app, {
      // Else /.well-known/jwks.json would count as a file.
      excludeStaticFile: false,
      exclude: ["/api/openapi.json", "/api/docs"],
      documentation: {
        info: {
          title: "ASCI",
          version: "0.1.0",
          description:
            "Desktops and services for the people of a research facility. Where a call takes an access token, and with which scope, is in docs/policy.md; the others take a browser's sign-in.",
        },
        components: {
          securitySchemes: {
            cookie: { type: "apiKey", in: "cookie", name: "asci_session" },
            token: { type: "http", scheme: "bearer" },
          },
        },
        security: [{ cookie: [] }, { token: [] }],
      },
    }),
  );
  app.route("/", referenceRoutes());
  app.notFound((c) =>
    problemResponse(c, new ProblemError(404, "not_found", "There is nothing at this address.")),
  );
  app.onError((error, c) => {
    const problem = toProblem(error);
    if (problem.status >= 500)
      deps.log.error({ requestId: c.get("requestId"), err: loggable(error) }, "request failed");
    return problemResponse(c, problem);
  });
  return app;
}
