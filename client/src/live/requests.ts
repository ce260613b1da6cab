/** The order in which data requests are asked and answered: it tells which of two answers knows more. */
export class Requests {
  readonly #open = new Set<number>();
  #moment = 0;

  /** A request is on its way from now until `end`; its number is the moment at which it was asked. */
  begin(): number {
    const asked = this.now();
    this.#open.add(asked);
    return asked;
  }

  end(asked: number): void {
    this.#open.delete(asked);
  }

  /** This moment, later than every other one before. */
  now(): number {
    this.#moment += 1;
    return this.#moment;
  }

  /** Whether an answer may still arrive that does not know what happened until then. */
  isOpenSince(moment: number): boolean {
    return [...this.#open].some((asked) => asked < moment);
  }
}
