import { Hono } from "hono";
import type { AppEnv } from "../deps.ts";

/** The API's reference page; its script and styles are files of this site. */
const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ASCI API</title>
<link rel="stylesheet" href="/api-reference/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/api-reference/swagger-ui-bundle.js"></script>
<script src="/api-reference/start.js"></script>
</body>
</html>
`;

export function referenceRoutes() {
  return new Hono<AppEnv>().get("/api/docs", (c) => {
    c.header(
      "content-security-policy",
      // Swagger UI writes style attributes; nothing else is loosened.
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    );
    c.header("x-content-type-options", "nosniff");
    c.header("cache-control", "no-cache");
    return c.html(page);
  });
}
