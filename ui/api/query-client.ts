import { QueryClient } from "@tanstack/solid-query";
import { whenSignedOut } from "./client.ts";
import { isPassing } from "./errors.ts";

export const keys = {
  me: ["me"],
  signIns: ["sign-ins"],
  tokens: ["tokens"],
  home: ["home"],
  providers: ["providers"],
  catalogue: ["catalogue"],
  instances: ["instances"],
  instance: (id: string) => ["instance", id],
  users: (query: { search: string; sort: string }) => ["users", query],
  nodes: (search: string) => ["nodes", search],
  node: (id: string) => ["node", id],
  use: (query: object) => ["use", query],
} as const;

/** Retries quickly at first: a server that restarts is back in seconds. */
export function retryDelayMs(attempt: number): number {
  return Math.min(500 * 2 ** attempt, 5_000) * (0.75 + Math.random() / 2);
}

/** What is asked for, and changes nothing, is asked for again. */
export const retryPassing = (failures: number, error: unknown): boolean =>
  failures < 2 && isPassing(error);

/** The app's one query client. */
export const queryClient: QueryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Reach is judged by trying: `navigator.onLine` is wrong behind many VPNs and in closed networks.
      networkMode: "always",
      retry: retryPassing,
      retryDelay: retryDelayMs,
      staleTime: 10_000,
      refetchOnWindowFocus: true,
    },
    mutations: { networkMode: "always", retry: false },
  },
});

/** Asks who is signed in anew: the answer decides whether the sign-in page is shown. */
export function noticeSignedOut(): void {
  void queryClient.invalidateQueries({ queryKey: keys.me });
}

whenSignedOut(noticeSignedOut);
