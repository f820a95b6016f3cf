import { createSignal, For, type JSX } from "solid-js";
import styles from "./stacked-bar.module.css";

/** So many colours tell parts apart; after that they begin anew, and names tell the rest. */
const colourCount = 6;

export interface Part {
  readonly id: string;
  /** What it is, whose, and how much, in the reader's words. */
  readonly text: string;
  readonly amount: number;
  /** Which of the colours; the same part has the same one in every bar. */
  readonly colour: number;
}

interface StackedBarProps {
  readonly label: string;
  readonly total: number;
  readonly parts: readonly Part[];
  /** What stands beside the label while nothing is looked at. */
  readonly summary: string;
  /** How to go from part to part, for those who cannot see it. */
  readonly hint: string;
  /** The part that is looked at, here or in a bar or table beside it. */
  readonly at: string | null;
  readonly onAt: (id: string | null) => void;
}

const classOf = (colour: number): string => styles[`series-${colour % colourCount}`] ?? "";

/** The colour of a part, for whatever stands beside the bar. */
export function Swatch(props: { readonly colour: number }): JSX.Element {
  return <span class={`${styles["swatch"]} ${classOf(props.colour)}`} aria-hidden="true" />;
}

/**
 * What fills a capacity, part by part. Whatever is pointed at, tapped or reached with the arrow keys is
 * named in the line above; the bar is one stop for the Tab key, however many parts it has.
 */
export function StackedBar(props: StackedBarProps): JSX.Element {
  let track: HTMLUListElement | undefined;
  const [reach, setReach] = createSignal(0);
  const stop = (): number => Math.min(reach(), Math.max(props.parts.length - 1, 0));
  const sum = (): number => props.parts.reduce((all, it) => all + it.amount, 0);
  const share = (part: Part): number =>
    (part.amount / Math.max(props.total, sum(), Number.EPSILON)) * 100;
  const here = () => props.parts.find((it) => it.id === props.at);
  const step = (event: KeyboardEvent, index: number): void => {
    const to = {
      ArrowRight: index + 1,
      ArrowLeft: index - 1,
      Home: 0,
      End: props.parts.length - 1,
    };
    const next = (to as Record<string, number>)[event.key];
    if (next === undefined || props.parts[next] === undefined) return;
    event.preventDefault();
    setReach(next);
    track?.querySelectorAll<HTMLElement>("li")[next]?.focus();
  };
  return (
    <div class={styles["bar"]}>
      <div class={styles["head"]}>
        <span class={styles["label"]}>{props.label}</span>
        <span class={styles["readout"]}>{here()?.text ?? props.summary}</span>
      </div>
      <ul
        ref={(it) => (track = it)}
        class={styles["track"]}
        aria-label={`${props.label}. ${props.summary}. ${props.parts.length > 1 ? props.hint : ""}`}
        onPointerLeave={() => props.onAt(null)}
      >
        <For each={props.parts}>
          {(part, index) => (
            // The bar is reached by Tab, and its parts by the arrow keys.
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
            <li
              class={`${styles["segment"]} ${classOf(part.colour)} ${part.id === props.at ? styles["on"] : ""}`}
              style={{ width: `${share(part)}%` }}
              // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
              tabIndex={index() === stop() ? 0 : -1}
              aria-label={part.text}
              title={part.text}
              onPointerEnter={() => props.onAt(part.id)}
              onPointerDown={() => props.onAt(part.id)}
              onFocus={() => {
                setReach(index());
                props.onAt(part.id);
              }}
              onBlur={() => props.onAt(null)}
              onKeyDown={(event) => step(event, index())}
            />
          )}
        </For>
      </ul>
    </div>
  );
}
