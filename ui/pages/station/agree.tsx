import { createSignal, Match, Show, Switch, type JSX } from "solid-js";
import type { Approval } from "../../../gateway/station-schemas.ts";
import { confirmApproval, declineApproval } from "../../api/approvals.ts";
import { ApiError } from "../../api/errors.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { createNow } from "../../components/now.ts";
import { formatRelative } from "../../components/time.ts";
import { Button } from "../../kit/button.tsx";
import { Notice } from "../../kit/notice.tsx";
import { locale } from "../../messages/messages.ts";
import { t } from "../../messages/station.ts";
import signIn from "../sign-in.module.css";
import styles from "./agree.module.css";

interface AgreeProps {
  readonly approval: Approval;
  readonly code: string;
  readonly onAnswered: (kind: "confirmed" | "declined") => void;
  /** The code has been answered elsewhere meanwhile, or is over. */
  readonly onWrong: (error: unknown) => void;
}

/** Exactly what somebody agrees to, and the two answers. */
export function Agree(props: AgreeProps): JSX.Element {
  const [busy, setBusy] = createSignal<"confirmed" | "declined" | null>(null);
  const [error, setError] = createSignal<unknown>(null);
  /** Why they cannot: known from the start, or since they tried. */
  const refusal = (): string | null => {
    const failure = error();
    const code = failure instanceof ApiError ? failure.problem?.code : undefined;
    if (code !== undefined && refusals.has(code)) return code;
    return props.approval.refusal?.code ?? null;
  };
  const answer = async (kind: "confirmed" | "declined"): Promise<void> => {
    if (busy() !== null) return;
    setBusy(kind);
    setError(null);
    try {
      if (kind === "confirmed") await confirmApproval(props.code);
      else await declineApproval(props.code);
      props.onAnswered(kind);
    } catch (failure) {
      if (failure instanceof ApiError && failure.problem?.code === "wrong_code")
        props.onWrong(failure);
      else setError(() => failure);
    } finally {
      setBusy(null);
    }
  };
  return (
    <>
      <About approval={props.approval} />
      <Show when={refusal()} fallback={<Shared approval={props.approval} />}>
        {(code) => <Refused code={code()} approval={props.approval} />}
      </Show>
      <Show when={error() !== null && !isRefusal(error())}>
        <ErrorNotice error={error()} doing="start" urgent />
      </Show>
      <div class={signIn["form"]}>
        <Show when={refusal() === null}>
          <Button
            variant="primary"
            size="large"
            aria-busy={busy() === "confirmed"}
            onClick={() => void answer("confirmed")}
          >
            {busy() === "confirmed" ? t("add.busy") : t("add.confirm")}
          </Button>
        </Show>
        <Button
          size="large"
          aria-busy={busy() === "declined"}
          onClick={() => void answer("declined")}
        >
          {busy() === "declined" ? t("add.busy") : t("add.decline")}
        </Button>
      </div>
    </>
  );
}

/** What a start is refused with that no other try changes. */
const refusals = new Set([
  "unknown_experiment",
  "not_running_here",
  "unknown_environment",
  "unknown_version",
  "not_for_experiment",
  "experiment_needed",
]);
const isRefusal = (error: unknown): boolean =>
  error instanceof ApiError && refusals.has(error.problem?.code ?? "");

function About(props: { readonly approval: Approval }): JSX.Element {
  const experiment = (): string =>
    [props.approval.experiment.code, props.approval.experiment.title].filter(Boolean).join(" · ");
  return (
    <dl class={styles["about"]}>
      <dt>{t("add.environment")}</dt>
      <dd>
        {props.approval.environment.name}, {t("add.version", { version: props.approval.version })}
      </dd>
      <dt>{t("card.experiment")}</dt>
      <dd>{experiment()}</dd>
      <dt>{t("add.station")}</dt>
      <dd>{props.approval.station.name}</dd>
      <dt>{t("add.beamline")}</dt>
      <dd>
        {props.approval.beamline.code} · {props.approval.beamline.name}
      </dd>
    </dl>
  );
}

function Shared(props: { readonly approval: Approval }): JSX.Element {
  const now = createNow(10_000);
  const ends = (): string =>
    formatRelative(Math.max(Date.parse(props.approval.experiment.endsAt), now()), now(), locale());
  return (
    <Notice
      tone="attention"
      title={t("add.shared")}
      lines={[t("add.sharedText", { when: ends() }), t("add.sharedOnly")]}
    />
  );
}

function Refused(props: { readonly code: string; readonly approval: Approval }): JSX.Element {
  return (
    <Switch
      fallback={
        <Notice
          tone="error"
          title={t("add.notOpen")}
          lines={[t("add.notOpenNext", { beamline: props.approval.beamline.code })]}
          urgent
        />
      }
    >
      <Match when={props.code === "unknown_experiment"}>
        <Notice
          tone="error"
          title={t("station.notYours", { code: props.approval.experiment.code })}
          lines={[t("station.notYoursNext")]}
          urgent
        />
      </Match>
      <Match when={props.code === "not_running_here"}>
        <Notice
          tone="error"
          title={t("error.notRunningHere")}
          lines={[t("error.notRunningHereNext")]}
          urgent
        />
      </Match>
    </Switch>
  );
}
