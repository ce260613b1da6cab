import { useState } from "react";
import { Link, Outlet } from "react-router";
import { useLive } from "../hooks/useLive.js";
import { type LiveActionHook, useLiveAction } from "../hooks/useLiveAction.js";
import { upsert } from "../live/upsert.js";
import type { RouteEntry } from "../routes.js";
import type { LiveRoute } from "../types.js";
import { PythonApp, Status } from "./PythonApp.js";

export interface Card {
  readonly slug: string;
  readonly column: string;
  readonly rev: number;
}

interface Page {
  readonly cards: readonly Card[];
}

interface BoardLive extends LiveRoute {
  readonly data: Page;
  readonly publication: Card;
}

interface DeskLive extends LiveRoute {
  readonly data: Page & { readonly orders: readonly string[] };
  readonly publication:
    | { readonly channel: "Cards"; readonly data: Card }
    | { readonly channel: "Orders"; readonly data: string };
}

type Move = Pick<Card, "slug" | "column">;

const moved = (page: Page, move: Move): Page => ({
  ...page,
  cards: page.cards.map((card) => (card.slug === move.slug ? { ...card, ...move } : card)),
});

/** What a test does with the page, and sees of it. */
export const board: { move: LiveActionHook<Move>; renders: (readonly Card[])[] } = {
  move: { submit: async () => {}, pending: 0, error: undefined },
  renders: [],
};

function Shell() {
  return (
    <html lang="en">
      <head>
        <title>Boards</title>
      </head>
      <body>
        {["/boards/1", "/boards/2", "/summary/1", "/desk", "/clock"].map((to) => (
          <Link key={to} to={to}>
            {to}
          </Link>
        ))}
        <Outlet />
      </body>
    </html>
  );
}

function Cards({ cards }: Page) {
  return cards.map(({ slug, column }) => <li key={slug}>{`${slug} ${column}`}</li>);
}

function Board() {
  const page = useLive<BoardLive>((data, card) => ({ ...data, cards: upsert(data.cards, card) }));
  board.renders.push(page.cards);
  return (
    <>
      <Cards {...page} />
      <Mover />
    </>
  );
}

function Mover() {
  board.move = useLiveAction<BoardLive, Move>(moved);
  const { pending, error, submit } = board.move;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <input type="hidden" name="slug" value="a" />
      <input type="hidden" name="column" value="by form" />
      <button type="submit">Move</button>
      <p id="pending">{pending}</p>
      <p id="error">{JSON.stringify(error)}</p>
    </form>
  );
}

function Summary() {
  const page = useLive<BoardLive>();
  return (
    <>
      <Cards {...page} />
      <Mover />
    </>
  );
}

function Desk() {
  const page = useLive<DeskLive>((data, publication) => {
    switch (publication.channel) {
      case "Cards":
        return { ...data, cards: upsert(data.cards, publication.data) };
      case "Orders":
        return { ...data, orders: [...new Set([...data.orders, publication.data])] };
    }
  });
  return (
    <>
      <Cards cards={page.cards} />
      <p id="orders">{page.orders.join()}</p>
    </>
  );
}

function Clock() {
  const [isGone, setGone] = useState(false);
  return (
    <>
      {isGone ? null : <Time />}
      <button type="button" onClick={() => setGone(true)}>
        Stop
      </button>
    </>
  );
}

function Time() {
  return <h1>{useLive<{ data: { time: number } }>({ every: "30s" }).time}</h1>;
}

function Quiet() {
  return <h1>{useLive<BoardLive>().cards.length}</h1>;
}

// Data that is no object, on a route that follows its channel with a reducer, without, or by asking.
const plain = {
  folded: () => <h1>{JSON.stringify(useLive<CountLive>((_, told) => told))}</h1>,
  reloaded: () => <h1>{JSON.stringify(useLive<CountLive>())}</h1>,
  polled: () => <h1>{JSON.stringify(useLive<Pick<CountLive, "data">>({ every: "30s" }))}</h1>,
};

interface CountLive extends LiveRoute {
  readonly data: number | string | boolean | null;
  readonly publication: CountLive["data"];
}

const page = { loader: true, action: true };

const entries: readonly RouteEntry[] = [
  {
    ...page,
    loader: false,
    id: "shell",
    view: { default: Shell },
    children: [
      { ...page, id: "board", path: "boards/:board", view: { default: Board } },
      { ...page, id: "summary", path: "summary/:board", view: { default: Summary } },
      { ...page, id: "desk", path: "desk", view: { default: Desk } },
      { ...page, id: "clock", path: "clock", view: { default: Clock } },
      ...Object.entries(plain).map(([how, view]) => ({ ...page, id: how, path: how, view: { default: view } })),
      { ...page, id: "quiet", path: "quiet", view: { default: Quiet } },
    ],
  },
];

/** Boards with cards that are moved about, by this tab and by others. */
export class BoardApp extends PythonApp {
  cards: readonly Card[] = ["a", "b"].map((slug) => ({ slug, column: "todo", rev: 1 }));
  orders: readonly string[] = [];
  clock = 0;
  count: unknown = null;
  /** Whether moves are announced. */
  isPublishing = true;

  constructor() {
    const channels = ({ params }: { params: Record<string, string | undefined> }) => [this.#rule(params.board)];
    const loader = () => ({ cards: this.cards });
    const action = ({ form }: { form: URLSearchParams }) => this.#act(form);
    super(entries, {
      board: { channels, loader, action },
      summary: { channels, loader, action },
      desk: {
        channels: () => [this.#rule("1"), { channel: "orders", of: "Orders" }],
        loader: () => ({ cards: this.cards, orders: this.orders }),
      },
      clock: { loader: () => ({ time: ++this.clock }) },
      quiet: { loader },
      folded: { channels: () => ["count"], loader: () => this.count },
      reloaded: { channels: () => ["count"], loader: () => this.count },
      polled: { loader: () => this.count },
    });
  }

  /** Somebody moves a card: it is stored, and published. */
  move(slug: string, column: string): Card {
    const card = { slug, column, rev: 1 + (this.cards.find((each) => each.slug === slug)?.rev ?? 0) };
    this.cards = this.cards.map((each) => (each.slug === slug ? card : each));
    if (this.isPublishing) this.line.serve("board:1", card);
    return card;
  }

  /** Somebody changes the plain value. */
  set(count: unknown): void {
    this.count = count;
    this.line.serve("count", count);
  }

  order(text: string): void {
    this.orders = [...this.orders, text];
    this.line.serve("orders", text);
  }

  #rule(board = "") {
    return { channel: `board:${board}`, of: "Cards", key: "slug", version: "rev" };
  }

  #act(form: URLSearchParams): unknown {
    const column = form.get("column") ?? "";
    if (column === "nowhere") return new Status(422, { errors: { column: "no such column" } });
    if (column === "broken") throw { status: 500, data: { detail: "Unexpected Server Error" } };
    return this.move(form.get("slug") ?? "", column);
  }
}
