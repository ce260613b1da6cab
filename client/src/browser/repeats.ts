import { type Answer, bodyOf, type Question } from "./request.js";

/**
 * The submissions that are being answered. A form that is sent again meanwhile, as a double click does, gets the answer
 * that is on its way; afterwards it is a submission of its own.
 */
export class Repeats {
  readonly #running = new Map<string, Promise<Answer>>();

  /** @param place the fetcher that submits, or nothing for a navigation. */
  async once(place: string, question: Question, answer: () => Promise<Answer>): Promise<Answer> {
    const key = [place, question.request.method, question.request.url, await contentOf(question.request)].join(
      "\n",
    );
    const known = this.#running.get(key);
    if (known) return known;
    const running = answer().finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return running;
  }
}

async function contentOf(request: Request): Promise<string> {
  const body = await bodyOf(request.clone());
  if (body instanceof Blob) return `${body.type} ${await body.text()}`;
  const entries = [...body].map(([name, value]) => [name, typeof value === "string" ? value : fileOf(value)]);
  return JSON.stringify(entries);
}

function fileOf({ name, size, lastModified }: File) {
  return { name, size, lastModified };
}
