/** What a desktop is told of how it can draw. Pure. */

/** Everything that a desktop has programs for; the default leaves graphics out. */
const capabilities = "compute,graphics,display,utility,video";

/**
 * Variables of the container. VirtualGL draws on the first GPU that the container sees, without an X
 * server of its own there (its EGL back end). Slices of a GPU compute, but have no OpenGL.
 *
 * @param gpus UUIDs of what the desktop was given
 */
export function renderingEnv(gpus: readonly string[]): Record<string, string> {
  if (gpus.length === 0) return { ASCI_RENDERING: "software" };
  const draws = gpus.some((it) => it.startsWith("GPU-"));
  return {
    ASCI_RENDERING: draws ? "gpu" : "software",
    NVIDIA_DRIVER_CAPABILITIES: capabilities,
    ...(draws ? { VGL_DISPLAY: "egl" } : {}),
  };
}
