/** What a rule may say: the shape of `gateway/rule-schemas.ts`, as a page without its schemas needs it. */
export type Shape =
  | {
      readonly kind: "object";
      readonly members: Readonly<Record<string, Shape>>;
      readonly all?: true;
      /** Names of two times, of which the second has to be later. */
      readonly order?: readonly [string, string];
    }
  | { readonly kind: "list"; readonly item: Shape; readonly most: number }
  | { readonly kind: "names"; readonly pattern: RegExp }
  | { readonly kind: "oneOf"; readonly of: readonly string[]; readonly several?: true }
  | {
      readonly kind: "number";
      readonly least: number;
      readonly most: number;
      readonly above?: true;
    }
  | {
      readonly kind: "whole";
      readonly least: number;
      readonly most: number;
      readonly orNull?: true;
    }
  | { readonly kind: "time" | "selector" | "boolean" };

export const mostNames = 200;
export const mostSelector = 2000;
const slug = /^[^\p{Cc}\p{Cs}]{1,63}$/u;
const code = /^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/;
const username = /^[a-z][a-z0-9_-]{0,30}$/;
export const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;
export const roles = ["user", "staff", "admin", "monitor"] as const;

const whole = (least: number, most: number): Shape => ({ kind: "whole", least, most });
const few = whole(1, 1_000_000);
const bytes = { least: 1, most: Number.MAX_SAFE_INTEGER };
export const bounds = {
  cpus: { least: 0, most: 10_000 },
  gpus: { least: 0, most: 16 },
  weight: { least: -100, most: 100 },
  minutes: { least: 5, most: 525_600 },
  priority: { least: -1000, most: 1000 },
  instances: { least: 1, most: 1_000_000 },
} as const;

const whenShape: Shape = {
  kind: "object",
  order: ["from", "until"],
  members: {
    environment: { kind: "names", pattern: slug },
    kind: { kind: "oneOf", of: ["desktop", "service"] },
    beamline: { kind: "names", pattern: code },
    experiment: { kind: "names", pattern: code },
    user: { kind: "names", pattern: username },
    role: { kind: "oneOf", of: roles, several: true },
    from: { kind: "time" },
    until: { kind: "time" },
  },
};
const preference: Shape = {
  kind: "object",
  all: true,
  members: { selector: { kind: "selector" }, weight: { kind: "number", ...bounds.weight } },
};
const thenShape: Shape = {
  kind: "object",
  members: {
    require: { kind: "selector" },
    prefer: { kind: "list", item: preference, most: 50 },
    strategy: { kind: "oneOf", of: ["pack", "spread"] },
    resources: {
      kind: "object",
      members: {
        cpus: { kind: "number", ...bounds.cpus, above: true },
        memoryBytes: { kind: "whole", ...bytes },
        gpus: whole(bounds.gpus.least, bounds.gpus.most),
        gpuMemoryBytes: { kind: "whole", ...bytes, orNull: true },
      },
    },
    limits: {
      kind: "object",
      members: { perPerson: few, perExperiment: few, perBeamline: few, total: few },
    },
    lifetime: {
      kind: "object",
      all: true,
      members: { maxMinutes: whole(bounds.minutes.least, bounds.minutes.most) },
    },
    dedicate: { kind: "boolean" },
    priority: whole(bounds.priority.least, bounds.priority.most),
  },
};
export const ruleShape: Shape = { kind: "object", members: { when: whenShape, then: thenShape } };

/** Of the text and of the form's fields alike. */
export function numberFault(
  value: number,
  shape: {
    readonly least: number;
    readonly most: number;
    readonly kind?: "number" | "whole";
    readonly above?: boolean;
  },
): "notNumber" | "notWhole" | "tooLow" | "tooHigh" | null {
  if (!Number.isFinite(value)) return "notNumber";
  if (shape.kind === "whole" && !Number.isInteger(value)) return "notWhole";
  if (value < shape.least || (shape.above === true && value === shape.least)) return "tooLow";
  return value > shape.most ? "tooHigh" : null;
}
