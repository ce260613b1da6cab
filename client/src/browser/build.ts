/**
 * The build that made this page, and whether the server has another one by now.
 *
 * Another build is only remembered (docs/open-pages.md): what the server answers in the background is used, what the
 * user did last is neither undone nor repeated, and the user's next navigation loads a document.
 */
export class Build {
  readonly #own: string;
  #isOutdated = false;

  constructor(own: string) {
    this.#own = own;
  }

  /** Whether the build that the server named last is another one. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  /** Takes note of the build that the server names; an answer without one says nothing. */
  saw(build: unknown): void {
    if (build !== undefined) this.#isOutdated = build !== this.#own;
  }
}
