import { Show, type JSX } from "solid-js";
import type { MayStart, MayStartQuestion } from "../../api/admin-calls.ts";
import { Notice } from "../../kit/notice.tsx";
import { Table, type Column } from "../../kit/table.tsx";
import { t } from "../../messages/admin.ts";
import { subjectWords } from "./entitlement-words.ts";
import { whyWords } from "./may-start-words.ts";
import { End, When } from "./when.tsx";
import styles from "./admin.module.css";

type Weighed = MayStart["entitlements"][number];

/** The answer, why it is so, and what each entitlement of the environment does for the person. */
export function MayStartAnswer(props: {
  readonly question: MayStartQuestion;
  readonly answer: MayStart;
}): JSX.Element {
  const parts = () => ({ user: props.question.user, environment: props.question.environment });
  const others = (): string | null => {
    const codes = props.answer.experiments;
    return codes.length === 0 ? null : t("mayStart.experiments", { codes: codes.join(", ") });
  };
  return (
    <>
      <Notice
        tone={props.answer.allowed ? "info" : "attention"}
        title={props.answer.allowed ? t("mayStart.yes", parts()) : t("mayStart.no", parts())}
        lines={[whyWords(props.answer, props.question), others()]}
      />
      <Show
        when={props.answer.entitlements.length > 0}
        fallback={<p class={styles["muted"]}>{t("mayStart.noEntitlements")}</p>}
      >
        <h2 class={styles["subtitle"]}>{t("mayStart.entitlements")}</h2>
        <Table
          label={t("mayStart.entitlements")}
          columns={columns()}
          rows={props.answer.entitlements}
        />
      </Show>
    </>
  );
}

function columns(): Column<Weighed>[] {
  return [
    {
      head: t("environments.openTo"),
      title: true,
      cell: (it) => <span class={styles["strong"]}>{subjectWords(it)}</span>,
    },
    { head: t("mayStart.effect"), cell: (it) => t(`mayStart.effect.${it.effect}`) },
    {
      head: t("entitlement.from"),
      cell: (it) => (it.from === null ? null : <When at={it.from} />),
    },
    { head: t("entitlement.until"), cell: (it) => <End at={it.until} /> },
  ];
}
