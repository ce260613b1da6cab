import { upsert, useActionData, useLive, usePresence } from "offhook";
import { Composer, Messages, People } from "../components";
import type { Route } from "./+types/room";

export default function Room() {
  const page = useLive<Route.Live>((page, message) => ({ ...page, messages: upsert(page.messages, message) }));
  const { members } = usePresence<Route.Live>();
  return (
    <section className="room">
      <title>{`${page.room.name} · Offhook chat`}</title>
      <header>
        <h1>{page.room.name}</h1>
        <People of={members} />
      </header>
      <Messages of={page.messages} me={page.me.name} />
      <Composer answer={useActionData<Route.ActionData>()} />
    </section>
  );
}

export { Problem as ErrorBoundary } from "../components";
