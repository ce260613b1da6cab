/** Calls `run` at every interval while the page can be seen, and at once when it is seen again too late. */
export function poll(run: () => void, interval: number): () => void {
  let due = performance.now() + interval;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const plan = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(tick, Math.max(0, due - performance.now()));
  };
  const tick = () => {
    due = performance.now() + interval;
    plan();
    run();
  };
  document.addEventListener("visibilitychange", plan);
  plan();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", plan);
  };
}
