/** A process of its own for the bench of the scheduler, so that its memory is its own. */
import { naivePlace } from "../naive-place.ts";
import { largeRequests, largeSite } from "../scheduler-site.ts";
import { place } from "../../scheduler/place.ts";

const nodes = 10_000;
const rules = 50;
const [what = "ours", count = "1000"] = process.argv.slice(2);
const requests = largeRequests(Number(count), what === "own-sizes");
const site = largeSite(nodes, rules);
const began = performance.now();
const chosen =
  what === "naive"
    ? naivePlace(requests, site)
    : place(requests, site).map((it) => (it.kind === "placed" ? it.node.id : null));
const ms = performance.now() - began;
const memoryMb = process.resourceUsage().maxRSS / 1000;
process.stdout.write(JSON.stringify({ ms, memoryMb, chosen }));
