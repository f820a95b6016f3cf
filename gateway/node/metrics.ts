import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Metrics } from "../deps.ts";

/** Prometheus metrics in a registry of this gateway's own. */
export function createMetrics(openStreams: () => number): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "asci_http_request_seconds",
    help: "Time to answer, by route template",
    labelNames: ["method", "route", "status"],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const signIns = new Counter({
    name: "asci_sign_ins_total",
    help: "Attempts to sign in, by outcome",
    labelNames: ["outcome"],
    registers,
  });
  const events = new Gauge({
    name: "asci_event_streams",
    help: "Open streams of server-sent events",
    registers,
  });
  new Gauge({
    name: "asci_desktop_streams",
    help: "Desktops connected through this gateway",
    registers,
    collect() {
      this.set(openStreams());
    },
  });
  return {
    request: (labels, seconds) => requests.observe(labels, seconds),
    signIn: (outcome) => signIns.inc({ outcome }),
    eventStreams: (delta) => events.inc(delta),
    text: () => registry.metrics(),
  };
}
