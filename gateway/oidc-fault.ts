import { errors } from "jose";
import * as client from "openid-client";

/** Why a sign-in came to nothing. */
export type OidcFault = "provider_unreachable" | "provider_refused" | "provider_invalid";

/** What exactly was wrong, for the trail; of a provider that refuses it is its own error code. */
export type OidcWhy = "token_expired" | "token_early" | "nonce_wrong" | "signature_wrong" | string;

export class OidcError extends Error {
  readonly code: OidcFault;
  readonly why: OidcWhy | undefined;
  constructor(code: OidcFault, message: string, options?: ErrorOptions & { why?: OidcWhy }) {
    super(message, options);
    this.name = "OidcError";
    this.code = code;
    this.why = options?.why;
  }
}

/** Nobody answered, or something in front of the provider did in its place. */
function isOutage({ code, cause }: client.ClientError): boolean {
  const answered = cause instanceof Response ? cause.status : 0;
  return code === undefined || code === "OAUTH_TIMEOUT" || answered >= 500;
}

/** The claim that an error is about, from whichever library. */
function claimIn(error: unknown): unknown {
  for (let it: unknown = error, depth = 0; it instanceof Error && depth < 4; depth += 1) {
    if (it instanceof errors.JWTClaimValidationFailed || it instanceof errors.JWTExpired)
      return it.claim;
    const { cause } = it;
    if (typeof cause === "object" && cause !== null && "claim" in cause) return cause.claim;
    it = cause;
  }
  return undefined;
}

function whyOf(error: unknown): OidcWhy {
  if (error instanceof errors.JWKSNoMatchingKey) return "signature_wrong";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "signature_wrong";
  const claim = claimIn(error);
  if (claim === "exp") return "token_expired";
  if (claim === "nbf" || claim === "iat") return "token_early";
  if (claim === "nonce") return "nonce_wrong";
  if (typeof claim === "string") return `claim_${claim}`;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code.toLowerCase() : "unknown";
}

/** An error code as RFC 6749 has them, and nothing else that a provider may say. */
const known = (code: string): string => (/^[a-z_]{1,40}$/.test(code) ? code : "unknown");

/** Only what kind of fault: what a provider says may hold anything. */
export function faultOf(error: unknown): OidcError {
  if (error instanceof OidcError) return error;
  if (
    error instanceof client.AuthorizationResponseError ||
    error instanceof client.ResponseBodyError
  )
    return new OidcError("provider_refused", error.error, {
      cause: error,
      why: known(error.error),
    });
  if (error instanceof errors.JOSEError)
    return new OidcError("provider_invalid", error.code, { cause: error, why: whyOf(error) });
  if (!(error instanceof client.ClientError) || isOutage(error))
    return new OidcError("provider_unreachable", "no answer", { cause: error });
  const why = whyOf(error);
  return new OidcError("provider_invalid", error.code ?? "invalid", { cause: error, why });
}
