import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { describe, expect, it } from "vitest";
import { DockerRuntime } from "./docker.ts";

/** An engine with one container, that says different things of it. */
function engineWith(listed: string, inspected: string | undefined): Docker {
  const Labels = { "asci.instance": "one", "asci.incarnation": "1" };
  const gone = Object.assign(new Error("no such container"), { statusCode: 404 });
  const inspect = async () => {
    if (inspected === undefined) throw gone;
    return { State: { Status: inspected } };
  };
  const engine = {
    listContainers: async () => [{ Id: "c", Labels, State: listed }],
    getContainer: () => ({ inspect }),
  };
  // Only what `find` calls.
  return engine as unknown as Docker;
}

const found = async (listed: string, inspected?: string) => {
  const own = { installationId: "i", nodeId: "n", network: "asci-0" };
  const all = await new DockerRuntime(engineWith(listed, inspected), own).find("one");
  return all.map((it) => it.status);
};

describe("finding an instance's container", () => {
  it("does not believe a list that is behind the container's death", async () => {
    expect(await found("running", "exited")).toEqual(["exited"]);
    expect(await found("running")).toEqual([]);
    expect(await found("running", "running")).toEqual(["running"]);
    expect(await found("running", "paused")).toEqual(["paused"]);
  });

  it("asks no further where it lives no more", async () => {
    expect(await found("exited", "running")).toEqual(["exited"]);
    expect(await found("created", "running")).toEqual(["created"]);
  });
});

describe("watching an engine", () => {
  const own = { installationId: "i", nodeId: "n", network: "asci-0" };
  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";

  it.each([
    ["answers nothing", ""],
    ["has answered", head],
  ])("that %s ends with the signal", async (_, answer) => {
    const folder = await mkdtemp(join(tmpdir(), "asci-engine-"));
    const socketPath = join(folder, "engine.sock");
    const called = Promise.withResolvers<Socket>();
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.write(answer);
        called.resolve(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const ended = new AbortController();
    const opened = Promise.withResolvers<void>();
    const watching = new DockerRuntime(new Docker({ socketPath }), own)
      .watch({ onOpen: opened.resolve, onChange: () => {} }, ended.signal)
      .catch((error: unknown) => error);
    const socket = await called.promise;
    if (answer !== "") await opened.promise;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    ended.abort();
    await watching;
    await closed;
    server.close();
    await rm(folder, { recursive: true });
  });
});
