import CircleCheck from "lucide-solid/icons/circle-check";
import { createSignal, For, Show, type Accessor, type JSX } from "solid-js";
import type { OwnSignIn } from "../../../gateway/schemas.ts";
import { endSignIn } from "../../api/calls.ts";
import { isGone } from "../../api/errors.ts";
import { useSignIns } from "../../api/queries.ts";
import { keys, queryClient } from "../../api/query-client.ts";
import { toastError } from "../../components/error-notice.tsx";
import { Moment, Until } from "../../components/moment.tsx";
import { createNow } from "../../components/now.ts";
import { SignOutEverywhere } from "../../components/sign-out-everywhere.tsx";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/messages.ts";
import { browserText } from "./browser-text.ts";
import { Fact } from "./fact.tsx";
import { Asked, keepFocus, Part } from "./part.tsx";
import styles from "./account.module.css";

const headingId = "sign-ins";
const addressOf = (it: OwnSignIn): string => it.address ?? t("signIns.noAddress");

/** Every browser in which one is signed in. */
export function SignIns(): JSX.Element {
  const query = useSignIns();
  const now = createNow(30_000);
  const rows = (): OwnSignIn[] => query.data?.pages.flatMap((page) => page.items) ?? [];
  const [ending, setEnding] = createSignal<OwnSignIn | null>(null);
  const [everywhere, setEverywhere] = createSignal(false);
  const onlyHere = (): boolean => rows().length === 1 && rows()[0]?.current === true;

  return (
    <Part
      id={headingId}
      title={t("signIns.title")}
      text={onlyHere() ? t("signIns.onlyHere") : t("signIns.text")}
    >
      <Asked query={query}>
        <ul class={styles["card"]}>
          <For each={rows()}>
            {(it) => (
              // A copy for the question: the row itself changes with the list.
              <SignInRow signIn={it} now={now} onEnd={() => setEnding({ ...it })} />
            )}
          </For>
        </ul>
        <div class={styles["foot"]}>
          <Show when={query.hasNextPage}>
            <Button onClick={() => void query.fetchNextPage()}>{t("admin.more")}</Button>
          </Show>
          <Show when={!onlyHere()}>
            <Button onClick={() => setEverywhere(true)}>{t("account.signOutEverywhere")}</Button>
          </Show>
        </div>
      </Asked>
      <AskToEnd signIn={ending()} onClose={() => setEnding(null)} />
      <SignOutEverywhere open={everywhere()} onOpenChange={setEverywhere} />
    </Part>
  );
}

function SignInRow(props: {
  readonly signIn: OwnSignIn;
  readonly now: Accessor<number>;
  readonly onEnd: () => void;
}): JSX.Element {
  const name = (): string => browserText(props.signIn.userAgent);
  return (
    <li class={styles["row"]}>
      <p class={styles["what"]}>
        <span class={styles["strong"]}>{name()}</span>
        <Show when={props.signIn.current}>
          <span class={`${styles["mark"]} ${styles["here"]}`}>
            <CircleCheck size={14} aria-hidden="true" />
            {t("signIns.here")}
          </span>
        </Show>
      </p>
      <dl class={styles["facts"]}>
        <Fact name={t("signIns.lastSeen")}>
          <Moment at={props.signIn.lastSeenAt} now={props.now} />
        </Fact>
        <Fact name={t("signIns.address")}>
          <code>{addressOf(props.signIn)}</code>
        </Fact>
        <Fact name={t("signIns.since")}>
          <Moment at={props.signIn.createdAt} now={props.now} />
        </Fact>
        <Fact name={t("signIns.expires")}>
          <Until at={props.signIn.expiresAt} now={props.now} />
        </Fact>
      </dl>
      <Show when={!props.signIn.current}>
        <Button
          size="small"
          aria-label={t("signIns.signOutWho", { name: name(), address: addressOf(props.signIn) })}
          onClick={() => props.onEnd()}
        >
          {t("account.signOut")}
        </Button>
      </Show>
    </li>
  );
}

function AskToEnd(props: {
  readonly signIn: OwnSignIn | null;
  readonly onClose: () => void;
}): JSX.Element {
  const name = (): string => browserText(props.signIn?.userAgent ?? null);
  const end = async (it: OwnSignIn): Promise<void> => {
    const title = t("signIns.ended", { name: browserText(it.userAgent) });
    try {
      await endSignIn(it.id);
      showToast({ tone: "info", title });
    } catch (error) {
      // It ended by itself, or in another window: what was asked for is so.
      if (isGone(error)) showToast({ tone: "info", title });
      else toastError(error, "administer");
    }
    await queryClient.invalidateQueries({ queryKey: keys.signIns });
    keepFocus(headingId);
  };
  return (
    <Confirm
      open={props.signIn !== null}
      onOpenChange={(open) => !open && props.onClose()}
      title={t("signIns.askTitle", { name: name() })}
      confirm={t("account.signOut")}
      cancel={t("app.cancel")}
      onConfirm={() => props.signIn !== null && void end(props.signIn)}
    >
      <Show when={props.signIn?.address}>
        {(address) => <p>{t("signIns.askWhere", { address: address() })}</p>}
      </Show>
      <p>{t("signIns.askText")}</p>
    </Confirm>
  );
}
