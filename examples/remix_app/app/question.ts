export interface Question {
  readonly id: number;
  readonly text: string;
  readonly by: string;
  readonly voters: readonly string[];
  /** Grows with each change, so that an older state never overwrites a newer one. */
  readonly version: number;
}
