import { createSignal } from "solid-js";
import type { Me } from "../../gateway/schemas.ts";
import { login, logout, logoutEverywhere } from "./calls.ts";
import { keys, queryClient } from "./query-client.ts";

/** Why the sign-in page is shown; null where someone simply came to it. `ended`: by someone's doing. */
const [notice, setNotice] = createSignal<"expired" | "ended" | "signedOut" | null>(null);
export { notice as signInNotice };

let signedIn = false;
/** When a desktop's connection was closed because the right to it had ended; ms since 1970. */
let grantEndedMs = -Infinity;
/** The refusal that follows such a close comes within seconds. */
const grantEndedHoldsMs = 60_000;

/** A desktop's connection was ended by the server: a sign-in that is gone just after did not expire. */
export function noteGrantEnded(): void {
  grantEndedMs = Date.now();
}

/** Called with every answer of `me`: tells a sign-in that ended from one that never was. */
export function rememberSignedIn(me: Me | undefined): void {
  if (me !== undefined) {
    signedIn = true;
    setNotice(null);
  }
}

/** The cookie is gone: forget what was seen with it, and remember what to say. */
export function forgetSignIn(): void {
  const ended = Date.now() - grantEndedMs < grantEndedHoldsMs;
  if (signedIn) setNotice(ended ? "ended" : "expired");
  signedIn = false;
  clearAllButMe();
}

/**
 * Signs in; the cookie is set by the answer.
 *
 * @throws {ApiError}
 */
export async function signIn(username: string, password: string): Promise<Me> {
  const { user } = await login({ username, password });
  clearAllButMe();
  queryClient.setQueryData<Me>(keys.me, user);
  rememberSignedIn(user);
  return user;
}

/**
 * Signs out, here or on every device. The cookies' values are dead on the server when this returns. Who
 * came through a provider goes on to its sign-out, which leads back to the sign-in page.
 *
 * @throws {ApiError}
 */
export async function signOut(everywhere = false): Promise<void> {
  const more = await (everywhere ? logoutEverywhere() : logout());
  signedIn = false;
  setNotice("signedOut");
  clearAllButMe();
  if (more !== undefined) return window.location.assign(more.continueAt);
  await queryClient.resetQueries({ queryKey: keys.me });
}

function clearAllButMe(): void {
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== keys.me[0] });
}
