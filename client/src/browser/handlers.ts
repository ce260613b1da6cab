import type { DataStrategyMatch, DataStrategyResult } from "react-router";
import { type Value, valueFor, withStatus } from "./outcome.js";
import type { Answer } from "./request.js";

/** The server's answer about a route, asked for if nobody has done so yet. */
export type AskFor = (routeId: string) => Promise<Answer>;

/** Is told what a handler has returned, and what the server had answered it by then, if it was asked. */
export type OnReturn = (match: DataStrategyMatch, returned: unknown, answered: Value | undefined) => void;

/** Runs the handlers of routes, all at once. Each asks the server once, however often it says so. */
export async function runHandlers(
  matches: readonly DataStrategyMatch[],
  askFor: AskFor,
  onReturn?: OnReturn,
): Promise<Record<string, DataStrategyResult>> {
  const results = matches.map(
    async (match) => [match.route.id, await runHandler(match, askFor, onReturn)] as const,
  );
  return Object.fromEntries(await Promise.all(results));
}

function runHandler(match: DataStrategyMatch, askFor: AskFor, onReturn?: OnReturn): Promise<DataStrategyResult> {
  const { id } = match.route;
  let asking: Promise<Value> | undefined;
  let answered: Value | undefined;
  const ask = async () => {
    asking ??= askFor(id).then((answer) => valueFor(answer, id));
    answered = await asking;
    return answered.data;
  };
  return match.resolve(async (handler) => {
    const returned: unknown = await handler(ask);
    onReturn?.(match, returned, answered);
    return withStatus(returned, answered?.status);
  });
}

/** The result of a route's handler in Python alone. */
export async function runRemote(id: string, askFor: AskFor): Promise<DataStrategyResult> {
  try {
    const { data, status } = valueFor(await askFor(id), id);
    return { type: "data", result: withStatus(data, status) };
  } catch (error) {
    return { type: "error", result: error };
  }
}
