import { Form, isRouteErrorResponse, type Member, useNavigation, useRouteError } from "offhook";
import { useEffect, useRef } from "react";
import type { Route as Room } from "./routes/+types/room";

type Message = Room.LoaderData["messages"][number];
type Invalid = { errors: Record<string, { code: string; text: string }>; values: Record<string, string | undefined> };

const clock = (seconds: number) => new Date(seconds * 1000).toISOString().slice(11, 16);

export function Messages({ of, me }: { of: Message[]; me: string }) {
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => {
    void end.current?.scrollIntoView({ block: "end" });
  }, [of.length]);
  return (
    <ol className="messages">
      {of.length === 0 && <li className="empty">Nobody has said anything yet.</li>}
      {of.map((message) => (
        <li key={message.id} className={message.author === me ? "mine" : undefined}>
          <p>{message.text}</p>
          <small>
            {message.author} · <time dateTime={new Date(message.sent * 1000).toISOString()}>{clock(message.sent)}</time>
          </small>
        </li>
      ))}
      <li ref={end} aria-hidden="true" className="end" />
    </ol>
  );
}

export function People({ of }: { of: readonly Member[] }) {
  return (
    <ul className="people" aria-label="In this room">
      {of.map((member) => (
        <li key={member.user}>{member.user}</li>
      ))}
    </ul>
  );
}

export function FieldError({ of, field }: { of: unknown; field: string }) {
  const error = isInvalid(of) ? of.errors[field] : undefined;
  return error ? (
    <p className="error" role="alert">
      {error.text}
    </p>
  ) : null;
}

export function Composer({ answer }: { answer: Room.ActionData }) {
  const input = useRef<HTMLInputElement>(null);
  const busy = useNavigation().state === "submitting";
  useEffect(() => {
    // Only what was stored is cleared: the next message may be half typed by now.
    if (answer && !isInvalid(answer) && input.current?.value === answer.text) input.current.value = "";
  }, [answer]);
  return (
    <Form method="post" className="composer">
      <FieldError of={answer} field="text" />
      <input
        ref={input}
        name="text"
        aria-label="Message"
        placeholder="Say something"
        autoComplete="off"
        defaultValue={isInvalid(answer) ? answer.values.text : undefined}
      />
      <button disabled={busy}>Send</button>
    </Form>
  );
}

export function Problem() {
  const error = useRouteError();
  const [status, text] = isRouteErrorResponse(error)
    ? [error.status, (error.data as { detail?: string } | null)?.detail ?? error.statusText]
    : [500, "Something went wrong."];
  return (
    <section className="card">
      <title>{`${status} · Offhook chat`}</title>
      <h1>{status}</h1>
      <p>{text}</p>
      <p>
        <a href="/">Back to the rooms</a>
      </p>
    </section>
  );
}

function isInvalid(answer: unknown): answer is Invalid {
  return typeof answer === "object" && answer !== null && "errors" in answer;
}
