import { t } from "../messages/messages.ts";
import { ApiError, isPassing } from "./errors.ts";

/** What someone was doing when it failed: decides what can be said to be safe. */
export type Doing = "signIn" | "look" | "start" | "change" | "connect" | "administer";

/** What a person reads about an error. Reactive to the language: call it where it is shown. */
export interface Explanation {
  /** `attention`: it passes, and nothing has to be mended here. */
  readonly tone: "attention" | "error";
  /** What happened. */
  readonly what: string;
  /** What is still safe; null where nothing was at stake. */
  readonly safe: string | null;
  /** What to do now. */
  readonly next: string;
  /** The id that support can find; null where the server never saw the request. */
  readonly requestId: string | null;
  /** Faults of single fields, by the body's path. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The one place that turns any error into what a person reads. */
export function explain(error: unknown, doing: Doing): Explanation {
  const problem = error instanceof ApiError ? error.problem : null;
  const fields: Record<string, string> = {};
  for (const fault of problem?.errors ?? []) fields[fault.path] ??= fault.message;
  const requestId = problem?.requestId;
  return {
    ...words(error, doing),
    tone: isPassing(error) && doing !== "signIn" ? "attention" : "error",
    safe: safe(error, doing),
    // A wrong password is nothing that support has to look for.
    requestId:
      requestId === undefined || requestId === "" || isWrongPassword(error, doing)
        ? null
        : requestId,
    fields,
  };
}

interface Words {
  readonly what: string;
  readonly next: string;
}

function words(error: unknown, doing: Doing): Words {
  if (!(error instanceof ApiError)) {
    return { what: t("error.unknown"), next: t("error.unknownNext") };
  }
  if (error.code === "network") return { what: t("error.network"), next: t("error.networkNext") };
  if (error.code === "foreign") {
    return { what: t("error.proxy", { status: String(error.status) }), next: t("error.proxyNext") };
  }
  return problemWords(error, doing);
}

function problemWords(error: ApiError, doing: Doing): Words {
  const known = knownWords(error, doing);
  if (known !== null) return known;
  const detail = error.problem?.detail ?? "";
  const orDetail = (text: string): string => (detail === "" ? text : detail);
  switch (error.status) {
    case 400:
    case 422:
      return { what: orDetail(t("error.invalid")), next: t("error.invalidNext") };
    case 401:
      return doing === "signIn"
        ? { what: t("error.credentials"), next: t("error.credentialsNext") }
        : { what: t("error.signedOut"), next: t("error.signedOutNext") };
    case 403:
      return forbidden(error);
    case 404:
      return { what: t("error.notFound"), next: t("error.notFoundNext") };
    case 409:
      return {
        what: orDetail(t("error.conflict")),
        // In the administration it is a name that is taken, not a state that passes.
        next: t(doing === "administer" ? "error.invalidNext" : "error.conflictNext"),
      };
    case 413:
      return { what: t("error.tooLarge"), next: t("error.invalidNext") };
    case 429:
      return { what: t("error.tooMany"), next: tooManyNext(error.retryAfterMs) };
    case 502:
    case 503:
    case 504:
      return { what: orDetail(t("error.unavailable")), next: t(waits(doing)) };
    default:
      return error.status >= 500
        ? { what: t("error.internal"), next: t("error.internalNext") }
        : { what: orDetail(t("error.unknown")), next: t("error.unknownNext") };
  }
}

/** What ASCI itself answers, in the reader's language: its own words are English. */
function knownWords(error: ApiError, doing: Doing): Words | null {
  switch (error.problem?.code) {
    case "database_unreachable":
      return { what: t("error.database"), next: t(waits(doing)) };
    case "too_many_tokens":
      return { what: t("error.tooManyTokens"), next: t("error.tooManyTokensNext") };
    case "too_many_waiting":
      return { what: t("error.tooManyWaiting"), next: t("error.tooManyWaitingNext") };
    case "import_running":
      return { what: t("error.importRunning"), next: t("error.importRunningNext") };
    case "no_longer_open":
      return { what: t("error.noLongerOpen"), next: t("error.noLongerOpenNext") };
    case "experiment_needed":
    case "not_for_experiment":
    case "unknown_experiment":
      return { what: t("error.experiment"), next: t("error.experimentNext") };
    case "not_running_here":
      return { what: t("error.notRunningHere"), next: t("error.notRunningHereNext") };
    case "unknown_environment":
    case "unknown_version":
      return { what: t("error.notStartable"), next: t("error.notStartableNext") };
    default:
      return null;
  }
}

/** What is looked at is asked for again without anyone's doing. */
function waits(doing: Doing): "error.tryingNext" | "error.unavailableNext" {
  return doing === "look" ? "error.tryingNext" : "error.unavailableNext";
}

function forbidden(error: ApiError): Words {
  const code = error.problem?.code ?? "";
  if (code.includes("origin")) return { what: t("error.origin"), next: t("error.originNext") };
  if (code.includes("disabled"))
    return { what: t("error.disabled"), next: t("error.disabledNext") };
  return { what: t("error.forbidden"), next: t("error.forbiddenNext") };
}

function tooManyNext(retryAfterMs: number | null): string {
  if (retryAfterMs === null) return t("error.tooManyLater");
  return t("error.tooManyNext", { count: Math.max(1, Math.ceil(retryAfterMs / 1000)) });
}

function isWrongPassword(error: unknown, doing: Doing): boolean {
  return doing === "signIn" && error instanceof ApiError && error.status === 401;
}

function safe(error: unknown, doing: Doing): string | null {
  // Nobody knows how the desktops are while nothing answers.
  const silent = error instanceof ApiError && error.code === "network";
  switch (doing) {
    case "signIn":
      return null;
    case "look":
    case "connect":
      return silent ? null : t("error.safe.desktops");
    case "start":
      return isPassing(error) ? t("error.safe.start") : null;
    case "change":
      return t("error.safe.stop");
    case "administer":
      return t("error.safe.save");
  }
}
