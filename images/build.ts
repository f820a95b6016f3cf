import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { debianRecipe, ensureDebian } from "./bootstrap.ts";
import { explainFailure } from "./build-error.ts";
import { packContext } from "./context.ts";
import { findMirrors } from "./mirror.ts";
import { BuildLog } from "./progress.ts";
import type { OnProgress } from "./progress.ts";
import { findImage, followStream } from "./stream.ts";

const suite = "trixie";
const repository = "asci/base";
const directory = new URL("./base", import.meta.url).pathname;
/** What the image is made of; anything else in the folder (tests, notes) does not change it. */
const parts = [
  "Dockerfile",
  "dpkg.cfg",
  "packages.txt",
  "install.sh",
  "helper",
  "rootfs",
  "theme",
  "retint.py",
  "configure.sh",
  "prime.sh",
];

export interface BaseImage {
  /** Name with tag, to create containers from. */
  image: string;
  /** The engine's own id, `sha256:…`. */
  id: string;
  /** The first 12 digits of the hash of what it is made of. */
  tag: string;
}

export interface BuildOptions {
  onProgress?: OnProgress;
  /** Proxy settings for the build, `http_proxy` and the like; they do not get into the image. */
  proxy?: Readonly<Record<string, string>>;
}

/**
 * The base desktop's image: the engine's own where it has one with exactly this content, else built here. It gets its
 * name only when all of it is there, so a build that was cut off is simply done again, from the last finished step on.
 * @throws BuildError, HostError
 */
export async function ensureBaseImage(
  docker: Docker,
  { onProgress, proxy = {} }: BuildOptions = {},
): Promise<BaseImage> {
  onProgress?.({ phase: "check", line: "Looking for the desktop image" });
  const context = await packContext(directory, parts);
  const content = createHash("sha256")
    .update(`${suite} ${debianRecipe} ${context.hash}`)
    .digest("hex");
  const tag = content.slice(0, 12);
  const image = `${repository}:${tag}`;
  const found = await findImage(docker, image);
  if (found !== undefined) return { image, id: found, tag };

  const mirrors = await findMirrors();
  const base = await ensureDebian(docker, {
    suite,
    mirrors,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const built = await build(docker, context.archive, onProgress, {
    labels: { "asci.image": "base", "asci.content": content },
    buildargs: { ...proxy, BASE: base, MIRROR: mirrors.main, SECURITY_MIRROR: mirrors.security },
  });
  const id = await nameOnce(docker, built, tag);
  onProgress?.({ phase: "build", line: "The desktop image is ready", percent: 100 });
  return { image, id, tag };
}

/**
 * Names an image, unless somebody who built the same at the same time was first: a name that has been given never comes
 * to mean another image.
 */
async function nameOnce(docker: Docker, built: string, tag: string): Promise<string> {
  const first = await findImage(docker, `${repository}:${tag}`);
  if (first !== undefined) return first;
  await docker.getImage(built).tag({ repo: repository, tag });
  return built;
}

/** @returns the id of the new image, which has no name yet */
async function build(
  docker: Docker,
  archive: Buffer,
  onProgress: OnProgress | undefined,
  options: Docker.ImageBuildOptions,
): Promise<string> {
  const log = new BuildLog();
  try {
    const stream = await docker.buildImage(Readable.from([archive]), {
      ...options,
      rm: true,
      forcerm: true,
    });
    const id = await followStream(stream, (line) => {
      const progress = log.add(line);
      if (progress !== undefined) onProgress?.(progress);
    });
    if (id === undefined) throw new Error("The engine finished the build without an image.");
    return id;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw explainFailure(
      "build_failed",
      "The desktop image could not be built.",
      [...log.last, words],
      error,
    );
  }
}
