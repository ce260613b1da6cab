import { Form, upsert, useLive } from "offhook";
import type { Notification, Route } from "./+types/inbox";

export default function Inbox() {
  const { notifications } = useLive<Route.Live>((page, one) => ({
    ...page,
    notifications: upsert(page.notifications, one),
  }));
  return (
    <section>
      <header>
        <h1>Inbox</h1>
        {notifications.some(({ read }) => !read) && <MarkRead>Mark all as read</MarkRead>}
      </header>
      <ul className="inbox">
        {notifications.toReversed().map((one) => (
          <Entry key={one.id} of={one} />
        ))}
      </ul>
      {notifications.length === 0 && <p className="empty">Nothing yet. What comes appears here by itself.</p>}
    </section>
  );
}

const when = (seconds: number) => new Date(seconds * 1000).toISOString();

function Entry({ of: { id, sender, text, sent, read } }: { of: Notification }) {
  return (
    <li className={read ? "read" : undefined}>
      <p>{text}</p>
      <small>
        {sender} · <time dateTime={when(sent)}>{when(sent).slice(11, 16)}</time>
      </small>
      {!read && <MarkRead id={id}>Mark as read</MarkRead>}
    </li>
  );
}

/** One form for each button: it works without JavaScript too. */
function MarkRead({ id, children }: { id?: number; children: string }) {
  return (
    <Form method="post" action="/?index" navigate={false}>
      {id !== undefined && <input type="hidden" name="id" value={id} />}
      <button className="quiet">{children}</button>
    </Form>
  );
}
