import type { Counters } from "./loops.ts";

/** The controller's counters in Prometheus' text format. */
export function metricsText(counters: Counters, spareNetworks: number): string {
  return [
    "# HELP asci_unknown_containers Containers with our labels that belong to no known instance",
    "# TYPE asci_unknown_containers gauge",
    `asci_unknown_containers ${counters.unknownContainers}`,
    "# HELP asci_comparisons_total Full comparisons of engine and database",
    "# TYPE asci_comparisons_total counter",
    `asci_comparisons_total ${counters.comparisons}`,
    "# HELP asci_found_by_comparison_total Instances that only a comparison found to differ",
    "# TYPE asci_found_by_comparison_total counter",
    `asci_found_by_comparison_total ${counters.foundByComparison}`,
    "# HELP asci_spare_networks Networks that stand ready for starts",
    "# TYPE asci_spare_networks gauge",
    `asci_spare_networks ${spareNetworks}`,
    "",
  ].join("\n");
}
