import type { DataRouter } from "react-router";

type State = DataRouter["state"];

/**
 * The router as React shall see it. React Router forgets what an action has answered with every revalidation; where
 * loaders run again because somebody else did something, that would erase a form's errors while they are being read.
 * Here the answer stays as long as the location does.
 */
export function keepingAnswers(router: DataRouter): DataRouter {
  let shown = router.state;
  router.subscribe((state) => {
    shown = withAnswer(state, shown);
  });
  return Object.create(router, {
    state: { get: () => shown },
    // The subscription above is older than all that are made here, so that it is called before them.
    subscribe: {
      value: (subscriber: Parameters<DataRouter["subscribe"]>[0]) =>
        router.subscribe((_, change) => subscriber(shown, change)),
    },
  });
}

function withAnswer(state: State, { location, actionData }: State): State {
  return state.actionData || state.location.key !== location.key ? state : { ...state, actionData };
}
