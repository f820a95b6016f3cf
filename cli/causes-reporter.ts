import { JsonReporter, type TestModule } from "vitest/node";

/** Vitest's JSON reporter, whose messages tell causes too: a query that fails says why only there. */
export default class CausesReporter extends JsonReporter {
  override async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    for (const module of modules) {
      for (const test of module.children.allTests())
        for (const error of test.result().errors ?? []) error.stack = withCauses(error);
      // Of what fails outside of tests only the message is reported.
      for (const error of module.errors()) error.message = withCauses(error);
    }
    await super.onTestRunEnd(modules);
  }
}

/** An error as text, with what was behind it. */
export function withCauses(error: { message: string; stack?: string; cause?: unknown }): string {
  let text = error.stack ?? error.message;
  let cause = error.cause;
  for (let depth = 0; depth < 5 && isError(cause); depth++) {
    text += `\nbecause: ${cause.message}`;
    cause = cause.cause;
  }
  return text;
}

const isError = (it: unknown): it is { message: string; cause?: unknown } =>
  typeof it === "object" && it !== null && "message" in it && typeof it.message === "string";
