import type { ChannelPosition } from "../types.js";
import { after, type Entry, type Log, reaches, top } from "./log.js";
import { remember } from "./upsert.js";

/** What is known of one channel at a moment: its log, and whether it flows. */
export interface Feed {
  readonly log: Log | null;
  readonly flowing: boolean;
}

/** A route's data with publications folded in, up to `positions`. */
export interface Fold<Data> {
  /** The loader's data, from which the fold started. */
  readonly base: Data;
  readonly data: Data;
  readonly positions: readonly ChannelPosition[];
  /** The data cannot follow its channels any more: the loader has to run. */
  readonly behind: boolean;
}

export type Apply<Data> = (data: Data, publication: unknown) => Data;

export function startFold<Data>(base: Data, positions: readonly ChannelPosition[]): Fold<Data> {
  return { base, data: base, positions, behind: false };
}

/**
 * The fold with everything new in `feeds` (one for each of its positions). Where a log does not reach back to the
 * fold's position nothing at all is applied: a hole is worse than waiting for the loader.
 */
export function advance<Data>(fold: Fold<Data>, feeds: readonly Feed[], apply: Apply<Data>): Fold<Data> {
  const behind = isLost(fold.positions, feeds);
  if (behind !== fold.behind) return advance({ ...fold, behind }, feeds, apply);
  const news = hasGap(fold.positions, feeds) ? [] : newsAfter(fold.positions, feeds);
  if (news.length === 0) return fold;
  const isTagged = fold.positions.length > 1 || fold.positions[0]?.tagged === true;
  const data = news.reduce((folded, each) => apply(folded, publicationOf(each, isTagged)), fold.data);
  return { ...fold, data, positions: fold.positions.map((position, i) => moved(position, feeds[i]?.log)) };
}

/** Whether there is anything that the data at `positions` does not contain, or cannot know. */
export function isBehind(positions: readonly ChannelPosition[], feeds: readonly Feed[]): boolean {
  return isLost(positions, feeds) || (!hasGap(positions, feeds) && newsAfter(positions, feeds).length > 0);
}

// While a channel does not flow it may be the log that is out of date (the loader has spoken to a restarted server
// already): its next start decides.
function isLost(positions: readonly ChannelPosition[], feeds: readonly Feed[]): boolean {
  return positions.some((position, i) => feeds[i]?.flowing && !follows(position, feeds[i]));
}

function hasGap(positions: readonly ChannelPosition[], feeds: readonly Feed[]): boolean {
  return positions.some((position, i) => !follows(position, feeds[i]));
}

function follows(position: ChannelPosition, feed: Feed | undefined): boolean {
  return !feed?.log || reaches(feed.log, position);
}

/** An entry with the channel that it came from. */
interface News {
  readonly entry: Entry;
  readonly position: ChannelPosition;
}

function newsAfter(positions: readonly ChannelPosition[], feeds: readonly Feed[]): readonly News[] {
  const lists = positions.map((position, i) => newsOf(feeds[i]?.log, position));
  return lists.length === 1 ? (lists[0] ?? []) : lists.flat().sort((a, b) => a.entry.order - b.entry.order);
}

function newsOf(log: Log | null | undefined, position: ChannelPosition): readonly News[] {
  return log ? after(log, position.offset).map((entry) => ({ entry, position })) : [];
}

/** What a reducer gets: the publication itself or, where a route has several channels, with its channel's name. */
function publicationOf({ entry: { data }, position }: News, isTagged: boolean): unknown {
  remember(data, position);
  return isTagged ? { channel: position.of ?? position.channel, data } : data;
}

function moved(position: ChannelPosition, log: Log | null | undefined): ChannelPosition {
  return log ? { ...position, offset: Math.max(position.offset, top(log)) } : position;
}
