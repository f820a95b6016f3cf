import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Where Debian's packages come from, as plain HTTP: a bare Debian has no certificates to check HTTPS with. */
export interface Mirrors {
  main: string;
  security: string;
}

export const defaultMirrors: Mirrors = {
  main: "http://deb.debian.org/debian",
  security: "http://deb.debian.org/debian-security",
};

/**
 * The mirrors that this host's apt is set up with (sources.list(5)), as it may have no other way out; Debian's own where
 * it names none, on Ubuntu for instance.
 */
export async function findMirrors(aptDirectory = "/etc/apt"): Promise<Mirrors> {
  const texts = await readSources(aptDirectory);
  const uris = texts.flatMap(({ name, text }) =>
    name.endsWith(".sources") ? urisOfStanzas(text) : urisOfLines(text),
  );
  const plain = uris.map((uri) => uri.replace(/^https:/, "http:").replace(/\/+$/, ""));
  return {
    main: plain.find((uri) => /^http:.*\/debian$/.test(uri)) ?? defaultMirrors.main,
    security:
      plain.find((uri) => /^http:.*\/debian-security$/.test(uri)) ?? defaultMirrors.security,
  };
}

interface SourcesFile {
  name: string;
  text: string;
}

async function readSources(aptDirectory: string): Promise<SourcesFile[]> {
  const parts = join(aptDirectory, "sources.list.d");
  const names = await readdir(parts).catch(() => []);
  const paths = [
    join(aptDirectory, "sources.list"),
    ...names
      .filter((name) => /\.(list|sources)$/.test(name))
      .sort()
      .map((name) => join(parts, name)),
  ];
  return Promise.all(
    paths.map(async (name) => ({ name, text: await readFile(name, "utf8").catch(() => "") })),
  );
}

function urisOfLines(text: string): string[] {
  return [...text.matchAll(/^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)/gm)].map((match) => match[1] ?? "");
}

function urisOfStanzas(text: string): string[] {
  const kept = text.replace(/^#.*\n/gm, "").split(/\n\s*\n/);
  return kept
    .filter((stanza) => /^Types:.*\bdeb\b/m.test(stanza) && !/^Enabled:\s*no/im.test(stanza))
    .flatMap((stanza) => /^URIs:\s*(.*)$/m.exec(stanza)?.[1]?.split(/\s+/) ?? []);
}
