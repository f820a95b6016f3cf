import { readSetting, writeSetting } from "../components/settings.ts";

export const qualities = ["smooth", "balanced", "sharp"] as const;
export type Quality = (typeof qualities)[number];

/**
 * What each choice asks of TigerVNC: `qualityLevel` 9 is the JPEG quality at which text stays clean,
 * `compressionLevel` trades the node's CPU for bytes.
 */
export const qualityLevels: Record<Quality, { qualityLevel: number; compressionLevel: number }> = {
  smooth: { qualityLevel: 3, compressionLevel: 6 },
  balanced: { qualityLevel: 8, compressionLevel: 2 },
  sharp: { qualityLevel: 9, compressionLevel: 1 },
};

/** The choice kept in this browser: a network belongs to a place, not to a person. */
export function readQuality(): Quality {
  const stored = readSetting("quality");
  return qualities.find((it) => it === stored) ?? "balanced";
}

export function writeQuality(quality: Quality): void {
  writeSetting("quality", quality);
}
