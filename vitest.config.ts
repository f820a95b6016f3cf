import { defineConfig } from "vitest/config";
import { LongFirst } from "./test/long-first.ts";

const postgres = "./test/postgres-setup.ts";
const prebuilt = "./test/edge/prebuilt-setup.ts";
/** A second is what `expect.poll` waits by itself: too short where the machine has other work. */
const patience = { poll: { timeout: 30_000 } };
const common = { environment: "node" as const, restoreMocks: true, expect: patience };
/** Files share what they import: none changes a module for others, and loading anew costs as much as the tests. */
const shared = { ...common, isolate: false };

/** What a gateway does wherever it runs: these are run against Node, and again against real workerd. */
const portable = [
  "gateway/{api,audit,audit-trail,availability,bad-input,catalogue,catalogue-admin,events,import,nodes,oidc*,policy,reservations,rule-preview,rules,sign-in,staff,stations*,sync,tokens,use}.db.test.ts",
  "test/stream/{redeem,refusals,sign-out,stations}.db.test.ts",
];

/** They draw, and start no desktop: run beside those that wait for an engine. */
const scenes = "test/e2e/scenes.browser.test.ts";
/** Engines of their own, several at once. */
const clusters = "test/cluster/**/*.docker.test.ts";

/** They start real engines or desktops: one file after the other. */
const engines = {
  ...common,
  globalSetup: [postgres],
  fileParallelism: false,
  testTimeout: 300_000,
  hookTimeout: 900_000,
};

/** Suites that hold real servers; within each, files that need the same scarce thing run in turn. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          include: [
            "{bench,cli,controller,db,gateway,images,scheduler,test,ui,wire}/**/*.test.{ts,tsx}",
          ],
          exclude: ["**/*.{db,docker,worker,browser}.test.ts", "**/node_modules/**"],
          // Hashing a password takes as long as the machine's other work lets it.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          ...shared,
          name: "db",
          include: ["**/*.db.test.ts"],
          exclude: ["**/node_modules/**"],
          globalSetup: [postgres],
          provide: { entry: "node" },
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...shared,
          name: "worker",
          include: [...portable, "**/*.worker.test.ts"],
          exclude: ["**/node_modules/**"],
          globalSetup: [postgres, prebuilt],
          provide: { entry: "workerd" },
          // They wait more than they work.
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...engines,
          name: "docker",
          include: ["**/*.docker.test.ts"],
          exclude: ["**/node_modules/**", clusters],
        },
      },
      {
        test: {
          ...engines,
          name: "cluster",
          include: [clusters],
        },
      },
      {
        test: {
          ...common,
          name: "scenes",
          include: [scenes],
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          ...common,
          name: "browser",
          include: ["**/*.browser.test.ts"],
          exclude: ["**/node_modules/**", scenes],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
