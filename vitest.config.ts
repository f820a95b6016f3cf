import { defineConfig } from "vitest/config";

const postgres = "./test/postgres-setup.ts";
const common = { environment: "node" as const, restoreMocks: true };

/** What a gateway does wherever it runs: these are run against Node, and again against real workerd. */
const portable = [
  "gateway/{api,audit,audit-trail,bad-input,catalogue-admin,events,oidc*,policy,sign-in,sync,tokens}.db.test.ts",
  "test/stream/{redeem,refusals,sign-out}.db.test.ts",
];

/** Suites that hold real servers; within each, files that need the same scarce thing run in turn. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: "unit",
          include: [
            "{bench,cli,controller,db,gateway,images,scheduler,ui,wire}/**/*.test.{ts,tsx}",
          ],
          exclude: ["**/*.{db,docker,worker,browser}.test.ts", "**/node_modules/**"],
        },
      },
      {
        test: {
          ...common,
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
          ...common,
          name: "worker",
          include: [...portable, "**/*.worker.test.ts"],
          exclude: ["**/node_modules/**"],
          globalSetup: [postgres],
          provide: { entry: "workerd" },
          // They wait more than they work.
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...common,
          name: "docker",
          include: ["**/*.docker.test.ts"],
          exclude: ["**/node_modules/**"],
          globalSetup: [postgres],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          ...common,
          name: "browser",
          include: ["**/*.browser.test.ts"],
          exclude: ["**/node_modules/**"],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
