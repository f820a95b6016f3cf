/** What a station has asked, answered by whoever holds its code: never in an address, which others keep. */
import type { Instance } from "../../gateway/schemas.ts";
import type { Approval } from "../../gateway/station-schemas.ts";
import { call } from "./client.ts";
import { acceptInstance, markAsked } from "./instance-cache.ts";

export const lookAtApproval = (code: string) =>
  call<Approval>("POST", "/api/approvals/look", { body: { code } });

/**
 * Starts what was asked. Again with the same code, the same desktop is answered.
 *
 * @throws {ApiError}
 */
export async function confirmApproval(code: string): Promise<Instance> {
  const asked = markAsked();
  const made = await call<Instance>("POST", "/api/approvals/confirm", { body: { code } });
  return acceptInstance(made, asked);
}

export const declineApproval = (code: string) =>
  call<void>("POST", "/api/approvals/decline", { body: { code } });
