// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { poll } from "./polling.js";

const run = vi.fn();
let hidden = false;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  run.mockReset();
  hidden = false;
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
  stop = poll(run, 1000);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function hide(isHidden: boolean): void {
  hidden = isHidden;
  document.dispatchEvent(new Event("visibilitychange"));
}

test("it runs at every interval, until it is stopped", () => {
  vi.advanceTimersByTime(3500);
  expect(run).toHaveBeenCalledTimes(3);
  stop();
  vi.advanceTimersByTime(10_000);
  hide(false);
  vi.advanceTimersByTime(10_000);
  expect(run).toHaveBeenCalledTimes(3);
});

test("a hidden tab does not run, and runs once as soon as it is seen again", () => {
  hide(true);
  vi.advanceTimersByTime(60_000);
  expect(run).not.toHaveBeenCalled();
  hide(false);
  vi.advanceTimersByTime(0);
  expect(run).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(run).toHaveBeenCalledTimes(2);
});

test("a short look away changes nothing", () => {
  vi.advanceTimersByTime(400);
  hide(true);
  vi.advanceTimersByTime(300);
  hide(false);
  vi.advanceTimersByTime(299);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledTimes(1);
});
