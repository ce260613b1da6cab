import { useCallback, useEffect, useRef, useState } from "react";
import { type SubmitOptions, useLoaderData, useSubmit } from "react-router";
import type { RemoteError } from "../errors.js";
import { checked } from "../live/checked.js";
import { useTab } from "../tab.js";
import type { LiveRoute } from "../types.js";
import { usePlace } from "./useOverlays.js";
import { useRouteId } from "./useRouteId.js";

export interface LiveSubmitOptions {
  /** Another route's address; without it the action of the route around the component. */
  readonly action?: string;
  readonly method?: "post" | "put" | "patch" | "delete";
}

export interface LiveActionHook<Input> {
  /**
   * Shows the change at once and runs the action. An object goes as JSON, a form as a form. The promise ends with
   * the action, also when it has failed: `error` says so.
   */
  readonly submit: (input: Input | FormData | HTMLFormElement, options?: LiveSubmitOptions) => Promise<void>;
  /** How many of this component's actions are on their way. */
  readonly pending: number;
  /** Why the last action failed; status 0 when there was no answer. Gone with the next submit. */
  readonly error: RemoteError | undefined;
}

/**
 * An action of a live route whose effect is on the screen before the server has answered.
 *
 * `apply` makes the change in the route's data, for every `useLive` of the route. It is taken off exactly when the
 * data itself contains what the action has published, or when the action fails. Like a reducer it must be idempotent:
 * the publication may be there before the answer.
 */
export function useLiveAction<L extends LiveRoute, Input extends object = Readonly<Record<string, string>>>(
  apply: (data: L["data"], input: Input) => L["data"],
): LiveActionHook<Input> {
  const tab = useTab();
  const view = tab?.views.of(useLoaderData<unknown>(), useRouteId());
  const routeId = view?.routeId;
  const place = usePlace(view) ?? "";
  const send = useSubmit();
  const [state, setState] = useState<Pick<LiveActionHook<Input>, "pending" | "error">>(QUIET);
  const newest = useRef(apply);
  useEffect(() => {
    newest.current = apply;
  });
  const submit = useCallback<LiveActionHook<Input>["submit"]>(
    async (input, options = {}) => {
      if (!tab) throw new Error("An action can be submitted in the browser only, in an effect or event handler.");
      const id = actionId();
      const change = checked(newest.current as Change, routeId ?? "", "optimistic change");
      const value = fieldsOf(input);
      tab.overlays.add(place, { id, apply: (data) => change(data, value) });
      setState(({ pending }) => ({ pending: pending + 1, error: undefined }));
      try {
        await send(...submission(input, { ...options, navigate: false, fetcherKey: id }));
      } finally {
        const now = routeId === undefined ? undefined : tab.views.of(tab.reloads.loaded(routeId), routeId);
        const error = tab.overlays.settle(id, now);
        setState((state) => ({ pending: state.pending - 1, error: error ?? state.error }));
      }
    },
    [tab, routeId, place, send],
  );
  return { submit, ...state };
}

type Change = (data: unknown, input: unknown) => unknown;

const QUIET = { pending: 0, error: undefined };

/** Sixteen random bytes: no other tab may have the same id. */
function actionId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

function isForm(input: object): input is HTMLFormElement {
  return input instanceof HTMLFormElement;
}

/** What `apply` gets: a form's fields by name. */
function fieldsOf(input: object): object {
  if (input instanceof FormData) return Object.fromEntries(input);
  return isForm(input) ? Object.fromEntries(new FormData(input)) : input;
}

function submission(input: object, options: SubmitOptions): Parameters<ReturnType<typeof useSubmit>> {
  const method = options.method ?? "post";
  if (isForm(input)) return [input, { ...options, method }];
  const hasFile = input instanceof FormData && [...input.values()].some((value) => typeof value !== "string");
  const encType = input instanceof FormData ? (hasFile ? "multipart/form-data" : undefined) : "application/json";
  return [input as never, { ...options, method, ...(encType ? { encType } : {}) }];
}
