import { createSignal, createUniqueId, Show, type JSX } from "solid-js";
import {
  askMayStart,
  listAllEnvironments,
  type AdminEnvironment,
  type MayStart,
  type MayStartQuestion,
} from "../../api/admin-calls.ts";
import { ApiError, isGone } from "../../api/errors.ts";
import type { List } from "../../api/calls.ts";
import { queryClient, retryPassing } from "../../api/query-client.ts";
import { useQuery } from "../../api/use-query.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { limit } from "../../components/limit.ts";
import { Button } from "../../kit/button.tsx";
import { Field } from "../../kit/field.tsx";
import { t } from "../../messages/admin.ts";

import { faultsFrom, type Faults } from "./faults.ts";
import { MayStartAnswer } from "./may-start-answer.tsx";
import { textIn } from "./text-in.ts";
import styles from "./admin.module.css";

interface MayStartCheckProps extends MayStartQuestion {
  /** The environment is given. */
  readonly fixed?: boolean | undefined;
  readonly onAsked: (question: MayStartQuestion) => void;
}

interface Answered {
  readonly question: MayStartQuestion;
  readonly answer: MayStart;
}

/** Asks whether a person may start something, and shows why. A whole question is asked at once. */
export function MayStartCheck(props: MayStartCheckProps): JSX.Element {
  const [answered, setAnswered] = createSignal<Answered | null>(null);
  const [error, setError] = createSignal<unknown>(null);
  const [busy, setBusy] = createSignal(false);
  const faults = (): Faults<"user" | "environment" | "experiment"> => faultsOf(error());
  const ask = async (question: MayStartQuestion): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const answer = await queryClient.fetchQuery({
        queryKey: ["admin", "may-start", question],
        queryFn: () => askMayStart(question),
        staleTime: 0,
        retry: retryPassing,
      });
      setAnswered({ question, answer });
    } catch (failure) {
      setAnswered(null);
      setError(() => failure);
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const question = {
      user: textIn(form, "user").toLowerCase(),
      environment: props.fixed === true ? props.environment : textIn(form, "environment"),
      experiment: textIn(form, "experiment"),
    };
    props.onAsked(question);
    void ask(question);
  };
  const { user, environment, experiment } = props;
  if (user !== "" && environment !== "") void ask({ user, environment, experiment });

  return (
    <>
      <form class={styles["question"]} onSubmit={submit} noValidate autocomplete="off">
        <Question {...props} faults={faults()} />
        <Button type="submit" variant="primary" aria-busy={busy()}>
          {t("mayStart.ask")}
        </Button>
      </form>
      <div role="status" class={styles["section"]}>
        <Show when={answered()}>
          {(it) => <MayStartAnswer question={it().question} answer={it().answer} />}
        </Show>
      </div>
      <Show when={Object.keys(faults()).length === 0 && error()}>
        {(failure) => <ErrorNotice error={failure()} doing="look" urgent />}
      </Show>
    </>
  );
}

function Question(
  props: MayStartCheckProps & { readonly faults: Faults<"user" | "environment" | "experiment"> },
): JSX.Element {
  return (
    <>
      <Field
        label={t("users.username")}
        name="user"
        {...limit(31)}
        value={props.user}
        error={props.faults.user}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        required
      />
      <Show when={props.fixed !== true}>
        <EnvironmentField value={props.environment} error={props.faults.environment} />
      </Show>
      <Field
        label={t("mayStart.experiment")}
        name="experiment"
        {...limit(100)}
        value={props.experiment}
        optional={t("users.optional")}
        error={props.faults.experiment}
        autocomplete="off"
        spellcheck={false}
      />
    </>
  );
}

/** Any can be typed; offered are the first ones by name. */
function EnvironmentField(props: {
  readonly value: string;
  readonly error: string | undefined;
}): JSX.Element {
  const id = createUniqueId();
  const query = useQuery<List<AdminEnvironment>>(() => ({
    queryKey: ["admin", "environments", "offered"],
    queryFn: ({ signal }) => listAllEnvironments({ limit: 200 }, signal),
  }));
  return (
    <>
      <Field
        label={t("mayStart.environment")}
        name="environment"
        {...limit(100)}
        value={props.value}
        list={id}
        error={props.error}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        required
      />
      <datalist id={id}>
        {(query.data?.items ?? []).map((it) => (
          <option value={it.slug}>{it.name}</option>
        ))}
      </datalist>
    </>
  );
}

function faultsOf(error: unknown): Faults<"user" | "environment" | "experiment"> {
  if (isGone(error) && error instanceof ApiError) return { user: t("mayStart.noPerson") };
  return faultsFrom(error, {
    user: t("mayStart.userWrong"),
    environment: t("mayStart.environmentWrong"),
    experiment: t("mayStart.experimentWrong"),
  });
}
