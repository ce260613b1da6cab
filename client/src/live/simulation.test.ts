import fc from "fast-check";
import { expect, test } from "vitest";
import { RULES, type Rules, World } from "../testing/World.js";
import { top } from "./log.js";

type Happening = (world: World, n: number) => unknown;

const happenings: Readonly<Record<string, Happening>> = {
  commit: (world, n) => world.commit(n),
  publish: (world) => world.publish(false),
  publishNewest: (world) => world.publish(true),
  ask: (world) => world.ask(),
  load: (world) => world.load(),
  answer: (world) => world.answer(),
  submit: (world, n) => world.submit(n),
  act: (world, n) => world.act(n, false),
  refuse: (world, n) => world.act(n, true),
  conclude: (world, n) => world.conclude(n, false),
  concludeBare: (world, n) => world.conclude(n, true),
  lose: (world, n) => world.lose(n),
  cut: (world) => world.line.cut(),
  restore: (world) => world.line.restore(),
  forget: (world) => world.line.forget("rows"),
  restart: (world) => {
    world.line.cut();
    world.line.restart();
  },
  time: async (world) => {
    await Promise.resolve();
    world.commitScreen();
  },
  settle: (world) => world.settle(),
};

const step = fc.record({ name: fc.constantFrom(...Object.keys(happenings)), n: fc.nat({ max: 5 }) });

/** Any story of a page, told under the given rules. */
function story(rules: Rules) {
  return fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
    const world = new World(rules);
    for (const { name, n } of steps) {
      await happenings[name]?.(world, n);
      expect(world.violations).toEqual([]);
    }
    await world.settle();
    expect(world.violations).toEqual([]);
  });
}

test("whatever happens to a page, nothing of one's own moves back, and once it is quiet it shows the database", async () => {
  await fc.assert(story(RULES), { numRuns: 3000 });
});

const faults: Readonly<Record<string, Partial<Rules>>> = {
  "positions read after the loader": { readsPositionsFirst: false },
  "a log cut short": {
    feeds: (feeds) =>
      feeds.map(({ log, flowing }) => ({ flowing, log: log && { ...log, entries: log.entries.slice(-2) } })),
  },
  "a revalidation that drops entries": {
    startsAt: (positions, feed) =>
      positions.map((position) => ({ ...position, offset: feed?.log ? top(feed.log) : position.offset })),
  },
  "an overlay dropped with the answer, before its publication": {
    confirmation: (confirmation) => ({ ...confirmation, at: -1 }),
  },
  "an overlay dropped with the first of its publications": {
    confirmation: (confirmation) => ({ ...confirmation, published: confirmation.published.slice(0, 1) }),
  },
  "an overlay that waits for no publication and is never dropped": {
    confirmation: (confirmation) => ({ ...confirmation, asked: -1, at: Infinity, published: [] }),
  },
};

test.each(Object.entries(faults))("the story finds the planted fault: %s", async (_, fault) => {
  const { failed, counterexample } = await fc.check(story({ ...RULES, ...fault }), { numRuns: 2000, seed: 3 });
  expect(failed, "no counterexample was found").toBe(true);
  expect(counterexample?.[0].length).toBeGreaterThan(0);
});
