import { createSignal, For, Show, type Accessor, type JSX } from "solid-js";
import type { NodeDetail } from "../../../gateway/node-schemas.ts";
import { Moment } from "../../components/moment.tsx";
import { sentence } from "../../components/reason.ts";
import { StateShape } from "../../components/state-badge.tsx";
import { Button } from "../../kit/button.tsx";
import { UseBar } from "../../kit/use-bar.tsx";
import { t } from "../../messages/scheduler.ts";
import { bytesText, ofBytes } from "./amounts.ts";
import admin from "./admin.module.css";
import styles from "./node.module.css";

type Image = NodeDetail["imageList"][number];

const rowsFirst = 10;
const order: Record<Image["state"], number> = { pulling: 0, failed: 1, absent: 2, present: 3 };
const shapes = {
  present: "running",
  pulling: "starting",
  absent: "shelved",
  failed: "failed",
} as const;

/** Which images it has or is to have: what is under way first. */
export function NodeImages(props: {
  readonly node: NodeDetail;
  readonly now: Accessor<number>;
}): JSX.Element {
  const [all, setAll] = createSignal(false);
  const sorted = () => props.node.imageList.toSorted((a, b) => order[a.state] - order[b.state]);
  const some = (): boolean => !all() && props.node.imageList.length > rowsFirst + 1;
  const rows = () => (some() ? sorted().slice(0, rowsFirst) : sorted());
  return (
    <section class={admin["section"]} aria-labelledby="images">
      <h2 id="images">{t("nodes.images")}</h2>
      <Show
        when={props.node.imageList.length > 0}
        fallback={<p class={admin["muted"]}>{t("node.imagesNone")}</p>}
      >
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls (WCAG 2.2, 2.1.1) */}
        <div class={styles["scroll"]} role="group" aria-labelledby="images" tabIndex={0}>
          <table class={styles["table"]}>
            <thead>
              <tr>
                <th scope="col">{t("node.environment")}</th>
                <th scope="col">{t("node.version")}</th>
                <th scope="col">{t("node.imageState")}</th>
                <th scope="col" class={styles["end"]}>
                  {t("node.imageSize")}
                </th>
                <th scope="col">{t("node.imageWhy")}</th>
                <th scope="col">{t("node.imageChanged")}</th>
              </tr>
            </thead>
            <tbody>
              <For each={rows()}>{(it) => <Row image={it} now={props.now} />}</For>
            </tbody>
          </table>
        </div>
        <Show when={some()}>
          <Button variant="quiet" class={styles["more"] ?? ""} onClick={() => setAll(true)}>
            {t("node.showMore", { count: props.node.imageList.length })}
          </Button>
        </Show>
      </Show>
    </section>
  );
}

function Row(props: { readonly image: Image; readonly now: Accessor<number> }): JSX.Element {
  const it = (): Image => props.image;
  const tone = (): string | undefined => {
    if (it().state === "present") return admin["good"];
    return it().state === "failed" ? styles["gone"] : undefined;
  };
  return (
    <tr>
      <th scope="row">{it().environment}</th>
      <td data-label={t("node.version")}>
        <code>{it().version}</code>
      </td>
      <td data-label={t("node.imageState")}>
        <span class={`${admin["word"]} ${styles["imageState"]} ${tone() ?? ""}`}>
          <StateShape state={shapes[it().state]} />
          {t(`node.imageState.${it().state}`)}
          <Show when={it().state === "pulling" && it().totalBytes}>
            {(total) => (
              <UseBar
                label={t("node.imageState.pulling")}
                used={it().doneBytes ?? 0}
                total={total()}
                text={ofBytes(it().doneBytes ?? 0, total())}
              />
            )}
          </Show>
        </span>
      </td>
      <td class={styles["end"]} data-label={t("node.imageSize")}>
        <Show when={it().sizeBytes ?? it().totalBytes}>{(size) => bytesText(size())}</Show>
      </td>
      <td class={styles["words"]} data-label={t("node.imageWhy")}>
        <Show when={it().reason} fallback={it().wanted ? it().because : t("node.imageUnwanted")}>
          {(reason) => sentence(reason().text)}
        </Show>
      </td>
      <td data-label={t("node.imageChanged")}>
        <Moment at={it().changedAt} now={props.now} />
      </td>
    </tr>
  );
}
