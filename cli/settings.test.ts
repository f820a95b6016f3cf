import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { Failure } from "./failure.ts";
import { localUrl, readSettings } from "./settings.ts";

function faultsOf(environment: Record<string, string>): string[] {
  try {
    readSettings(environment);
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.message.split("\n").slice(1);
  }
}

describe("readSettings", () => {
  it("has a default for everything", () => {
    expect(readSettings({})).toEqual({
      port: 8080,
      host: "127.0.0.1",
      dataDir: resolve("var"),
      adminPassword: undefined,
      publicUrl: undefined,
      trustedProxies: undefined,
      databaseUrl: undefined,
      keyRotationDays: 30,
      demo: true,
      homes: undefined,
      homesMake: undefined,
      data: undefined,
      dataMake: undefined,
      node: {},
    });
  });

  it("takes what is set, and ignores what is set to nothing or not ours", () => {
    const settings = readSettings({
      ASCI_PORT: "9000",
      ASCI_HOST: "::",
      ASCI_DATA: "/srv/asci",
      ASCI_ADMIN_PASSWORD: "correct horse",
      ASCI_PUBLIC_URL: "https://desktops.example.org/",
      ASCI_TRUSTED_PROXIES: "10.0.0.5, fd00::/8",
      DATABASE_URL: "postgres://asci:secret@db.example.org/asci",
      ASCI_KEY_ROTATION_DAYS: "0",
      ASCI_DEMO: "0",
      ASCI_HOMES: "/nfs/home/{initial}/{username}",
      ASCI_EXPERIMENT_DATA: "/nfs/data/{beamline}/{year}/{experiment}",
      ASCI_EXPERIMENT_DATA_MAKE: "1",
      ASCI_NODE_LABELS: "gpu=a40",
      ASCI_NODE_GPUS: "[]",
      ASCI_NODE_CPUS: "",
      PATH: "/bin",
    });
    expect(settings).toEqual({
      port: 9000,
      host: "::",
      dataDir: "/srv/asci",
      adminPassword: "correct horse",
      publicUrl: "https://desktops.example.org",
      trustedProxies: "10.0.0.5, fd00::/8",
      databaseUrl: "postgres://asci:secret@db.example.org/asci",
      keyRotationDays: 0,
      demo: false,
      homes: "/nfs/home/{initial}/{username}",
      homesMake: undefined,
      data: "/nfs/data/{beamline}/{year}/{experiment}",
      dataMake: true,
      node: { ASCI_NODE_LABELS: "gpu=a40", ASCI_NODE_GPUS: "[]" },
    });
    expect(readSettings({ ASCI_PORT: "", ASCI_DEMO: "" })).toMatchObject({
      port: 8080,
      demo: true,
    });
  });

  it("names every fault at once", () => {
    const faults = faultsOf({
      ASCI_PORT: "70000",
      ASCI_HOST: "999.1.1.1",
      ASCI_ADMIN_PASSWORD: "short",
      ASCI_PUBLIC_URL: "desktops.example.org",
      ASCI_TRUSTED_PROXIES: "10.0.0.0/40",
      DATABASE_URL: "mysql://db/asci",
      ASCI_KEY_ROTATION_DAYS: "monthly",
      ASCI_DEMO: "no",
      ASCI_NODE_CPUS: "-1",
      ASCI_NODE_LABELS: "zone",
      ASCI_IMAGES_MIN_FREE: "much",
    });
    const names = faults.map((line) => line.trim().split(":")[0]);
    expect(names.sort()).toEqual([
      "ASCI_ADMIN_PASSWORD",
      "ASCI_DEMO",
      "ASCI_HOST",
      "ASCI_IMAGES_MIN_FREE",
      "ASCI_KEY_ROTATION_DAYS",
      "ASCI_NODE_CPUS",
      "ASCI_NODE_LABELS",
      "ASCI_PORT",
      "ASCI_PUBLIC_URL",
      "ASCI_TRUSTED_PROXIES",
      "DATABASE_URL",
    ]);
  });

  it.each([
    ["ASCI_HOMES", "nfs/{username}", "an absolute path"],
    ["ASCI_HOMES", "/nfs/../{username}", "must not contain . or .."],
    ["ASCI_HOMES", "/nfs/home", "must contain {username} or {uid}"],
    ["ASCI_HOMES", "/nfs/{user}/{uid}", "knows only {username}, {uid}, {initial}"],
    ["ASCI_EXPERIMENT_DATA", "/nfs/{beamline}", "must contain {experiment}"],
    ["ASCI_HOMES_MAKE", "yes", "give 1 to have ASCI make folders"],
  ])("refuses %s=%s", (name, value, words) => {
    expect(faultsOf({ [name]: value })).toEqual([expect.stringContaining(words)]);
  });

  it.each(["0", "65536", "80a", "-1", "1e3", " 80"])("refuses %j as a port", (port) => {
    expect(faultsOf({ ASCI_PORT: port })).toHaveLength(1);
  });

  it.each([
    "https://a.example/path",
    "ftp://a.example",
    "https://user@a.example",
    "https://a.example/?q",
  ])("refuses %s as the site's address", (url) =>
    expect(faultsOf({ ASCI_PUBLIC_URL: url })).toHaveLength(1),
  );

  it("does not repeat the secrets in its faults", () => {
    const text = faultsOf({
      DATABASE_URL: "mysql://u:hunter2@db/x",
      ASCI_ADMIN_PASSWORD: "hunter2",
    });
    expect(text.join()).not.toContain("hunter2");
  });
});

describe("localUrl", () => {
  it.each([
    ["127.0.0.1", "http://127.0.0.1:8080"],
    ["0.0.0.0", "http://127.0.0.1:8080"],
    ["::", "http://[::1]:8080"],
    ["fd00::1", "http://[fd00::1]:8080"],
    ["localhost", "http://localhost:8080"],
  ])("for %s is %s", (host, url) => {
    expect(localUrl({ host, port: 8080 })).toBe(url);
  });
});
