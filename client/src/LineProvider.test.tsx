// @vitest-environment jsdom
import { act, cleanup, render } from "@testing-library/react";
import { StrictMode, useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TabProvider } from "./LineProvider.js";
import { type ChannelPosition, upsert, useConnection, useLiveData, usePresence } from "./standalone.js";
import { MemoryLine } from "./testing/MemoryLine.js";

interface Row {
  readonly id: number;
  readonly text: string;
}

interface Loaded {
  readonly rows: readonly Row[];
  readonly position: ChannelPosition;
}

let line: MemoryLine;
let database: Row[];
let loads: number;

beforeEach(() => {
  vi.useFakeTimers();
  line = new MemoryLine();
  database = [];
  loads = 0;
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** What a loader of any framework does: the position first, then the data. */
function load(): Loaded {
  return { position: line.position("rows"), rows: [...database] };
}

function write(row: Row): void {
  database = upsert(database, row);
  line.serve("rows", row);
}

function Page({ first, user }: { first: Loaded; user: string | null }) {
  const [loaded, setLoaded] = useState(first);
  const reload = () => {
    loads += 1;
    setLoaded(load());
  };
  return (
    <StrictMode>
      <TabProvider open={() => line} user={user} reload={reload}>
        <Rows {...loaded} />
      </TabProvider>
    </StrictMode>
  );
}

function Rows({ rows, position }: Loaded) {
  const shown = useLiveData<readonly Row[], Row>(rows, position, (rows, row) => upsert(rows, row));
  const { status } = useConnection();
  const { members } = usePresence("rows");
  return <p>{`${status} ${members.length} ${shown.map(({ id, text }) => `${id}${text}`)}`}</p>;
}

const after = (happens: () => unknown, milliseconds = 0) =>
  act(async () => {
    await happens();
    await vi.advanceTimersByTimeAsync(milliseconds);
  });

async function opened(): Promise<HTMLElement> {
  const first = load();
  const { container } = render(<Page first={first} user={null} />);
  await after(() => {});
  return container;
}

test("data is kept true from its position on", async () => {
  write({ id: 1, text: "a" });
  const first = load();
  write({ id: 2, text: "b" }); // while the document was on its way
  const { container } = render(<Page first={first} user={null} />);
  await after(() => {});
  expect(container.textContent).toBe("open 0 1a,2b");
  await after(() => write({ id: 1, text: "c" }));
  expect(container.textContent).toBe("open 0 1c,2b");
  expect([line.subscriptions, loads]).toEqual([1, 0]);
});

test("what was missed during a cut is recovered", async () => {
  const container = await opened();
  await after(() => line.cut());
  write({ id: 1, text: "a" });
  await after(() => line.restore());
  expect(container.textContent).toBe("open 0 1a");
  expect(loads).toBe(0);
});

test("where the stream was lost the page's data is loaded again", async () => {
  const container = await opened();
  await after(() => line.cut());
  write({ id: 1, text: "a" });
  line.forget("rows");
  await after(() => line.restore(), 500);
  expect(container.textContent).toBe("open 0 1a");
  expect(loads).toBe(1);
});

test("for another user the line is opened again", async () => {
  const first = load();
  const { rerender } = render(<Page first={first} user="ann" />);
  await after(() => {});
  expect(line.connections).toBe(1);
  await after(() => rerender(<Page first={first} user="bob" />));
  await after(() => {}, 2000);
  expect(line.connections).toBe(2);
});
