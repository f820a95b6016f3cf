/** The image that a desktop is made from, pulled first where this node has not got it. */
import { getInstanceSpec, reportReason, type InstanceSpec } from "../db/node-instances.ts";
import type { Db } from "../db/client.ts";
import type { Lease } from "../db/work.ts";
import { ContainerGone } from "./await-ready.ts";
import type { PullProgress } from "./image-progress.ts";
import type { ImagePuller } from "./image-puller.ts";
import type { Slots } from "./slots.ts";
import { parseImageName } from "./runtimes/image-store.ts";

const code = "image_pulling";

function wordsOf({ percent }: PullProgress): string {
  const far = percent === null ? "" : `: ${percent} %`;
  return `its image is being pulled to its node${far}`;
}

interface Teller {
  tell(progress: PullProgress): void;
  /** Waits for what is being said. */
  settled(): Promise<void>;
}

/** Says how far the pull has come, and looks whether the desktop is still wanted. */
function createTeller(
  db: Db,
  lease: Lease,
  spec: InstanceSpec,
  callOff: (reason: unknown) => void,
): Teller {
  let said = "";
  let saying: Promise<void> | undefined;
  const say = async (text: string) => {
    if (text !== said) await reportReason(db, lease, { code, text });
    said = text;
    const wish = await getInstanceSpec(db, spec.id);
    if (wish?.desired !== "running" || wish.wantedIncarnation !== spec.incarnation)
      callOff(new ContainerGone());
  };
  return {
    tell(progress) {
      saying ??= say(wordsOf(progress))
        .catch(callOff)
        .finally(() => (saying = undefined));
    },
    settled: async () => saying,
  };
}

/**
 * While it is pulled others are worked on: what is to be stopped, or needs no pull, does not wait for it.
 * @returns what the engine knows the image by
 * @throws ContainerGone where the wish changed meanwhile
 * @throws RuntimeError as `ensureImage`
 */
export async function startImage(
  { db, images, slots }: { readonly db: Db; readonly images: ImagePuller; readonly slots: Slots },
  lease: Lease,
  spec: InstanceSpec,
  signal: AbortSignal,
): Promise<string> {
  // What is built on the node itself is there, or is nowhere.
  if (!parseImageName(spec.image).namesRegistry) return spec.digest;
  const here = await images.find(spec);
  if (here) return here.id;
  const off = new AbortController();
  const teller = createTeller(db, lease, spec, (reason) => off.abort(reason));
  try {
    const want = {
      urgent: true,
      signal: AbortSignal.any([signal, off.signal]),
      onProgress: (progress: PullProgress) => teller.tell(progress),
    };
    const { id } = await slots.aside(() => images.get(spec, want), signal);
    return id;
  } finally {
    await teller.settled();
  }
}
