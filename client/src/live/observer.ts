import { guarded } from "../subscribable.js";
import type { Position, Publication } from "../types.js";
import type { Channel } from "./channel.js";
import { after, reaches } from "./log.js";

export interface ObserverOptions {
  /** What was published after this comes first. Without it the observer sees what comes from now on. */
  readonly since: Position | undefined;
  /** Each publication once, in order; `position` is where the observer stands after it. */
  readonly onPublication: (publication: Publication, position: Position | undefined) => void;
  readonly onLost: () => void;
}

/** Follows the single publications of a channel, until the returned function is called. */
export function observe(channel: Channel, { since, onPublication, onLost }: ObserverOptions): () => void {
  let waiting = since; // until the log is known to go on from there
  const deliver = (publication: Publication) => {
    const { log } = channel.feed;
    if (since && log?.epoch === since.epoch && (publication.offset ?? Infinity) <= since.offset) return;
    const position = log && publication.offset ? { epoch: log.epoch, offset: publication.offset } : undefined;
    guarded(onPublication, publication, position);
  };
  const catchUp = () => {
    const { log, flowing } = channel.feed;
    if (!log || !waiting) return;
    const reached = reaches(log, waiting);
    const missed = reached ? after(log, waiting.offset) : [];
    if (reached || flowing) waiting = undefined;
    if (!reached && flowing) guarded(onLost);
    for (const entry of missed) deliver(entry);
  };
  catchUp();
  return channel.attach({
    since,
    onPublication: deliver,
    onSubscribed: catchUp,
    onLost: () => {
      waiting = undefined;
      guarded(onLost);
    },
  });
}
