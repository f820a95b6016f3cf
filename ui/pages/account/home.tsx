import { Show, type JSX } from "solid-js";
import type { Home as HomeFolder } from "../../../gateway/schemas.ts";
import { useHome } from "../../api/queries.ts";
import { Moment } from "../../components/moment.tsx";
import { createNow } from "../../components/now.ts";
import { formatBytes } from "../../components/time.ts";
import { Notice } from "../../kit/notice.tsx";
import { locale, t } from "../../messages/messages.ts";
import { Fact } from "./fact.tsx";
import { isLow, usedShare } from "./home-room.ts";
import { Asked, Part } from "./part.tsx";
import styles from "./account.module.css";

type Room = NonNullable<HomeFolder["room"]>;

/** Where one's files are, and how much room is left for them. */
export function Home(): JSX.Element {
  const query = useHome();
  const room = (): Room | null => query.data?.room ?? null;
  return (
    <Part id="home" title={t("home.title")} text={t("home.text")}>
      <Asked query={query}>
        <Show when={room()}>
          {(it) => (
            <Show when={isLow(it())}>
              <Notice tone="attention" title={t("home.low")} lines={[t("home.low.text")]} />
            </Show>
          )}
        </Show>
        <dl class={`${styles["card"]} ${styles["who"]}`}>
          <Fact name={t("home.path")}>
            <code>{query.data?.path}</code>
          </Fact>
          <Fact name={t("home.room")}>
            <Show
              when={room()}
              fallback={<span class={styles["muted"]}>{t("home.room.unknown")}</span>}
            >
              {(it) => <RoomText room={it()} />}
            </Show>
          </Fact>
        </dl>
      </Asked>
    </Part>
  );
}

function RoomText(props: { readonly room: Room }): JSX.Element {
  const now = createNow(30_000);
  const text = (): string => {
    const sizes = {
      free: formatBytes(props.room.freeBytes, locale()),
      total: formatBytes(props.room.totalBytes, locale()),
    };
    return props.room.own ? t("home.room.own", sizes) : t("home.room.shared", sizes);
  };
  return (
    <>
      {text()}{" "}
      <span class={styles["muted"]}>
        (<Moment at={props.room.seenAt} now={now} />)
      </span>
      {/* The same as the text beside it. */}
      <div class={styles["gauge"]} aria-hidden="true" data-low={isLow(props.room)}>
        <div style={{ width: `${usedShare(props.room) * 100}%` }} />
      </div>
    </>
  );
}
