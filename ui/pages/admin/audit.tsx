import Download from "lucide-solid/icons/download";
import { createSignal, type JSX } from "solid-js";
import { auditExport, listAudit, type AuditRecord } from "../../api/admin-calls.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { Button, buttonClass } from "../../kit/button.tsx";
import type { Column } from "../../kit/table.tsx";
import { t } from "../../messages/admin.ts";
import { AdminList } from "./admin-list.tsx";
import { AuditDetail } from "./audit-detail.tsx";
import { AuditFilterRow } from "./audit-filter-row.tsx";
import { auditFilters, auditQuery, type AuditView } from "./audit-filters.ts";
import { clamped } from "./clamped.tsx";
import { useAdminList } from "./use-admin-list.ts";
import { When } from "./when.tsx";
import styles from "./admin.module.css";

/** Who did what, the newest first. */
export function AuditPage(): JSX.Element {
  const list = useAdminList<AuditRecord>(
    "audit",
    ({ limit, cursor, ...view }, signal) =>
      listAudit({ ...auditQuery(view as unknown as AuditView), limit, cursor }, signal),
    { sorts: [], filters: auditFilters },
  );
  const [open, setOpen] = createSignal<ReadonlySet<string>>(new Set());
  usePageTitle(() => t("nav.audit"));
  const view = (): AuditView => ({
    search: list.search(),
    actor: list.filter("actor"),
    action: list.filter("action"),
    outcome: list.filter("outcome"),
    from: list.filter("from"),
    until: list.filter("until"),
  });
  const toggle = ({ id }: AuditRecord): void => {
    const next = new Set(open());
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  return (
    <AdminList
      title={t("nav.audit")}
      none={t("audit.none")}
      list={list}
      columns={columns((it) => open().has(it.id), toggle)}
      onOpen={toggle}
      detail={(it) => (open().has(it.id) ? <AuditDetail record={it} /> : null)}
      filters={<AuditFilterRow view={view()} onChange={list.setFilter} />}
      action={
        <a
          class={buttonClass({})}
          href={auditExport(auditQuery(view()))}
          rel="external"
          download="asci-audit.csv"
        >
          <Download size={16} aria-hidden="true" />
          {t("audit.export")}
        </a>
      }
    />
  );
}

function columns(
  isOpen: (it: AuditRecord) => boolean,
  toggle: (it: AuditRecord) => void,
): Column<AuditRecord>[] {
  return [
    { head: t("audit.when"), cell: (it) => <When at={it.at} seconds /> },
    {
      head: t("audit.actor"),
      cell: (it) =>
        it.actor === null ? (
          <span class={styles["muted"]}>{t("audit.nobody")}</span>
        ) : (
          <code>{it.actor}</code>
        ),
    },
    {
      head: t("audit.action"),
      title: true,
      cell: (it) => <code class={styles["strong"]}>{it.action}</code>,
    },
    {
      head: t("audit.outcome"),
      cell: (it) => (
        <span class={it.outcome === "refused" ? styles["refused"] : undefined}>
          {t(`audit.outcome.${it.outcome}`)}
        </span>
      ),
    },
    {
      head: t("audit.subject"),
      cell: (it) => clamped(it.subject ?? it.subjectId),
    },
    { head: t("audit.address"), cell: (it) => it.address },
    {
      head: t("audit.details"),
      actions: true,
      cell: (it) => (
        <Button
          size="small"
          variant="quiet"
          aria-expanded={isOpen(it)}
          aria-label={t("audit.detailsOf", { action: it.action, id: it.id })}
          onClick={() => toggle(it)}
        >
          {isOpen(it) ? t("audit.less") : t("audit.more")}
        </Button>
      ),
    },
  ];
}
