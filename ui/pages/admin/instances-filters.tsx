import { createSignal, createUniqueId, For, type JSX } from "solid-js";
import { states } from "../../../db/states.ts";
import type { AdminInstance } from "../../api/admin-calls.ts";
import { Button } from "../../kit/button.tsx";
import { Select } from "../../kit/select.tsx";
import { t } from "../../messages/scheduler.ts";
import type { useAdminList } from "./use-admin-list.ts";
import styles from "./admin.module.css";

export const instanceFilters = ["state", "node", "environment", "owner"] as const;

interface InstanceFiltersProps {
  readonly list: ReturnType<typeof useAdminList<AdminInstance>>;
}

/** What narrows the list down: whole names, or the beginning of one with a `*`. */
export function InstanceFilters(props: InstanceFiltersProps): JSX.Element {
  const set = (): boolean => props.list.filtered();
  const [open, setOpen] = createSignal(set());
  const known = (of: (it: AdminInstance) => string | null): string[] =>
    [...new Set(props.list.rows().flatMap((it) => of(it) ?? []))].toSorted();
  return (
    <div class={`${styles["filters"]} ${open() ? "" : styles["folded"]}`}>
      <div class={styles["fold"]}>
        <Button aria-expanded={open()} onClick={() => setOpen(!open())}>
          {t("audit.filters")}
        </Button>
      </div>
      <div class={styles["filter"]}>
        <span aria-hidden="true">{t("instances.state")}</span>
        <Select
          label={t("instances.state")}
          value={props.list.filter("state")}
          options={[
            { value: "", text: t("instances.anyState") },
            ...states.map((value) => ({ value, text: t(`state.${value}`) })),
          ]}
          onChange={(value) => props.list.setFilter("state", value)}
        />
      </div>
      <NameFilter {...props} name="node" known={known((it) => it.node)} />
      <NameFilter {...props} name="environment" known={known((it) => it.environment.slug)} />
      <NameFilter {...props} name="owner" known={known((it) => it.owner.username)} />
    </div>
  );
}

function NameFilter(
  props: InstanceFiltersProps & {
    readonly name: "node" | "environment" | "owner";
    readonly known: readonly string[];
  },
): JSX.Element {
  const id = createUniqueId();
  return (
    <label>
      {t(`instances.${props.name}`)}
      <input
        list={id}
        value={props.list.filter(props.name)}
        maxLength={200}
        placeholder={t("instances.nameHint")}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        onChange={(event) => props.list.setFilter(props.name, event.currentTarget.value.trim())}
      />
      <datalist id={id}>
        <For each={props.known}>{(name) => <option value={name}>{name}</option>}</For>
      </datalist>
    </label>
  );
}
