import { upsert, useConnection, useLiveData, usePresence } from "offhook/line";
import { Form } from "react-router";
import { position, publish } from "../line.server";
import type { Question } from "../question";
import { all, ask, vote } from "../questions.server";
import { requireUser } from "../sessions.server";
import type { Route } from "./+types/questions";

export async function loader({ request }: Route.LoaderArgs) {
  const user = await requireUser(request);
  const at = await position("questions"); // first the position, then the data
  return { user, at, questions: all() };
}

export async function action({ request }: Route.ActionArgs) {
  const user = await requireUser(request);
  const form = await request.formData();
  const text = String(form.get("text") ?? "").trim();
  const question = form.has("vote") ? vote(Number(form.get("vote")), user) : text ? ask(text, user) : null;
  if (question) await publish("questions", question);
  return null;
}

export default function Questions({ loaderData: { user, at, questions } }: Route.ComponentProps) {
  const shown = useLiveData(questions, at, (questions, question: Question) =>
    upsert(questions, question, "id", "version"),
  );
  const { status } = useConnection();
  const { members } = usePresence("questions");
  const best = shown.toSorted((a, b) => b.voters.length - a.voters.length || a.id - b.id);
  return (
    <>
      <p className="line" data-status={status}>
        {members.length > 0 ? `${members.map((member) => member.user).join(", ")} in the room` : "connecting"}
      </p>
      <Form method="post" className="bar" key={shown.length}>
        <input name="text" aria-label="Question" placeholder="What would you like to know?" maxLength={200} />
        <button type="submit">Ask</button>
      </Form>
      <ol className="questions">
        {best.map(({ id, text, by, voters }) => (
          <li key={id}>
            <Form method="post">
              <button type="submit" name="vote" value={id} disabled={voters.includes(user)} aria-label={`Vote for ${text}`}>
                ▲ {voters.length}
              </button>
            </Form>
            <div>
              <p>{text}</p>
              <small>{by}</small>
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}
