/**
 * Asks for a preview once typing has stopped for a moment. Of several questions only the last one's
 * answer counts; what is shown meanwhile is said to be old.
 */
export interface PreviewState<A> {
  readonly phase: "none" | "waiting" | "asking" | "done" | "failed";
  readonly answer: A | null;
  readonly error: unknown;
  /** Whether the answer is of an earlier question. */
  readonly stale: boolean;
  /** When the answer came, ms. */
  readonly answeredAt: number | null;
  /** How long the last answers took in the middle, ms; null before the first. */
  readonly usualMs: number | null;
}

export const typingMs = 500;
const remembered = 9;

export const noPreview: PreviewState<never> = {
  phase: "none",
  answer: null,
  error: null,
  stale: false,
  answeredAt: null,
  usualMs: null,
};

interface PreviewRunOptions<Q, A> {
  readonly ask: (question: Q, signal: AbortSignal) => Promise<A>;
  readonly show: (state: PreviewState<A>) => void;
  readonly now: () => number;
  /**
   * How long until it is asked once more by itself, ms; null: it is not.
   * @param failures of this question before
   */
  readonly retryMs: (failures: number, error: unknown) => number | null;
}

export class PreviewRun<Q, A> {
  private state: PreviewState<A> = noPreview;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private abort: AbortController | undefined;
  private readonly took: number[] = [];
  private readonly options: PreviewRunOptions<Q, A>;

  constructor(options: PreviewRunOptions<Q, A>) {
    this.options = options;
  }

  /** null: there is nothing that could be asked now; what is shown stays, and is old. */
  question(question: Q | null, waitMs = typingMs): void {
    this.stop();
    const { answer } = this.state;
    if (question === null) return this.set({ phase: "none", stale: answer !== null });
    this.set({ phase: "waiting", stale: answer !== null });
    this.askIn(waitMs, question, 0);
  }

  private askIn(ms: number, question: Q, failures: number): void {
    this.timer = setTimeout(() => void this.run(question, failures), ms);
  }

  /** Another rule: what was shown is about something else. */
  forget(): void {
    this.stop();
    this.set({ phase: "none", answer: null, error: null, stale: false, answeredAt: null });
  }

  stop(): void {
    clearTimeout(this.timer);
    this.abort?.abort();
    this.abort = undefined;
  }

  private async run(question: Q, failures: number): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    this.set({ phase: "asking" });
    const since = this.options.now();
    try {
      const answer = await this.options.ask(question, abort.signal);
      if (abort.signal.aborted) return;
      const answeredAt = this.options.now();
      const usualMs = this.remember(answeredAt - since);
      this.set({ phase: "done", answer, error: null, stale: false, answeredAt, usualMs });
    } catch (error) {
      if (abort.signal.aborted) return;
      const retryMs = this.options.retryMs(failures, error);
      if (retryMs !== null) return this.askIn(retryMs, question, failures + 1);
      this.set({ phase: "failed", error, stale: this.state.answer !== null });
    }
  }

  private remember(ms: number): number {
    this.took.push(ms);
    if (this.took.length > remembered) this.took.shift();
    return [...this.took].toSorted((a, b) => a - b)[Math.floor(this.took.length / 2)] ?? ms;
  }

  private set(change: Partial<PreviewState<A>>): void {
    this.state = { ...this.state, ...change };
    this.options.show(this.state);
  }
}
