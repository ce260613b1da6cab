import type { Duration } from "./types.js";

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

export function milliseconds(duration: Duration): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(duration) ?? [];
  if (!amount || !unit)
    throw new Error(`"${duration}" is no length of time: write "30s", "500ms", "10m" or "1h".`);
  return Number(amount) * UNITS[unit as keyof typeof UNITS];
}
