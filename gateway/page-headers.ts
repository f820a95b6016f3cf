/** What the answers that carry the UI say about themselves; the same on every runtime. */

/** For pages: scripts and styles of this site only, nothing inline, no frames. */
const pagePolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  // Same-origin WebSockets are part of 'self' (CSP Level 3).
  "connect-src 'self'",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join("; ");

/** For every file of the UI. Files that Workers serve by themselves get them from `ui/public/_headers`. */
export const fileHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
};

/** For pages on top. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": pagePolicy,
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

/** By the file's path: what has its hash in its name never changes. */
export function cacheControlOf(path: string): string {
  return path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
}

const notPages = /^\/(api|auth|vnc|assets|api-reference|\.well-known|healthz|readyz|metrics)(\/|$)/;

/** Whether a path belongs to programs: what is not there must not answer with a page. */
export function isForPrograms(path: string): boolean {
  return notPages.test(path);
}
