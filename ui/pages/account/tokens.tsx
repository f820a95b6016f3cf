import TriangleAlert from "lucide-solid/icons/triangle-alert";
import { createSignal, For, Show, type Accessor, type JSX } from "solid-js";
import type { AccessToken } from "../../../gateway/schemas.ts";
import { revokeToken } from "../../api/calls.ts";
import { isGone } from "../../api/errors.ts";
import { useTokens } from "../../api/queries.ts";
import { keys, queryClient } from "../../api/query-client.ts";
import { toastError } from "../../components/error-notice.tsx";
import { Moment, Until } from "../../components/moment.tsx";
import { createNow } from "../../components/now.ts";
import { isSoon } from "../../components/time.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/messages.ts";
import { Fact } from "./fact.tsx";
import { NewTokenDialog } from "./new-token.tsx";
import { Asked, keepFocus, Part } from "./part.tsx";
import styles from "./account.module.css";

const headingId = "tokens";
const lookAgain = () => queryClient.invalidateQueries({ queryKey: keys.tokens });

/** What may call in one's name without one's password. */
export function Tokens(): JSX.Element {
  const query = useTokens();
  const now = createNow(30_000);
  const [making, setMaking] = createSignal(false);
  const [revoking, setRevoking] = createSignal<AccessToken | null>(null);
  return (
    <Part
      id={headingId}
      title={t("tokens.title")}
      text={t("tokens.text")}
      action={
        <Button variant="primary" onClick={() => setMaking(true)}>
          {t("tokens.new")}
        </Button>
      }
    >
      <Asked query={query}>
        <ul class={styles["card"]}>
          <For
            each={query.data?.items}
            fallback={<li class={styles["none"]}>{t("tokens.none")}</li>}
          >
            {(it) => <TokenRow token={it} now={now} onRevoke={() => setRevoking({ ...it })} />}
          </For>
        </ul>
      </Asked>
      <NewTokenDialog open={making()} onOpenChange={setMaking} onMade={() => void lookAgain()} />
      <AskToRevoke token={revoking()} onClose={() => setRevoking(null)} />
    </Part>
  );
}

function TokenRow(props: {
  readonly token: AccessToken;
  readonly now: Accessor<number>;
  readonly onRevoke: () => void;
}): JSX.Element {
  return (
    <li class={styles["row"]}>
      <p class={styles["what"]}>
        <span class={styles["strong"]}>{props.token.name}</span>
        <Show when={isSoon(Date.parse(props.token.expiresAt), props.now())}>
          <span class={`${styles["mark"]} ${styles["soon"]}`}>
            <TriangleAlert size={14} aria-hidden="true" />
            {t("tokens.soon")}
          </span>
        </Show>
      </p>
      <dl class={styles["facts"]}>
        <Fact name={t("tokens.scopes")}>
          {props.token.scopes.map((scope) => t(`scope.${scope}`)).join(", ")}
        </Fact>
        <Fact name={t("tokens.used")}>
          <Show when={props.token.lastUsedAt} fallback={t("tokens.never")}>
            {(at) => <Moment at={at()} now={props.now} />}
          </Show>
        </Fact>
        <Fact name={t("tokens.made")}>
          <Moment at={props.token.createdAt} now={props.now} />
        </Fact>
        <Fact name={t("signIns.expires")}>
          <Until at={props.token.expiresAt} now={props.now} />
        </Fact>
      </dl>
      <Button
        size="small"
        aria-label={t("tokens.revokeWho", { name: props.token.name })}
        onClick={() => props.onRevoke()}
      >
        {t("tokens.revoke")}
      </Button>
    </li>
  );
}

function AskToRevoke(props: {
  readonly token: AccessToken | null;
  readonly onClose: () => void;
}): JSX.Element {
  const revoke = async ({ id, name }: AccessToken): Promise<void> => {
    const title = t("tokens.revoked", { name });
    try {
      await revokeToken(id);
      showToast({ tone: "info", title });
    } catch (error) {
      // It ended by itself, or in another window: what was asked for is so.
      if (isGone(error)) showToast({ tone: "info", title });
      else toastError(error, "administer");
    }
    await lookAgain();
    keepFocus(headingId);
  };
  return (
    <Confirm
      open={props.token !== null}
      onOpenChange={(open) => !open && props.onClose()}
      title={t("tokens.revokeTitle", { name: props.token?.name ?? "" })}
      confirm={t("tokens.revoke")}
      cancel={t("app.cancel")}
      danger
      onConfirm={() => props.token !== null && void revoke(props.token)}
    >
      <p>{t("tokens.revokeText")}</p>
    </Confirm>
  );
}
