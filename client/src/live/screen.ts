import { checked } from "./checked.js";
import { type Apply, advance, type Feed, type Fold, isBehind, startFold } from "./fold.js";
import { contains, isStranded, type Overlay } from "./overlays.js";
import type { View } from "./views.js";

/** What there is to show of a route at a moment. */
export interface Scene<Data> {
  readonly view: View;
  /** The loader's data. */
  readonly base: Data;
  readonly feeds: readonly Feed[];
  readonly overlays: readonly Overlay[];
  readonly reducer: Apply<Data> | undefined;
}

export interface Shown<Data> {
  readonly data: Data;
  /** The loader has to run, for this data to become true. */
  readonly behind: boolean;
  /** Overlays that are not shown any more, because the data contains them. */
  readonly contained: readonly Overlay[];
}

type Folded<Data> = Pick<Fold<Data>, "data" | "positions" | "behind">;

/** What one component shows of a route: it remembers, so that a render does only what is new. */
export class Screen<Data> {
  // By view: React may render the last data once more while it prepares the next.
  readonly #folds = new WeakMap<View, Fold<Data>>();
  readonly #covered = new WeakMap<object, Covered<Data>>();

  show(scene: Scene<Data>): Shown<Data> {
    const folded = this.#folded(scene);
    const { overlays, view } = scene;
    // What was changed after a change that is still to be confirmed stays above it.
    const first = overlays.findIndex((overlay) => !contains(view, folded.positions, overlay));
    const count = first < 0 ? overlays.length : first;
    return {
      data: this.#cover(folded.data, overlays.slice(count)),
      behind: folded.behind || overlays.some((overlay) => isStranded(view, folded.positions, overlay)),
      contained: overlays.slice(0, count),
    };
  }

  #folded({ view, base, feeds, reducer }: Scene<Data>): Folded<Data> {
    const { positions, routeId } = view;
    if (!reducer) return { data: base, positions, behind: isBehind(positions, feeds) };
    const fold = advance(this.#folds.get(view) ?? startFold(base, positions), feeds, checked(reducer, routeId));
    this.#folds.set(view, fold);
    return fold;
  }

  /** The same object for the same data and overlays. */
  #cover(data: Data, visible: readonly Overlay[]): Data {
    if (visible.length === 0) return data;
    const place = typeof data === "object" && data !== null ? data : this;
    const known = this.#covered.get(place);
    if (known && Object.is(known.of, data) && isSame(known.by, visible)) return known.data;
    const covered = {
      of: data,
      by: visible,
      data: visible.reduce<unknown>((shown, { apply }) => apply(shown), data) as Data,
    };
    this.#covered.set(place, covered);
    return covered.data;
  }
}

interface Covered<Data> {
  readonly of: Data;
  readonly by: readonly Overlay[];
  readonly data: Data;
}

function isSame(a: readonly Overlay[], b: readonly Overlay[]): boolean {
  return a.length === b.length && a.every((overlay, i) => overlay.apply === b[i]?.apply);
}
