import type { Tab } from "../tab.js";
import type { Build } from "./build.js";
import { failureOf, loaderData } from "./outcome.js";
import { type Answer, ask, type Question } from "./request.js";

/** The server as a page sees it: the page takes note of all that it answers. */
export class Server {
  readonly #tab: Tab;
  readonly #build: Build;
  readonly #leave: (href: string) => void;
  readonly #root: string;

  /**
   * @param build takes note of the build of each answer.
   * @param leave loads another document.
   * @param root where the application is mounted.
   */
  constructor(tab: Tab, build: Build, leave: (href: string) => void, root: string) {
    this.#tab = tab;
    this.#build = build;
    this.#leave = leave;
    this.#root = root;
  }

  answer(question: Question): Promise<Answer> {
    return this.#asking(async (asked) => this.#receive(question, await ask(question, this.#root), asked));
  }

  /**
   * Asks for what may be used later. The returned function is the use of it, and nothing happens to the page before
   * that. Undefined when it has to be asked for again: a failure, a redirect, or an answer of another build.
   */
  async foresee(question: Question): Promise<(() => Promise<Answer>) | undefined> {
    return this.#asking(async (asked) => {
      const answer = await ask(question, this.#root);
      this.#build.saw(answer.build);
      const isUsable = !answer.redirect && !answer.reload && !failureOf(answer) && !this.#build.isOutdated;
      return isUsable ? () => this.#receive(question, answer, asked) : undefined;
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
    this.#build.saw(answer.build);
    const isOther = answer.reload === true || this.#build.isOutdated;
    if (isOther && question.document !== undefined) return this.gone(question.document);
    if (answer.reload) throw new Error("The server has another build, which has no such route.");
    this.#tab.isFor(answer.line?.user);
    this.#tab.views.receive(loaderData(question.request.method, answer), answer.live, asked);
    if (question.action !== undefined) this.#conclude(question.action, answer, asked);
    return isOther ? elsewhere(answer) : answer;
  }

  #conclude(action: string, answer: Answer, asked: number): void {
    const { overlays, requests } = this.#tab;
    const failure = failureOf(answer);
    if (failure) overlays.fail(action, failure);
    else overlays.confirm(action, { asked, at: requests.now(), published: answer.published ?? [] });
  }
}

/** An answer of another build: where it leads, a document is loaded. */
function elsewhere({ redirect, ...answer }: Answer): Answer {
  return redirect ? { ...answer, redirect: { ...redirect, external: true } } : answer;
}
