/** Labels as nodes report them, in the grammar of Kubernetes (its page "Labels and Selectors"). Pure. */

const nameRule = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const prefixRule =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
const mostLabels = 100;
const shownLength = 40;
/** Which of ASCI's own a site declares; the others are what the node is seen to be. */
const declared = new Set(["asci.zone"]);

/** Of a text that may be of any length, as much as helps to find it. */
function shown(text: string): string {
  return JSON.stringify(text.length > shownLength ? `${text.slice(0, shownLength)}…` : text);
}

const nameWords = "give at most 63 letters, digits, _, . and -, a letter or digit first and last";

function keyFault(key: string): string | undefined {
  const [name = "", prefix, ...rest] = key.split("/").reverse();
  if (rest.length > 0 || !nameRule.test(name) || (prefix !== undefined && !prefixRule.test(prefix)))
    return `${shown(key)} is not the name of a label: ${nameWords}, perhaps behind a domain and /`;
  if (key.startsWith("asci.") && !declared.has(key))
    return `${shown(key)} is one that ASCI reports itself: of its own only ${[...declared].join(", ")} can be declared`;
  return undefined;
}

function valueFault(key: string, value: string): string | undefined {
  if (value === "" || nameRule.test(value)) return undefined;
  return `${shown(value)} is not a value for the label ${shown(key)}: ${nameWords}`;
}

/**
 * Labels from a setting such as `gpu=a100,zone=hall-2,quiet=`.
 * @returns every fault, each a sentence
 */
export function parseLabels(text: string): {
  readonly labels: Record<string, string>;
  readonly faults: string[];
} {
  const labels = new Map<string, string>();
  const faults: string[] = [];
  const parts = text.split(",").map((it) => it.trim());
  for (const part of parts.slice(0, mostLabels)) {
    const at = part.indexOf("=");
    const [key, value] =
      at < 0 ? [part, ""] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    const found = at < 0 ? [`${shown(part)} is no label: give name=value`] : [];
    if (at >= 0) {
      found.push(...[keyFault(key), valueFault(key, value)].filter((it) => it !== undefined));
      if (labels.has(key)) found.push(`the label ${shown(key)} is given twice`);
    }
    labels.set(key, value);
    faults.push(...found);
  }
  if (parts.length > mostLabels)
    faults.push(`${parts.length} labels are too many: give at most ${mostLabels}`);
  return { labels: Object.fromEntries(labels), faults };
}

/** A label's value that says the same as the text as far as the grammar allows it, e.g. `NVIDIA-A40`. */
export function labelValueOf(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 63)
    .replace(/[^A-Za-z0-9]+$/, "");
}
