import { Match, Switch, type JSX } from "solid-js";
import { explain } from "../api/explain.ts";
import { idLine } from "../components/error-notice.tsx";
import { Button } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import type { Over } from "./connection.ts";
import { MessageScreen } from "./end-screen.tsx";

/** Why nothing more is tried by itself, and what a person can do. */
export function OverScreen(props: {
  readonly over: Over;
  readonly name: string;
  readonly refusal: unknown;
  readonly onRetry: () => void;
}): JSX.Element {
  const explained = () => explain(props.refusal, "connect");
  return (
    <Switch>
      <Match when={props.over === "access"}>
        <MessageScreen
          title={t("viewer.access.title", { name: props.name })}
          text={t("viewer.access.text")}
        >
          <Button variant="primary" onClick={props.onRetry}>
            {t("app.tryAgain")}
          </Button>
        </MessageScreen>
      </Match>
      <Match when={props.over === "gone"}>
        <MessageScreen title={t("viewer.gone.title")} text={t("viewer.gone.text")} />
      </Match>
      <Match when={props.over === "outdated"}>
        <MessageScreen title={t("app.outdated")} text={t("app.outdatedNext")}>
          <Button variant="primary" onClick={() => window.location.reload()}>
            {t("app.reload")}
          </Button>
        </MessageScreen>
      </Match>
      <Match when={props.over === "protocol"}>
        <MessageScreen title={t("viewer.protocol.title")} text={t("viewer.protocol.text")}>
          <Button variant="primary" onClick={props.onRetry}>
            {t("app.tryAgain")}
          </Button>
        </MessageScreen>
      </Match>
      <Match when={props.over === "refused" || props.over === "signedOut"}>
        <MessageScreen
          title={t("viewer.refused.title")}
          reason={explained().what}
          text={explained().next}
          small={idLine(explained().requestId)}
        >
          <Button variant="primary" onClick={props.onRetry}>
            {t("app.tryAgain")}
          </Button>
        </MessageScreen>
      </Match>
    </Switch>
  );
}
