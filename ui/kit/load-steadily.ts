import { lazy, type Component, type JSX } from "solid-js";

const pausesMs = [250, 750, 2_000];

/**
 * A network that changes, as a laptop's does when it is carried off, ends what a browser is just loading. So a part of
 * the app that does not come is asked for again before anybody is told.
 *
 * @throws what the last try threw: the part is gone for good, or the network is
 */
export async function loadSteadily<Part>(load: () => Promise<Part>): Promise<Part> {
  for (const pauseMs of pausesMs) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return load();
}

type PropsOf<Part> = Part extends (props: infer Props extends object) => JSX.Element
  ? Props
  : never;

/** A component in a chunk of its own, which comes when it is first shown. */
export const lazyPart = <Module, Name extends keyof Module>(
  load: () => Promise<Module>,
  name: Name,
) =>
  lazy(async () => ({
    default: (await loadSteadily(load))[name] as Component<PropsOf<Module[Name]>>,
  }));
