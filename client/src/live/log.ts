import type { Position, Publication } from "../types.js";

/** A publication in the log, with its number in the order of arrival across all channels of the tab. */
export interface Entry extends Publication {
  readonly offset: number;
  readonly order: number;
}

/** All publications of a channel after `start`, without a hole. A value: every change makes a new log. */
export interface Log {
  readonly epoch: string;
  readonly start: number;
  readonly entries: readonly Entry[];
}

export function begin({ epoch, offset }: Position): Log {
  return { epoch, start: offset, entries: [] };
}

/** The offset of the newest publication that the log knows of. */
export function top(log: Log): number {
  return log.entries.at(-1)?.offset ?? log.start;
}

/**
 * The log with one more entry. A known entry changes nothing (the same log is returned); one that does not follow
 * directly starts the log anew, because what lies between is unknown.
 */
export function append(log: Log, entry: Entry): Log {
  const next = top(log) + 1;
  if (entry.offset < next) return log;
  if (entry.offset > next) return { epoch: log.epoch, start: entry.offset - 1, entries: [entry] };
  return { ...log, entries: [...log.entries, entry] };
}

/** Whether the log has every publication after `position`. */
export function reaches(log: Log, position: Position): boolean {
  return log.epoch === position.epoch && position.offset >= log.start;
}

/** The entries after `offset`; what lies before the log is not its concern (see `reaches`). */
export function after(log: Log, offset: number): readonly Entry[] {
  const skip = Math.max(0, offset - log.start);
  return skip === 0 ? log.entries : log.entries.slice(skip);
}

/** The log with at most `limit` entries, of which none after `floor` is dropped. */
export function trim(log: Log, limit: number, floor = Number.POSITIVE_INFINITY): Log {
  const surplus = log.entries.length - limit;
  const start = Math.min(log.start + surplus, floor);
  if (start <= log.start) return log;
  return { epoch: log.epoch, start, entries: after(log, start) };
}
