import X from "lucide-solid/icons/x";
import { createSignal, createUniqueId, For, onCleanup, onMount, Show, type JSX } from "solid-js";
import { listUsers } from "../../api/calls.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { Button } from "../../kit/button.tsx";
import { Field } from "../../kit/field.tsx";
import { t } from "../../messages/admin.ts";
import { namesIn, withNames } from "./names.ts";
import styles from "./people-field.module.css";

interface PeopleFieldProps {
  readonly label: string;
  readonly names: readonly string[];
  readonly onChange: (names: string[]) => void;
  readonly hint?: string | undefined;
  readonly error: string | undefined;
}

const typingMs = 200;
const offered = 8;

/** A list of people by user name. Several may be pasted at once. */
export function PeopleField(props: PeopleFieldProps): JSX.Element {
  const listId = createUniqueId();
  const found = useSuggestions();
  const [said, setSaid] = createSignal("");
  let box: HTMLDivElement | undefined;
  const input = (): HTMLInputElement | null => box?.querySelector("input") ?? null;

  const change = (names: string[], said: string): void => {
    props.onChange(names);
    setSaid(said);
    // The form around it learns from this event that something changed.
    box?.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const add = (): void => {
    const field = input();
    if (field === null || namesIn(field.value).length === 0) return;
    const names = withNames(props.names, field.value);
    change(names, t("people.added", { names: namesIn(field.value).join(", ") }));
    field.value = "";
  };
  const remove = (name: string): void => {
    change(
      props.names.filter((it) => it !== name),
      t("people.removed", { name }),
    );
    input()?.focus();
  };

  onMount(() => {
    const form = box?.closest("form");
    // A name that was typed and not added is meant as well. Not when the field is left: the list would
    // grow, and the button that is being pressed would move from under the finger.
    form?.addEventListener("submit", add, { capture: true });
    onCleanup(() => form?.removeEventListener("submit", add, { capture: true }));
  });

  return (
    <div ref={(it) => (box = it)} class={styles["people"]}>
      <div class={styles["add"]}>
        <Field
          label={props.label}
          hint={props.hint ?? t("people.hint")}
          error={props.error}
          list={listId}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => found.look(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.isComposing) return;
            event.preventDefault();
            add();
          }}
        />
        <Button onClick={add}>{t("people.add")}</Button>
      </div>
      <datalist id={listId}>
        <For each={found.people()}>
          {(it) => <option value={it.username}>{it.displayName}</option>}
        </For>
      </datalist>
      <p class={styles["count"]}>{t("people.count", { count: props.names.length })}</p>
      <Show when={props.names.length > 0}>
        <ul class={styles["names"]} aria-label={props.label}>
          <For each={props.names}>
            {(name) => (
              <li class={styles["name"]}>
                <code>{name}</code>
                <button
                  type="button"
                  class={styles["remove"]}
                  aria-label={t("people.remove", { name })}
                  onClick={() => remove(name)}
                >
                  <X size={14} aria-hidden="true" />
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <span class="visually-hidden" role="status">
        {said()}
      </span>
    </div>
  );
}

/** People whose name begins like what is typed; for administrators, as nobody else may search them. */
function useSuggestions() {
  const me = useSignedIn();
  const [people, setPeople] = createSignal<{ username: string; displayName: string }[]>([]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  onCleanup(() => clearTimeout(timer));
  const ask = async (search: string): Promise<void> => {
    const mine = ++asked;
    // Without them the names can still be typed.
    const list = await listUsers({ search, limit: offered }).catch(() => null);
    if (mine === asked && list !== null) setPeople(list.items);
  };
  return {
    people,
    look(text: string): void {
      clearTimeout(timer);
      const search = namesIn(text).at(-1) ?? "";
      if (search.length < 2 || !me().roles.includes("admin")) return;
      timer = setTimeout(() => void ask(search), typingMs);
    },
  };
}
