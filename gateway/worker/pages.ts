import { cacheControlOf, fileHeaders, isForPrograms, pageHeaders } from "../page-headers.ts";
import type { Fetcher } from "./runtime.ts";

/**
 * The UI's page for a path. Its scripts, styles and pictures never come here: the platform serves what
 * is in the folder by itself.
 *
 * @returns undefined where the path is no page's
 */
export async function respondWithPage(
  assets: Fetcher,
  request: Request,
): Promise<Response | undefined> {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  const { pathname, origin } = new URL(request.url);
  if (isForPrograms(pathname)) return undefined;
  // The pages' own router knows the rest, its not-found page included.
  const { method, headers } = request;
  const found = await assets.fetch(`${origin}/index.html`, { method, headers });
  const answer = new Response(found.body, { status: found.status, headers: found.headers });
  const wanted = { ...fileHeaders, ...pageHeaders, "cache-control": cacheControlOf(pathname) };
  for (const [name, value] of Object.entries(wanted)) answer.headers.set(name, value);
  return answer;
}
