import type { Readable } from "node:stream";

/** The engine's streams are one JSON document a line, cut anywhere. */
export async function* jsonLines(stream: Readable): AsyncGenerator<unknown> {
  let rest = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) {
    rest += String(chunk);
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as unknown;
  }
}
