import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type Docker from "dockerode";

interface EngineMessage {
  stream?: string;
  status?: string;
  id?: string;
  error?: string;
  aux?: { ID?: string };
}

/** The builder paints what came by stderr. */
// oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
const colours = /\u001b\[[0-9;]*m/g;

/**
 * Reads what the engine streams while it builds, pulls or imports (one JSON object a line), line by line.
 * @returns the id of the image that came out of it, where the engine says so
 * @throws Error with the engine's own words when it reports that it failed
 */
export async function followStream(
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
): Promise<string | undefined> {
  let id: string | undefined;
  const readable = new Readable().wrap(stream);
  let unfinished = "";
  for await (const text of createInterface({ input: readable })) {
    if (text.trim() === "") continue;
    const message = JSON.parse(text) as EngineMessage;
    if (message.error !== undefined) throw new Error(message.error.trim());
    id = message.aux?.ID ?? id;
    if (message.status !== undefined) onLine(message.status);
    const plain = (message.stream ?? "").replace(colours, "");
    const lines = (unfinished + plain).split(/[\r\n]+/);
    unfinished = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") onLine(line);
  }
  if (unfinished.trim() !== "") onLine(unfinished);
  return id;
}

/** The id of an image that the engine has, or undefined. */
export async function findImage(docker: Docker, name: string): Promise<string | undefined> {
  try {
    return (await docker.getImage(name).inspect()).Id;
  } catch (error) {
    if (error instanceof Error && "statusCode" in error && error.statusCode === 404)
      return undefined;
    throw error;
  }
}
