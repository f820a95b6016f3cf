/** The controller's side of the process that touches the site's storage. */
import { fork, type ChildProcess } from "node:child_process";
import type { FolderWish, Room } from "./folders.ts";
import type { Answer, Question } from "./storage-main.ts";

/** `unreachable`: it did not answer. Others: what the walk or the system found. */
export class StorageError extends Error {
  readonly code: string;
  /** Where on the way; undefined where that is not known. */
  readonly path: string | undefined;
  constructor(code: string, message: string, path?: string) {
    super(message);
    this.name = "StorageError";
    this.code = code;
    this.path = path;
  }
}

export interface Storage {
  /** Finds a folder, or makes it. @returns its path without links @throws StorageError */
  folder(wish: FolderWish): Promise<string>;
  /** @throws StorageError */
  room(path: string): Promise<Room>;
  close(): void;
}

/** One for each kind of storage: one that does not answer holds up nothing of the other. */
export interface Storages {
  readonly homes: Storage;
  readonly data: Storage;
}

const main = new URL("storage-main.ts", import.meta.url);

interface Asked {
  readonly settle: (answer: Answer) => void;
  readonly died: () => void;
}

/** One such process. Where a look takes too long, what is asked afterwards goes to another one. */
class Helper {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, Asked>();
  #next = 0;
  #retired = false;
  #dead = false;

  constructor(threads: number) {
    // Of the controller's environment it gets nothing: the database is not its affair.
    const env = { UV_THREADPOOL_SIZE: String(threads) };
    this.#child = fork(main, { env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#child.on("message", ({ id, answer }: { id: number; answer: Answer }) => {
      this.#asked.get(id)?.settle(answer);
    });
    const gone = (): void => {
      this.#dead = true;
      for (const it of this.#asked.values()) it.died();
    };
    this.#child.on("exit", gone);
    this.#child.on("error", gone);
    // It never keeps the controller from ending.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  get usable(): boolean {
    return !this.#retired && !this.#dead;
  }

  ask(question: Question, limitMs: number): Promise<Answer> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.retire();
        resolve({ fault: "unreachable", text: "The storage does not answer." });
        done();
      }, limitMs);
      const done = (): void => {
        clearTimeout(limit);
        this.#asked.delete(id);
        if (this.#retired && this.#asked.size === 0) this.#child.kill("SIGKILL");
      };
      const settle = (answer: Answer): void => {
        resolve(answer);
        done();
      };
      const died = (): void => {
        reject(new Error("the process for storage ended"));
        done();
      };
      this.#asked.set(id, { settle, died });
      this.#child.send({ id, question }, (error) => error && died());
    });
  }

  /** Ends once nobody waits for an answer any more. */
  retire(): void {
    this.#retired = true;
    if (this.#asked.size === 0) this.#child.kill("SIGKILL");
  }
}

/**
 * @param threads each is held by a look at a storage that does not answer: as many as can be asked at once
 * @param limitMs after how long a storage counts as unreachable
 */
export function openStorage(threads: number, limitMs = 5000): Storage {
  let helper = new Helper(threads);
  async function ask(question: Question): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      if (!helper.usable) helper = new Helper(threads);
      try {
        const answer = await helper.ask(question, limitMs);
        if ("value" in answer) return answer.value;
        throw new StorageError(answer.fault, answer.text, answer.path);
      } catch (error) {
        // Somebody ended it, or the system did for want of memory.
        if (error instanceof StorageError || attempt === 2) throw error;
      }
    }
  }
  return {
    folder: (wish) => ask({ kind: "folder", wish }) as Promise<string>,
    room: (path) => ask({ kind: "room", path }) as Promise<Room>,
    close: () => helper.retire(),
  };
}
