import ChevronDown from "lucide-solid/icons/chevron-down";
import { createSignal, createUniqueId, For, Show, Suspense, type JSX } from "solid-js";
import { Dynamic } from "solid-js/web";
import type { CatalogueEnvironment } from "../../gateway/catalogue-schemas.ts";
import { Button, buttonClass } from "../kit/button.tsx";
import { lazyPart } from "../kit/load-steadily.ts";
import { Menu, MenuItem } from "../kit/menu.tsx";
import { t } from "../messages/messages.ts";
import { preloadViewer } from "../routes-preload.ts";
import type { CatalogueView } from "./catalogue-view.ts";
import { ErrorNotice } from "./error-notice.tsx";
import { ExperimentChoice } from "./experiment-choice.tsx";
import { FavouriteStar } from "./favourite-star.tsx";
import { useStart } from "./use-start.ts";
import styles from "./environment-card.module.css";

/** Most who start something never ask. */
const Availability = lazyPart(() => import("./availability.tsx"), "Availability");

interface EnvironmentCardProps {
  readonly view: CatalogueView;
  readonly slug: string;
  readonly primary: boolean;
  readonly heading: "h3" | "h4";
  /** For which experiment it stands here. */
  readonly experiment?: string | undefined;
  /** For which experiment to start it if it needs none; empty: without one. */
  readonly free?: string | undefined;
  /** Id of the heading that it stands under. */
  readonly under?: string | undefined;
  /** A line among others in one box. */
  readonly row?: boolean | undefined;
}

/** One environment, and the way to start it. */
export function EnvironmentCard(props: EnvironmentCardProps): JSX.Element {
  return (
    <Show when={props.view.environment(props.slug)}>
      {(environment) => <Card {...props} environment={environment()} />}
    </Show>
  );
}

interface CardProps extends EnvironmentCardProps {
  readonly environment: CatalogueEnvironment;
}

function Card(props: CardProps): JSX.Element {
  const starting = useStart();
  const [chosen, setChosen] = createSignal<string | null>(null);
  const [asked, setAsked] = createSignal<boolean | null>(null);
  const nameId = createUniqueId();
  const it = (): CatalogueEnvironment => props.environment;
  /** Said above the card; where nothing is said there, one chooses on it. */
  const above = () => props.experiment ?? (it().needsExperiment ? undefined : props.free);
  const experiment = (): string => {
    const said = above();
    if (said !== undefined) return said;
    // One that was chosen may have left the list since.
    const code = chosen();
    const there = code !== null && props.view.choices(props.slug).includes(code);
    return there ? code : props.view.usual(props.slug);
  };
  /** Who has one in the queue need not ask. */
  const room = (): boolean => asked() ?? props.view.waits(props.slug);
  const go = (version?: string): void =>
    void starting.go(it(), { version, experiment: experiment() || undefined });
  return (
    <li class={`${styles["card"]} ${props.row === true ? styles["row"] : ""}`}>
      <span class={styles["tile"]} aria-hidden="true">
        {[...it().name][0]?.toLocaleUpperCase()}
      </span>
      <div class={styles["about"]}>
        <Dynamic component={props.heading} class={styles["name"]} id={nameId}>
          {it().name}
        </Dynamic>
        <p class={styles["note"]}>
          <Show when={it().versions[0]}>
            {(newest) => t("catalogue.versionOf", { version: newest().tag })}
          </Show>
          <Show when={it().kind === "service"}>
            {" · "}
            {t("catalogue.service")}
          </Show>
          <Button
            variant="link"
            class={styles["ask"] ?? ""}
            aria-expanded={room()}
            aria-describedby={nameId}
            onClick={() => setAsked(!room())}
          >
            {t("room.ask")}
          </Button>
        </p>
      </div>
      <div class={styles["star"]}>
        <FavouriteStar environment={it()} />
      </div>
      <StartButtons
        environment={it()}
        primary={props.primary}
        busy={starting.busy()}
        describedBy={`${nameId} ${props.under ?? ""}`.trim()}
        go={go}
      />
      <Show when={room()}>
        <Suspense>
          <Availability slug={props.slug} experiment={experiment()} />
        </Suspense>
      </Show>
      <Show when={it().description}>{(text) => <Description text={text()} of={nameId} />}</Show>
      <Show when={above() === undefined && props.view.choices(props.slug).some(Boolean)}>
        <div class={styles["experiment"]}>
          <ExperimentChoice
            view={props.view}
            slug={props.slug}
            value={experiment()}
            onChange={setChosen}
          />
        </div>
      </Show>
      <Show when={starting.error()}>
        {(failure) => (
          <div class={styles["error"]}>
            <ErrorNotice error={failure()} doing="start" retry={() => go()} urgent />
          </div>
        )}
      </Show>
    </li>
  );
}

/** Start, and beside it the other versions, where there are any. */
function StartButtons(props: {
  readonly environment: CatalogueEnvironment;
  readonly primary: boolean;
  readonly busy: boolean;
  readonly describedBy: string;
  readonly go: (version?: string) => void;
}): JSX.Element {
  const several = (): boolean => props.environment.versions.length > 1;
  const look = () => (props.primary ? ("primary" as const) : ("default" as const));
  return (
    <div class={`${styles["go"]} ${several() ? styles["split"] : ""}`}>
      <Button
        variant={look()}
        aria-describedby={props.describedBy}
        aria-busy={props.busy}
        onPointerEnter={preloadViewer}
        onFocus={preloadViewer}
        onClick={() => props.go()}
      >
        {props.busy ? t("catalogue.starting") : t("catalogue.start")}
      </Button>
      <Show when={several()}>
        <Menu
          label={t("catalogue.version", { name: props.environment.name })}
          triggerClass={buttonClass({ variant: look(), icon: true })}
          trigger={<ChevronDown size={16} aria-hidden="true" />}
        >
          <For each={props.environment.versions}>
            {(version, index) => (
              <MenuItem onSelect={() => props.go(version.tag)}>
                {index() === 0
                  ? t("catalogue.versionNewest", { version: version.tag })
                  : version.tag}
              </MenuItem>
            )}
          </For>
        </Menu>
      </Show>
    </div>
  );
}

/** About what three lines of a card hold. */
const shortLength = 160;

/** The first lines of a description, and the rest for who asks for it. */
function Description(props: { readonly text: string; readonly of: string }): JSX.Element {
  const [whole, setWhole] = createSignal(false);
  const long = (): boolean => props.text.length > shortLength;
  return (
    <div class={styles["description"]}>
      <p class={long() && !whole() ? styles["cut"] : ""}>{props.text}</p>
      <Show when={long()}>
        <Button
          variant="link"
          aria-expanded={whole()}
          aria-describedby={props.of}
          onClick={() => setWhole((it) => !it)}
        >
          {whole() ? t("catalogue.less") : t("catalogue.more")}
        </Button>
      </Show>
    </div>
  );
}
