import type { ReactNode } from "react";
import {
  Form,
  Link,
  Outlet,
  useActionData,
  useFetcher,
  useLoaderData,
  useNavigation,
  useRouteError,
} from "react-router";
import { useConnection } from "../hooks/useConnection.js";
import { useLive } from "../hooks/useLive.js";
import { useLiveStatus } from "../hooks/useLiveStatus.js";
import { usePresence } from "../hooks/usePresence.js";
import { upsert } from "../live/upsert.js";
import type { RouteEntry } from "../routes.js";
import type { LiveRoute, Reducer } from "../types.js";
import { PythonApp, Redirection, Status } from "./PythonApp.js";

export interface Message {
  readonly id: number;
  readonly text: string;
}

interface RoomLive extends LiveRoute {
  readonly data: { readonly room: string; readonly messages: readonly Message[] };
  readonly publication: Message;
}

interface SidebarLive extends LiveRoute {
  readonly data: { readonly latest: string };
  readonly publication: Message;
}

interface StatsLive extends LiveRoute {
  readonly data: { readonly total: number };
}

/** What the reducer of the room does; a test may replace it. */
export const chat: { reducer: Reducer<RoomLive> } = {
  reducer: (page, message) => ({ ...page, messages: upsert(page.messages, message) }),
};

function Document({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <title>Chat</title>
      </head>
      <body>{children}</body>
    </html>
  );
}

function Shell() {
  return (
    <Document>
      <b id="line">{useConnection().status}</b>
      <i id="navigation">{useNavigation().state}</i>
      {["/rooms/1", "/rooms/2", "/lobby", "/stats?q=a+b%2C&q=%C3%A4", "/nowhere"].map((to) => (
        <Link key={to} to={to}>
          {to}
        </Link>
      ))}
      <Outlet />
    </Document>
  );
}

function Sidebar() {
  const { latest } = useLive<SidebarLive>((_, { text }) => ({ latest: text }));
  return (
    <>
      <u id="latest">{latest}</u>
      <Outlet />
    </>
  );
}

function Room() {
  const page = useLive<RoomLive>((data, publication) => chat.reducer(data, publication));
  const { members } = usePresence<RoomLive>();
  const fetcher = useFetcher();
  return (
    <main>
      <h1>{page.room}</h1>
      <ul>
        {page.messages.map((message) => (
          <li key={message.id}>{message.text}</li>
        ))}
      </ul>
      <p id="status">{JSON.stringify(useLiveStatus())}</p>
      <p id="members">{members.map((member) => member.user).join()}</p>
      <Say />
      <fetcher.Form method="post">
        <input type="hidden" name="text" value="by fetcher" />
        <button type="submit">Fetch</button>
      </fetcher.Form>
    </main>
  );
}

function Say() {
  const answer = useActionData<unknown>();
  return (
    <>
      <p id="answer">{JSON.stringify(answer)}</p>
      <Form method="post">
        <input name="text" />
        <button type="submit">Send</button>
      </Form>
    </>
  );
}

function StatsAndForm() {
  return (
    <>
      <Stats />
      <Say />
    </>
  );
}

function Stats() {
  return <h1>{useLive<StatsLive>().total} messages</h1>;
}

function Lobby() {
  return <h1>{useLoaderData<string[]>().length} rooms</h1>;
}

function Problem() {
  return <p id="problem">{JSON.stringify(useRouteError())}</p>;
}

function ProblemDocument() {
  return (
    <Document>
      <Problem />
    </Document>
  );
}

const page = { loader: true, action: false };

export const entries: readonly RouteEntry[] = [
  {
    ...page,
    id: "shell",
    view: { default: Shell, ErrorBoundary: ProblemDocument },
    children: [
      { ...page, id: "lobby", path: "lobby", view: { default: Lobby } },
      {
        ...page,
        id: "sidebar",
        view: { default: Sidebar },
        children: [
          {
            ...page,
            id: "room",
            path: "rooms/:room",
            action: true,
            view: { default: Room, ErrorBoundary: Problem },
          },
          { ...page, id: "stats", path: "stats", action: true, view: { default: StatsAndForm } },
        ],
      },
    ],
  },
];

/** A chat with a database, and a line on which its messages are published. */
export class ChatApp extends PythonApp {
  readonly rooms = new Map<string, readonly Message[]>([
    ["1", [{ id: 1, text: "first" }]],
    ["2", [{ id: 2, text: "elsewhere" }]],
  ]);
  signedIn = true;

  constructor() {
    super(entries, {
      shell: { loader: () => ({}) },
      lobby: { loader: () => [...this.rooms.keys()] },
      sidebar: { channels: () => ["room:1"], loader: () => ({ latest: this.rooms.get("1")?.at(-1)?.text }) },
      stats: {
        channels: () => ["room:1"],
        loader: () => ({ total: this.rooms.get("1")?.length }),
        action: ({ form }) => this.#say("1", form.get("text") ?? ""),
      },
      room: {
        channels: ({ params }) => [`room:${params.room}`],
        loader: ({ params }) => this.#page(params.room ?? ""),
        action: ({ params, form }) => this.#say(params.room ?? "", form.get("text") ?? ""),
      },
    });
  }

  /** Somebody says something: it is stored, and published. */
  post(room: string, text: string): Message {
    const messages = this.rooms.get(room) ?? [];
    const message = { id: 100 * Number(room) + messages.length, text };
    this.rooms.set(room, [...messages, message]);
    this.line.serve(`room:${room}`, message);
    return message;
  }

  #page(room: string) {
    const messages = this.rooms.get(room);
    if (!this.signedIn) throw new Redirection("/lobby");
    if (!messages) throw { status: 404, data: { detail: "no such room" } };
    return { room: `Room ${room}`, messages };
  }

  #say(room: string, text: string) {
    if (text === "go") throw new Redirection("/rooms/2");
    if (text === "") return new Status(422, { errors: { text: "say something" } });
    return this.post(room, text);
  }
}
