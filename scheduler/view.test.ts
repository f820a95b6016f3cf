import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filters, refusedBy, type FilterName } from "./filter.ts";
import { Round } from "./round.ts";
import { scoreOf } from "./score.ts";
import { arbNodes, arbRequests, arbRules, situation } from "./testing.ts";

describe("a view that is kept up to date", () => {
  it("says what looking at every node says, however the site changes", () => {
    const skipped = fc.array(fc.boolean(), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(arbNodes(9), arbRules, arbRequests(25), skipped, (nodes, rules, all, skips) => {
        const round = new Round(situation({ nodes, rules }));
        for (const [at, request] of all.entries()) {
          // What is not looked at in between is caught up with.
          if (at % 5 === 0 || !skips[at % skips.length]) {
            const { need } = round.caseOf(all[at % 3] ?? request);
            const view = round.view(need);
            const verdicts = round.site.nodes.map((_, node) => refusedBy(round.site, need, node));
            const counts = filters.flatMap((name): [FilterName, number][] => {
              const count = verdicts.filter((it) => it === name).length;
              return count > 0 ? [[name, count]] : [];
            });
            expect(view.refused).toEqual(Object.fromEntries(counts));
            const without = new Map(at % 2 ? [[0, 1]] : []);
            const ranked = verdicts
              .flatMap((by, node) => (by === null && !without.has(node) ? [node] : []))
              .map((node) => ({ node, score: scoreOf(round.site, need, node) }))
              .sort((a, b) => b.score - a.score || a.node - b.node);
            for (const count of [1, 5])
              expect(view.best(count, without)).toEqual(ranked.slice(0, count));
          }
          round.decide(request);
        }
      }),
      { numRuns: 300 },
    );
  });
});
