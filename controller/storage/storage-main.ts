/**
 * The process that touches the site's storage. A file server that does not answer holds whoever asks,
 * for good: that is never the controller.
 */
import { findFolder, roomIn, type FolderWish } from "./folders.ts";
import { WalkError } from "./walk.ts";

export type Question =
  | { readonly kind: "folder"; readonly wish: FolderWish }
  | { readonly kind: "room"; readonly path: string };

export type Answer =
  | { readonly value: unknown }
  | { readonly fault: string; readonly path?: string; readonly text: string };

async function answer(question: Question): Promise<Answer> {
  try {
    const value =
      question.kind === "folder" ? await findFolder(question.wish) : await roomIn(question.path);
    return { value };
  } catch (error) {
    if (error instanceof WalkError)
      return { fault: error.code, path: error.path, text: error.message };
    const { code = "unknown", message } = error as NodeJS.ErrnoException;
    return { fault: code, text: message };
  }
}

// Threads may be held by the storage: nothing else ends a process then.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.on("message", ({ id, question }: { id: number; question: Question }) => {
  void answer(question).then((it) => process.send?.({ id, answer: it }, undefined, {}, () => {}));
});
