import type { RemoteError } from "../errors.js";
import { Subscribable } from "../subscribable.js";
import type { ChannelPosition } from "../types.js";
import type { Requests } from "./requests.js";
import type { View } from "./views.js";

/** What an action's answer says about where its changes are to be found. */
export interface Confirmation {
  /** When the action was asked for: data that came with the same answer contains its changes. */
  readonly asked: number;
  /** When it was answered: data asked for afterwards contains its changes. */
  readonly at: number;
  /** What the action has published: data that has reached all of it contains its changes. */
  readonly published: readonly ChannelPosition[];
  /** Without any of this: the data that the page had in the end. */
  readonly settled?: View | undefined;
}

/** An optimistic change, shown over a route's data until that data contains it. */
export interface Overlay {
  /** The id of its action. */
  readonly id: string;
  readonly apply: (data: unknown) => unknown;
  readonly confirmation?: Confirmation;
}

export const NO_OVERLAYS: readonly Overlay[] = [];

/** Whether the view's data, folded up to `positions`, contains what the overlay shows. */
export function contains(view: View, positions: readonly ChannelPosition[], { confirmation }: Overlay): boolean {
  if (!confirmation) return false;
  const { asked, at, published, settled } = confirmation;
  return view === settled || view.asked === asked || view.asked > at || hasReached(positions, published);
}

/** Whether a confirmed overlay waits for publications that the data will not reach: its channel has begun anew. */
export function isStranded(view: View, positions: readonly ChannelPosition[], overlay: Overlay): boolean {
  if (!overlay.confirmation || contains(view, positions, overlay)) return false;
  return overlay.confirmation.published.some(({ channel, epoch }) =>
    positions.some((position) => position.channel === channel && position.epoch !== epoch),
  );
}

function hasReached(positions: readonly ChannelPosition[], published: readonly ChannelPosition[]): boolean {
  const own = concerning(positions, published);
  return own.length > 0 && own.every((target) => positions.some((position) => isAt(position, target)));
}

function isAt(position: ChannelPosition, { channel, epoch, offset }: ChannelPosition): boolean {
  return position.channel === channel && position.epoch === epoch && position.offset >= offset;
}

function concerning(positions: readonly ChannelPosition[], published: readonly ChannelPosition[]) {
  return published.filter(({ channel }) => positions.some((position) => position.channel === channel));
}

/** The overlays of one route at one address, in the order of their actions. */
class Place extends Subscribable {
  overlays = NO_OVERLAYS;
  isShown = false;

  change(overlays: readonly Overlay[]): void {
    this.overlays = overlays;
    this.notify();
  }

  protected override onFirst(): void {
    this.isShown = true;
  }

  protected override onLast(): void {
    this.isShown = false;
    this.overlays = this.overlays.filter((overlay) => !overlay.confirmation);
  }
}

/**
 * All optimistic changes of a tab.
 *
 * A confirmed overlay stays here for a while, because an answer that is older than its action may still arrive:
 * whoever shows data leaves out what that data contains (see `contains`), and tells `release`.
 */
export class Overlays {
  readonly #requests: Requests;
  readonly #places = new Map<string, Place>();
  readonly #failures = new Map<string, RemoteError>();

  constructor(requests: Requests) {
    this.#requests = requests;
  }

  /** The overlays of a place; the same array until they change. */
  of(place: string): readonly Overlay[] {
    return this.#places.get(place)?.overlays ?? NO_OVERLAYS;
  }

  follow(place: string, listener: () => void): () => void {
    const stop = this.#place(place).subscribe(listener);
    return () => {
      stop();
      this.#tidy(place);
    };
  }

  /** Shows a change from now on, before its action is asked for. */
  add(place: string, overlay: Overlay): void {
    const { overlays } = this.#place(place);
    this.#place(place).change([...overlays, overlay]);
  }

  /** Whether this is the id of an action on its way. */
  has(id: string): boolean {
    const overlay = this.#find(id);
    return overlay !== undefined && !overlay.confirmation;
  }

  /** The action was answered: its changes are real. */
  confirm(id: string, confirmation: Confirmation): void {
    this.#replace(id, (overlay, place) => (place.isShown ? [{ ...overlay, confirmation }] : []));
  }

  /** The action has failed: its changes are taken back. */
  fail(id: string, error: RemoteError): void {
    this.#failures.set(id, error);
    this.#replace(id, () => []);
  }

  /** The action is over, and the page has `view`. Answers why it failed, if it did. */
  settle(id: string, view: View | undefined): RemoteError | undefined {
    if (this.has(id)) this.fail(id, { status: 0, data: "The action was not answered." });
    this.#replace(id, (overlay) => [settled(overlay, view)]);
    const failure = this.#failures.get(id);
    this.#failures.delete(id);
    return failure;
  }

  /** Forgets overlays that the data on the screen contains, unless older data may still come. */
  release(place: string, contained: readonly Overlay[]): void {
    const isOver = (overlay: Overlay) =>
      contained.includes(overlay) && !this.#requests.isOpenSince(overlay.confirmation?.at ?? 0);
    const { overlays } = this.#place(place);
    const kept = overlays.filter((overlay) => !isOver(overlay));
    if (kept.length < overlays.length) this.#place(place).change(kept);
  }

  #find(id: string): Overlay | undefined {
    return [...this.#places.values()].flatMap(({ overlays }) => overlays).find((overlay) => overlay.id === id);
  }

  #replace(id: string, replacement: (overlay: Overlay, place: Place) => readonly Overlay[]): void {
    for (const [name, place] of this.#places) {
      if (!place.overlays.some((overlay) => overlay.id === id)) continue;
      place.change(place.overlays.flatMap((each) => (each.id === id ? replacement(each, place) : [each])));
      this.#tidy(name);
    }
  }

  #place(name: string): Place {
    const place = this.#places.get(name) ?? new Place();
    this.#places.set(name, place);
    return place;
  }

  #tidy(name: string): void {
    const place = this.#places.get(name);
    if (place && !place.isShown && place.overlays.length === 0) this.#places.delete(name);
  }
}

/** With nothing published that would tell, the data that the page has when all is done contains the changes. */
function settled(overlay: Overlay, view: View | undefined): Overlay {
  const { confirmation } = overlay;
  if (!confirmation || !view || concerning(view.positions, confirmation.published).length > 0) return overlay;
  return { ...overlay, confirmation: { ...confirmation, settled: view } };
}
