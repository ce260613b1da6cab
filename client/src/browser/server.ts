import type { Tab } from "../tab.js";
import { failureOf, loaderData } from "./outcome.js";
import { type Answer, ask, type Question } from "./request.js";

/** The server as a page sees it: the page takes note of all that it answers. */
export class Server {
  readonly #tab: Tab;
  readonly #build: string;
  readonly #leave: (href: string) => void;

  /**
   * @param build the build that made this page.
   * @param leave loads another document.
   */
  constructor(tab: Tab, build: string, leave: (href: string) => void) {
    this.#tab = tab;
    this.#build = build;
    this.#leave = leave;
  }

  answer(question: Question): Promise<Answer> {
    return this.#asking(async (asked) => this.#receive(question, await ask(question), asked));
  }

  /**
   * Asks for what may be used later. The returned function is the use of it, and nothing happens to the page before
   * that. Undefined when it had better be asked for again: a failure or a redirect.
   */
  async foresee(question: Question): Promise<(() => Promise<Answer>) | undefined> {
    return this.#asking(async (asked) => {
      const answer = await ask(question);
      return !answer.redirect && !failureOf(answer) ? () => this.#receive(question, answer, asked) : undefined;
    }).catch(() => undefined);
  }

  /** Loads the document instead; nothing happens on this page any more. */
  gone(href: string): Promise<never> {
    this.#leave(href);
    return new Promise(() => {});
  }

  /** While an answer is on its way, what is published meanwhile is kept for it. */
  async #asking<Outcome>(run: (asked: number) => Promise<Outcome>): Promise<Outcome> {
    const release = this.#tab.channels.pin();
    const asked = this.#tab.requests.begin();
    try {
      return await run(asked);
    } finally {
      this.#tab.requests.end(asked);
      release();
    }
  }

  async #receive(question: Question, answer: Answer, asked: number): Promise<Answer> {
    if (this.#isOther(answer)) return this.gone(question.isFetcher ? location.href : question.request.url);
    this.#tab.isFor(answer.line?.user);
    this.#tab.views.receive(loaderData(question.request.method, answer), answer.live, asked);
    if (question.action !== undefined) this.#conclude(question.action, answer, asked);
    return answer;
  }

  #isOther({ reload, build = this.#build }: Answer): boolean {
    return reload === true || build !== this.#build;
  }

  #conclude(action: string, answer: Answer, asked: number): void {
    const { overlays, requests } = this.#tab;
    const failure = failureOf(answer);
    if (failure) overlays.fail(action, failure);
    else overlays.confirm(action, { asked, at: requests.now(), published: answer.published ?? [] });
  }
}
