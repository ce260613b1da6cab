import type {
  DataStrategyFunction,
  DataStrategyFunctionArgs,
  DataStrategyMatch,
  DataStrategyResult,
} from "react-router";
import { isOwn, MissingView } from "../routes.js";
import type { Tab } from "../tab.js";
import { type Ahead, type Early, pageOf } from "./ahead.js";
import type { Build } from "./build.js";
import { type AskFor, type OnReturn, runHandlers, runRemote } from "./handlers.js";
import { bare, contained, failureOf, failureOfRun } from "./outcome.js";
import { Repeats } from "./repeats.js";
import type { Answer, Question, Results } from "./request.js";
import type { Server } from "./server.js";

export interface DataStrategyOptions {
  readonly tab: Tab;
  readonly server: Server;
  /** What was answered before the router asks. */
  readonly ahead: Ahead;
  /** The ids of the routes that have a loader in Python. */
  readonly loaders: ReadonlySet<string>;
  readonly build: Build;
  /** The page on the screen. The browser's address is another one already while a user goes back or forward. */
  readonly shown: () => string;
  /** The whole address to which a navigation leads, of whose request a part is missing (the fragment). */
  readonly destination: (url: string) => string;
}

type Matches = readonly DataStrategyMatch[];
type Outcomes = Record<string, DataStrategyResult>;
type Ask = (question: Question) => Promise<Answer>;

/**
 * One request to the server for each navigation, and one for each mutation together with the data after it. A view
 * with a clientLoader asks when it wants to, in a request of its own.
 */
export function createDataStrategy(options: DataStrategyOptions): DataStrategyFunction {
  const { tab, server, ahead, loaders, build, shown, destination } = options;
  /** The page of an action whose answer is shown next, with the data that is loaded for it. */
  let acted: string | undefined;
  const answer: Ask = (question) => server.answer(question);
  const repeats = new Repeats();

  function isHere(request: Request): boolean {
    return pageOf(request.url) === shown();
  }

  function load({ request }: DataStrategyFunctionArgs, needed: Matches, early?: Early, document?: string) {
    const askedFor = (routes: readonly string[]) => answer({ request, routes, after: [], document });
    const served = needed.filter(({ route }) => loaders.has(route.id));
    const known = served.map(idOf).filter((id) => early?.routes.includes(id));
    // Where nothing is known of a view before it is loaded, its clientLoader, if it has one, finds the answer here.
    const waiting = served.filter(({ route }) => !known.includes(route.id) && !isOwn(route)).map(idOf);
    const answers = new Map([
      ...shared(known, async () => (await early?.use()) ?? askedFor(known)),
      ...shared(waiting, () => askedFor(waiting)),
    ]);
    const askFor: AskFor = async (id) => {
      if (!loaders.has(id)) throw new Error(`There is no loader in Python for route "${id}".`);
      return answers.get(id) ?? askedFor([id]);
    };
    return runHandlers(needed, askFor, keepLive);
  }

  /** What a clientLoader has made of the server's answer stays as true as that answer does. */
  const keepLive: OnReturn = ({ route }, returned, answered) => {
    tab.views.derive(route.id, bare(returned), answered?.data);
  };

  /**
   * Runs loaders for what is on the screen already. Where a run fails, the data of before stays, `useLiveStatus` says
   * so, and the run is repeated; a refusal (a status of 4xx) and a redirect are answers, which are shown.
   */
  async function refresh(args: DataStrategyFunctionArgs, needed: Matches, early?: Early): Promise<Outcomes> {
    const results = await load(args, needed, early);
    const kept = Object.entries(results).filter(([id, outcome]) => {
      const failure = failureOfRun(outcome);
      const isKept = failure !== undefined && tab.reloads.loaded(id) !== undefined;
      if (loaders.has(id)) tab.reloads.ended(id, isKept ? failure : undefined);
      return !isKept;
    });
    return Object.fromEntries(kept);
  }

  /** As `refresh`, for a fetcher: what it holds stays where a run fails. */
  async function refetch(args: DataStrategyFunctionArgs, key: string, needed: Matches): Promise<Outcomes> {
    const held = tab.reloads.fetched(key);
    const { request } = args;
    const askFor: AskFor = (id) => answer({ request, routes: [id], after: [] });
    const isServed = needed.every(({ route }) => loaders.has(route.id) && !isOwn(route));
    const loaded = await load(args, needed);
    const results = isServed ? await withoutViews(loaded, askFor) : loaded;
    const isKept = held !== undefined && Object.values(results).some((outcome) => failureOfRun(outcome));
    return isKept ? untouched(args.matches, held) : results;
  }

  async function mutate(args: DataStrategyFunctionArgs, needed: Matches) {
    const { request, matches, fetcherKey } = args;
    const action = fetcherKey !== null && tab.overlays.has(fetcherKey) ? fetcherKey : undefined;
    // The page of a fetcher's action need not be the one on the screen, whose loaders run afterwards.
    const shows = fetcherKey === null || isHere(request);
    const after = shows ? matches.filter(runsAfter).map(idOf) : [];
    const finish = ahead.expect(pageOf(request.url));
    let came: Results | undefined;
    const askFor: AskFor = async (id) => {
      const question = { request, routes: [id], after, action };
      const answered = await (action === undefined
        ? repeats.once(fetcherKey ?? "", question, () => answer(question))
        : attempt(question, action));
      came = answered.after;
      if (!failureOf(answered)) tab.channels.retry();
      // The user has left the page: nothing else shows what the action has changed.
      if (request.signal.aborted) tab.reloads.all();
      return action === undefined ? answered : contained(answered);
    };
    const results = await withoutViews(await runHandlers(needed, askFor), askFor);
    if (action !== undefined) concludeAlone(action, results);
    const isLed = Object.values(results).some(({ result }) => result instanceof Response);
    if (fetcherKey === null) acted = isLed ? undefined : pageOf(request.url);
    finish(came);
    return results;
  }

  /** Whether a loader surely runs after an action: it is asked to in the same request. */
  function runsAfter({ route }: DataStrategyMatch): boolean {
    const decides = route.shouldRevalidate !== undefined && tab.reloads.loaded(route.id) !== undefined;
    return loaders.has(route.id) && !isOwn(route) && !decides;
  }

  /** An optimistic action that gets no answer has failed; whoever submitted it is told. */
  async function attempt(question: Question, action: string): Promise<Answer> {
    try {
      return await answer(question);
    } catch (error) {
      const failure = { status: 0, data: error instanceof Error ? error.message : String(error) };
      tab.overlays.fail(action, failure);
      return { results: Object.fromEntries(question.routes.map((id) => [id, { error: failure }])) };
    }
  }

  /** An optimistic action that a clientAction has done without the server is over when that is. */
  function concludeAlone(action: string, results: Readonly<Outcomes>): void {
    const isDone = Object.values(results).every(({ type }) => type === "data");
    if (!isDone || !tab.overlays.has(action)) return;
    const now = tab.requests.now();
    tab.overlays.confirm(action, { asked: now, at: now, published: [] });
  }

  /**
   * The results. A navigation to a view that is not there any more, after a deploy, goes to its document. Without a
   * network that would not come either, and the page would be lost with all that it can still do.
   */
  async function orDocument({ request, fetcherKey }: DataStrategyFunctionArgs, results: Outcomes) {
    const isLeft = fetcherKey === null && navigator.onLine && Object.values(results).some(isMissing);
    return isLeft ? server.gone(destination(request.url)) : results;
  }

  async function run(args: DataStrategyFunctionArgs): Promise<Outcomes> {
    const { partial, isForced } = tab.reloads;
    if (partial && args.fetcherKey !== null) return untouched(args.matches, tab.reloads.fetched(args.fetcherKey));
    const needed = args.matches.filter((match) => isNeeded(match, partial, isForced));
    const { request, fetcherKey } = args;
    if (request.method !== "GET") return mutate(args, needed);
    if (fetcherKey !== null) return refetch(args, fetcherKey, needed);
    const page = pageOf(request.url);
    const document = isHere(request) || page === acted ? undefined : destination(request.url);
    if (!partial) acted = undefined;
    if (document !== undefined && build.isOutdated) return server.gone(document);
    const early = partial ? undefined : ahead.take(page);
    return isHere(request) ? refresh(args, needed, early) : load(args, needed, early, document);
  }

  return async (args) => orDocument(args, await run(args));
}

function isMissing({ type, result }: DataStrategyResult): boolean {
  return type === "error" && result instanceof MissingView;
}

/** The results; a view that is not there any more does not stop a handler in Python, which needs none. */
async function withoutViews(results: Outcomes, askFor: AskFor): Promise<Outcomes> {
  const all = Object.entries(results).map(async ([id, outcome]) => {
    return [id, isMissing(outcome) ? await runRemote(id, askFor) : outcome] as const;
  });
  return Object.fromEntries(await Promise.all(all));
}

/** One answer for several routes. It need not be wanted by all of them, or by any. */
function shared(ids: readonly string[], ask: () => Promise<Answer>): (readonly [string, Promise<Answer>])[] {
  if (ids.length === 0) return [];
  const answer = ask();
  answer.catch(() => {});
  return ids.map((id) => [id, answer] as const);
}

/**
 * Whether a route's handler has to run. A reload for the sake of live data is for the routes that need it, whatever
 * they think of revalidation; others run only where there is nothing to show without.
 */
function isNeeded(match: DataStrategyMatch, partial: ReadonlySet<string> | null, isForced: boolean): boolean {
  const isCalled = match.shouldCallHandler();
  if (partial) return partial.has(match.route.id) || (isCalled && match.shouldRevalidateArgs === null);
  return isCalled || (isForced && match.route.loader !== undefined);
}

function untouched(matches: readonly DataStrategyMatch[], result: unknown): Outcomes {
  return Object.fromEntries(matches.map((match) => [match.route.id, { type: "data", result }]));
}

function idOf(match: DataStrategyMatch): string {
  return match.route.id;
}
