export interface LockedPackage {
  version?: string;
  integrity?: string;
  optional?: boolean;
  devOptional?: boolean;
}

export function ensurePackages(root: string): Promise<void>;
export function isInstalled(root: string): boolean;
export function agrees(
  wanted: Readonly<Record<string, LockedPackage>>,
  present: Readonly<Record<string, LockedPackage>>,
): boolean;
