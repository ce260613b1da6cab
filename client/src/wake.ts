/** Calls `callback` when the page is looked at again, or the network is back, until the returned function is called. */
export function onWake(callback: () => void): () => void {
  const onVisible = () => {
    if (!document.hidden) callback();
  };
  document.addEventListener("visibilitychange", onVisible);
  addEventListener("online", callback);
  return () => {
    document.removeEventListener("visibilitychange", onVisible);
    removeEventListener("online", callback);
  };
}
