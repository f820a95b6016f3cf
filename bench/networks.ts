/** What it takes the engine to start a container, with a network of its own and with one that it joins. */
import type Docker from "dockerode";
import { median } from "./figures.ts";
import type { BenchRow } from "./relay.ts";

const perSide = 10;

async function startOnce(docker: Docker, image: string, mode: string): Promise<number> {
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ["sleep", "60"],
    HostConfig: { NetworkMode: mode, Init: true },
  });
  try {
    const began = performance.now();
    await container.start();
    return performance.now() - began;
  } finally {
    await container.remove({ force: true });
  }
}

/** @param network the name of the bridge that desktops are on */
export async function benchNetworks(
  docker: Docker,
  image: string,
  network: string,
): Promise<BenchRow> {
  const holder = await docker.createContainer({
    Image: image,
    Entrypoint: ["sleep", "600"],
    HostConfig: { NetworkMode: network, Init: true },
  });
  try {
    await holder.start();
    const [own, joined]: [number[], number[]] = [[], []];
    for (let pair = 0; pair < perSide; pair++) {
      own.push(await startOnce(docker, image, network));
      joined.push(await startOnce(docker, image, `container:${holder.id}`));
    }
    return {
      name: "of it the engine's start: network joined, beside one of its own",
      ours: median(joined),
      peer: median(own),
      unit: "ms",
      goal: "none",
      pass: true,
    };
  } finally {
    await holder.remove({ force: true });
  }
}
