/**
 * The Worker, with what `wrangler dev` puts before one and the platform does by itself: a body that nobody read is
 * taken from the wire all the same, or a client that is still sending never reads the answer.
 */
import gateway from "../../../gateway/worker.ts";

async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  while (!(await reader.read()).done);
}

export default {
  ...gateway,
  async fetch(...call: Parameters<typeof gateway.fetch>): Promise<Response> {
    const [request] = call;
    try {
      return await gateway.fetch(...call);
    } finally {
      if (request.body !== null && !request.bodyUsed) await drain(request.body).catch(() => {});
    }
  },
};
